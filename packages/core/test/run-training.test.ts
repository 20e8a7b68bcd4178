import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Events, evaluateRun, loadRunParameters, RunDirectory, runTraining } from '../src/index.js';
import { type FakeExperiment, fakeExperiment, RUN_INFO } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

async function newDirectory(): Promise<RunDirectory> {
  return RunDirectory.create(join(temporaryFolder(), 'run'), { config: 'run: {}\n', info: RUN_INFO });
}

function payloads<Name extends keyof Events>(experiment: FakeExperiment, name: Name): Events[Name][] {
  return experiment.seen.filter((event) => event.name === name).map((event) => event.payload as Events[Name]);
}

/** A trainer whose θ₀ is the number of iterations, and whose return is looked up there. */
function scripted(scores: Readonly<Record<number, number>>) {
  return {
    next: (iteration: number, parameters: Float64Array) => parameters.with(0, iteration),
    score: ([iteration]: Float64Array) => scores[iteration as number] ?? -100,
  };
}

describe('runTraining', () => {
  it('announces, writes and returns a whole run', async () => {
    const directory = await newDirectory();
    const experiment = fakeExperiment({ run: { iterations: 4 } });
    const result = await runTraining(experiment, { directory });

    expect(result).toMatchObject({ reason: 'finished', iteration: 4, directory: directory.path });
    expect(experiment.seen.map(({ name }) => name)).toEqual([
      'run:start',
      'checkpoint:saved', // of iteration 0
      'iteration:end',
      'iteration:end',
      'checkpoint:saved',
      'evaluation:end', // every third
      'iteration:end',
      'checkpoint:saved', // the best so far
      'iteration:end',
      'checkpoint:saved',
      'evaluation:end', // the final one
      'run:end',
    ]);
    expect(payloads(experiment, 'run:start')).toEqual([
      { name: 'fake', directory: directory.path, iteration: 0, iterations: 4, config: experiment.config },
    ]);
    expect(payloads(experiment, 'run:end')).toEqual([{ iteration: 4, reason: 'finished', detail: result.detail }]);

    const lines = await directory.readMetrics();
    expect(lines.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4]);
    expect(lines[3]).toEqual(result.metrics);
    const names = Object.keys(lines[2] ?? {}).filter((name) => name.startsWith('evaluation/'));
    // One adaptation step: returns after 0 and 1.
    expect(names).toEqual([
      'evaluation/return/0',
      'evaluation/return/1',
      'evaluation/ci95/0',
      'evaluation/ci95/1',
      'evaluation/best',
    ]);
    expect(lines[2]).toMatchObject({ 'evaluation/best': true, 'evaluation/ci95/0': 0.25 });
    expect(Object.keys(lines[3] ?? {}).some((name) => name.startsWith('evaluation/'))).toBe(false);
    expect(readdirSync(directory.checkpoints).sort()).toEqual([
      '000003.safetensors',
      '000004.safetensors',
      'best.json',
      'last.json',
    ]);
  });

  it('keeps the checkpoint with the best return after the last step, and evaluates it at the end', async () => {
    const directory = await newDirectory();
    // Evaluated after 2, 4, 6 and 8; after one step the return is half of these: −2.5, −1.5, −2, −1.5. The best is 4, as 8 only equals it.
    const experiment = fakeExperiment({
      run: { iterations: 9 },
      evaluation: { every: 2, final: { tasks: 'two-goals', stepSizes: [0.5], seed: 77 } },
      behaviour: scripted({ 2: -5, 4: -3, 6: -4, 8: -3, 9: -1 }),
    });
    const { evaluation } = await runTraining(experiment, { directory });
    expect((await directory.readMetrics()).map((line) => line['evaluation/best'])).toEqual([
      undefined,
      true,
      undefined,
      true,
      undefined,
      false,
      undefined,
      false,
      undefined,
    ]);
    const best = await loadRunParameters(directory, experiment.trainer.layout);
    expect(best).toMatchObject({ name: 'best', record: { iteration: 4, score: -1.5, metricsLines: 4 } });
    expect(best.parameters[0]).toBe(4);
    expect((await loadRunParameters(directory, experiment.trainer.layout, 'last')).parameters[0]).toBe(9);
    expect(evaluation).toEqual({
      tasks: [{ goal: -1 }, { goal: 2 }],
      taskSet: 'two-goals',
      seed: 77,
      rollouts: 20,
      stepSizes: [0.5],
      checkpoint: 'best',
      iteration: 4,
      references: [{ label: 'Somebody 2017', meanReturn: [-3, -1], source: 'a table' }],
      views: [{ axes: [0, 0], target: [-1, 0] }],
      result: {
        steps: [
          { step: 0, meanReturn: -3, ci95: 0.25, returns: [-3, -3] },
          { step: 1, meanReturn: -1.5, ci95: 0.25, returns: [-1.5, -1.5] },
          { step: 2, meanReturn: -0.75, ci95: 0.25, returns: [-0.75, -0.75] },
        ],
        examples: [{ task: { goal: -1 }, episodes: [{ observations: [[0], [1]], rewards: [-1] }] }],
      },
    });
    expect(await directory.readEvaluation()).toEqual(evaluation);
    expect(payloads(experiment, 'evaluation:end').at(-1)).toEqual({
      iteration: 4,
      final: true,
      best: true,
      result: evaluation?.result,
    });
  });

  it('evaluates the last parameters where the best are not kept', async () => {
    const directory = await newDirectory();
    const evaluation = { every: 2, keepBest: false };
    const experiment = fakeExperiment({ run: { iterations: 5 }, evaluation, behaviour: scripted({ 2: -1, 5: -8 }) });
    const result = await runTraining(experiment, { directory });
    expect(result.evaluation).toMatchObject({
      checkpoint: 'last',
      iteration: 5,
      result: { steps: [{ meanReturn: -8 }, {}, {}] },
    });
    expect(existsSync(join(directory.checkpoints, 'best.json'))).toBe(false);
    expect(result.evaluation?.tasks).toHaveLength(5);
  });

  it('trains without a directory', async () => {
    const here = readdirSync('.');
    const behaviour = scripted({ 3: -1, 6: -4 });
    const inMemory = await runTraining(fakeExperiment({ run: { iterations: 6 }, behaviour }));
    expect(inMemory).toMatchObject({
      reason: 'finished',
      iteration: 6,
      evaluation: { checkpoint: 'best', iteration: 3 },
    });
    expect(inMemory.directory).toBeUndefined();
    expect(readdirSync('.')).toEqual(here);
  });

  it('finishes the iteration when it is interrupted, saves and says so', async () => {
    const directory = await newDirectory();
    const controller = new AbortController();
    const behaviour = { before: (iteration: number) => (iteration === 3 ? controller.abort() : undefined) };
    const experiment = fakeExperiment({ behaviour });
    const result = await runTraining(experiment, { directory, signal: controller.signal });
    expect(result).toMatchObject({
      reason: 'interrupted',
      detail: 'Interrupted after iteration 3 of 10.',
      iteration: 3,
    });
    expect(result.evaluation).toBeUndefined();
    expect(existsSync(join(directory.path, 'evaluation.json'))).toBe(false);
    const last = await loadRunParameters(directory, experiment.trainer.layout, 'last');
    expect(last.record).toMatchObject({ iteration: 3, iterations: 10, metricsLines: 3 });
    expect(last.parameters).toEqual(experiment.trainer.parameters);
  });

  it("ends with a checkpoint at a check's stop", async () => {
    const directory = await newDirectory();
    const stop = (iteration: number) => (iteration === 5 ? 'kl-limit: 0.4 > 0.1' : undefined);
    const experiment = fakeExperiment({ behaviour: { stop } });
    const result = await runTraining(experiment, { directory });
    expect(result).toMatchObject({ reason: 'stopped', detail: 'kl-limit: 0.4 > 0.1', iteration: 5 });
    expect(payloads(experiment, 'run:end')).toEqual([
      { iteration: 5, reason: 'stopped', detail: 'kl-limit: 0.4 > 0.1' },
    ]);
    expect((await loadRunParameters(directory, experiment.trainer.layout, 'last')).record.iteration).toBe(5);
    expect(await directory.readMetrics()).toHaveLength(5);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'saves nothing over the good checkpoint when a parameter is %d',
    async (bad) => {
      const directory = await newDirectory();
      const next = (iteration: number, theta: Float64Array) => (iteration === 4 ? theta.with(5, bad) : theta);
      const experiment = fakeExperiment({ behaviour: { next } });
      const error = await rejection(runTraining(experiment, { directory }));
      expect(error).toMatchObject({ code: 'NUMBERS_NOT_FINITE' });
      expect(error.message).toContain(
        `After iteration 4, 1 of 6 parameters are not finite; the first is number 1 of 'output/bias', which is ${bad}. ` +
          'The checkpoint of iteration 2 is kept.',
      );
      const last = await loadRunParameters(directory, experiment.trainer.layout, 'last');
      expect(last.record.iteration).toBe(2);
      expect(await directory.readMetrics()).toHaveLength(3);
    },
  );

  it('writes null for figures that are not finite, and never calls such an evaluation the best', async () => {
    const directory = await newDirectory();
    const score = () => Number.NaN;
    const error = await rejection(
      runTraining(fakeExperiment({ run: { iterations: 3 }, behaviour: { score } }), { directory }),
    );
    expect((await directory.readMetrics())[2]).toMatchObject({ 'evaluation/return/1': null, 'evaluation/best': false });
    expect(error).toMatchObject({ code: 'NUMBERS_NOT_FINITE' });
    expect(error.message).toContain('The return of task 0 after 0 adaptation steps is NaN');
    expect(existsSync(join(directory.path, 'evaluation.json'))).toBe(false);
  });

  it('announces what the trainer throws, closes the loggers and throws it on', async () => {
    const directory = await newDirectory();
    const calls: string[] = [];
    const logger = { attach: () => calls.push('attach'), close: async () => void calls.push('close') };
    const boom = new Error('the environment broke');
    const before = (iteration: number) => {
      if (iteration === 3) throw boom;
    };
    const experiment = fakeExperiment({ behaviour: { before }, loggers: [logger] });
    expect(await rejection(runTraining(experiment, { directory }))).toBe(boom);
    expect(calls).toEqual(['attach', 'close']);
    expect(experiment.seen.slice(-2)).toEqual([
      { name: 'error', payload: { source: 'training', message: 'the environment broke', fatal: true } },
      { name: 'run:end', payload: { iteration: 2, reason: 'failed', detail: 'the environment broke' } },
    ]);
    expect((await loadRunParameters(directory, experiment.trainer.layout, 'last')).record.iteration).toBe(2);
  });

  it('attaches loggers before run:start, awaits their close, and survives those that fail', async () => {
    const heard: string[] = [];
    let closed = false;
    const slow = {
      attach: (events: FakeExperiment['events']) => void events.onAny((name) => heard.push(name)),
      close: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        closed = true;
      },
    };
    const fail = (what: string) => () => {
      throw new Error(`no ${what}`);
    };
    const broken = { attach: fail('attach'), close: fail('close') };
    const experiment = fakeExperiment({ run: { iterations: 1 }, loggers: [broken, slow] });
    expect((await runTraining(experiment)).reason).toBe('finished');
    expect(closed).toBe(true);
    expect(heard[0]).toBe('run:start');
    expect(payloads(experiment, 'error')).toEqual([
      { source: "logger 'spy'", message: 'no attach', fatal: false },
      { source: "logger 'spy'", message: 'no close', fatal: false },
    ]);
  });

  it.skipIf(process.platform !== 'linux')('stops on a full disk and keeps the checkpoint', async () => {
    const directory = await newDirectory();
    symlinkSync('/dev/full', join(directory.path, 'metrics.jsonl'));
    const experiment = fakeExperiment();
    const error = await rejection(runTraining(experiment, { directory }));
    expect(error).toMatchObject({ code: 'FILE_NOT_WRITTEN' });
    expect(error.message).toContain('metrics.jsonl could not be written: the disk is full.');
    expect((await loadRunParameters(directory, experiment.trainer.layout)).record.iteration).toBe(0);
  });

  it('does not train over a run that is there', async () => {
    const directory = await newDirectory();
    await runTraining(fakeExperiment({ run: { iterations: 2 } }), { directory });
    const before = readFileSync(join(directory.path, 'metrics.jsonl'), 'utf8');
    expect(await rejection(runTraining(fakeExperiment(), { directory }))).toMatchObject({ code: 'RUN_EXISTS' });
    expect(readFileSync(join(directory.path, 'metrics.jsonl'), 'utf8')).toBe(before);
  });

  it('finds an unknown task set before the first iteration', async () => {
    const experiment = fakeExperiment({ evaluation: { final: { tasks: 'two-gaols' } } });
    const error = await rejection(runTraining(experiment));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toBe(
      "evaluation.final.tasks: expected a number or one of 'two-goals', found 'two-gaols'; did you mean 'two-goals'?",
    );
    expect(experiment.seen).toEqual([]);
  });
});

