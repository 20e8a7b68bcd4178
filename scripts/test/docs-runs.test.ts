import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExperiment, describeRun, type Experiment, RunDirectory, runTraining } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';
import { read, section } from '../lib/docs.js';
import { firstColumn } from './support/pages.js';

/** A run of two iterations, the second one with an evaluation, into a directory of its own. */
async function tinyRun(check: (experiment: Experiment, directory: RunDirectory) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-docs-'));
  const small = { tasks: 2, steps: 1, rollouts: 2 };
  const experiment = await createExperiment(
    {
      run: { name: 'tiny', seed: 1, iterations: 2, backend: 'cpu' },
      trainer: { use: 'maml', tasksPerIteration: 2, rolloutsPerTask: 2 },
      objective: 'maml',
      tasks: { use: 'point-navigation', horizon: 5 },
      policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
      inner: 'vpg',
      meta: 'trpo',
      evaluation: { ...small, every: 2, final: { ...small, examples: 1 } },
      loggers: ['jsonl'],
    },
    { plugins: defaultPlugins },
  );
  try {
    const directory = await RunDirectory.create(join(folder, 'run'), describeRun(experiment));
    await runTraining(experiment, { directory });
    await check(experiment, directory);
  } finally {
    await experiment.close();
    rmSync(folder, { recursive: true });
  }
}

describe('a real run', () => {
  it('writes the metrics of docs/metrics.md, the files and fields of docs/run-directory.md, and the events in their order', async () => {
    await tinyRun(async (_, directory) => {
      const metrics = await directory.readMetrics();
      const names = metrics.flatMap(Object.keys).map((name) => name.replace(/\/\d+$/, '/<j>'));
      const documented = firstColumn(read('docs/metrics.md'), 'Name');
      expect(documented.filter((name, index) => documented.indexOf(name) !== index)).toEqual([]);
      expect([...documented].sort()).toEqual([...new Set(names)].sort());

      const page = read('docs/run-directory.md');
      const files = firstColumn(page, 'File').filter((name) => name !== 'report.html'); // the command writes that
      expect(files.filter((name) => !existsSync(join(directory.path, name)))).toEqual([]);
      const fieldsOf = (name: string) => Object.keys(JSON.parse(readFileSync(join(directory.path, name), 'utf8')));
      expect(firstColumn(section(page, 'run.json'), 'Field')).toEqual(fieldsOf('run.json'));
      expect(firstColumn(section(page, 'evaluation.json'), 'Field')).toEqual(fieldsOf('evaluation.json'));
      const pointer = firstColumn(section(page, 'checkpoints/'), 'Field');
      expect(pointer.sort()).toEqual(fieldsOf('checkpoints/best.json').sort());

      const lines = readFileSync(join(directory.path, 'events.jsonl'), 'utf8').trim().split('\n');
      const happened = lines.map((line) => JSON.parse(line).event as string);
      expect(happened).toEqual([
        'run:start',
        'checkpoint:saved', // of iteration 0
        ...iteration([]),
        ...iteration(['evaluation:end']),
        'evaluation:end',
        'run:end',
      ]);
    });
  }, 60_000);

  /** As docs/events.md orders the events of an iteration without checks. */
  function iteration(evaluation: string[]): string[] {
    const order =
      /for each iteration:\n([\s\S]*?)\n {6}evaluation:end {2,}the final/.exec(read('docs/events.md'))?.[1] ?? '';
    const names = order.split('\n').map((line) => line.trim().split(' ')[0] ?? '');
    return names.flatMap((name) => {
      if (name === 'check:verdict') return [];
      if (name === 'evaluation:end') return evaluation;
      return name === 'rollout:end' ? [name, name] : [name]; // D⁰ and D′
    });
  }
});

describe('a real run of policy-gradient', () => {
  it('writes the metrics of its section in docs/metrics.md', async () => {
    const experiment = await createExperiment(
      {
        run: { seed: 1, iterations: 2, backend: 'cpu' },
        trainer: { use: 'policy-gradient', stepsPerIteration: 20 },
        tasks: { use: 'point-navigation', horizon: 5 },
        policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
        optimizer: 'trpo',
        baseline: { use: 'mlp-value', hiddenSizes: [4], iterations: 2 },
      },
      { plugins: defaultPlugins },
    );
    const { metrics } = await experiment.trainer.iterate(1);
    await experiment.close();
    expect(firstColumn(read('docs/metrics.md'), 'Metric').sort()).toEqual(Object.keys(metrics).sort());
  }, 60_000);
});
