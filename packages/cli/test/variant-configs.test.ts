import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EvaluationRecord, parseConfig, type ResolvedConfig } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { metricsOf, temporaryFolder } from './support/runs.js';

const folder = temporaryFolder();
const pathOf = (name: string) =>
  fileURLToPath(new URL(`../../../configs/point-navigation/${name}.yaml`, import.meta.url));
const parse = (name: string) =>
  parseConfig(readFileSync(pathOf(name), 'utf8'), pathOf(name)).config as unknown as ResolvedConfig;

/** Makes a run a matter of a second or two; the evaluation stays that of the paper's 40 goals. */
const TINY = [
  ...['run.iterations=3', 'run.backend=wasm', 'run.workers=0', 'trainer.tasksPerIteration=3'],
  ...['trainer.rolloutsPerTask=3', 'tasks.horizon=10', 'policy.hiddenSizes=[8]', 'loggers=[]'],
  ...['evaluation.every=3', 'evaluation.tasks=2', 'evaluation.rollouts=2', 'evaluation.final.rollouts=2'],
].flatMap((value) => ['--set', value]);

const VARIANTS = ['anil', 'e-maml', 'meta-sgd', 'promp', 'reptile'];

describe.each(VARIANTS)('configs/point-navigation/%s.yaml', (name) => {
  it('trains, is evaluated and reported', async () => {
    const out = join(folder, name);
    const { code, stderr } = await run('train', pathOf(name), '--out', out, ...TINY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const metrics = metricsOf(out);
    expect(metrics).toHaveLength(3);
    for (const line of metrics) {
      expect(line.accepted, String(line.reason)).toBe(true);
      expect(line['surrogate/after']).toBeLessThan(line['surrogate/before'] as number);
    }
    const evaluation = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8')) as EvaluationRecord;
    expect(evaluation).toMatchObject({ taskSet: 'paper', tasks: { length: 40 } });
    expect(evaluation.result.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(name);
  });

  it('is maml-trpo.yaml with other parts: tasks, policy, advantages and the final evaluation are the same', () => {
    const { tasks, wrappers, policy, advantages, baseline, evaluation } = parse('maml-trpo');
    expect(parse(name)).toMatchObject({ run: { name }, tasks, wrappers, policy, advantages, baseline });
    expect(parse(name).evaluation.final).toEqual(evaluation.final);
  });

  it('has a comment for every key', () => {
    const lines = readFileSync(pathOf(name), 'utf8').trimEnd().split('\n');
    const bare = lines.filter((line) => /: \S|^ +- /.test(line.replace(/#.*/, '')) && !/ # \S/.test(line));
    expect(bare).toEqual([]);
  });
});