describe('evaluateRun', () => {
  const plan = { tasks: 3, steps: 1, rollouts: 2, seed: 5 };
  const parameters = { parameters: new Float64Array(6), checkpoint: 'last', iteration: 7 } as const;

  it('draws the same tasks for the same seed, others for another', async () => {
    const { trainer, tasks } = fakeExperiment();
    const evaluate = (seed: number) => evaluateRun({ trainer, tasks }, { ...plan, seed }, parameters);
    const first = await evaluate(5);
    expect(first).toMatchObject({ taskSet: null, seed: 5, rollouts: 2, stepSizes: null, views: [], iteration: 7 });
    expect(first.tasks).toHaveLength(3);
    expect((await evaluate(5)).tasks).toEqual(first.tasks);
    expect((await evaluate(6)).tasks).not.toEqual(first.tasks);
    // θ₀ = 0, so each return before adaptation is −|goal|, and half of it after one step.
    const goals = first.tasks.map((task) => Math.abs((task as { goal: number }).goal));
    expect(first.result.steps[1]?.returns).toEqual(goals.map((goal) => -goal / 2));
  });

  it('reports progress, and lists the task sets when a name is unknown', async () => {
    const { trainer, tasks } = fakeExperiment();
    const progress: string[] = [];
    const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
    await evaluateRun({ trainer, tasks }, { ...plan, tasks: 'two-goals' }, parameters, { onProgress });
    expect(progress).toEqual(['1/2', '2/2']);
    const error = await rejection(evaluateRun({ trainer, tasks }, { ...plan, tasks: 'toString' }, parameters));
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(error.message).toContain("--tasks: expected a number or one of 'two-goals', found 'toString'");
  });
});
