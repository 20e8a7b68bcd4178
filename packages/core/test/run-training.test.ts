import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunParameters, RunDirectory, runTraining } from '../src/index.js';
import { type FakeExperiment, fakeExperiment, payloads, RUN_INFO, scripted } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

async function newDirectory(): Promise<RunDirectory> {
  return RunDirectory.create(join(temporaryFolder(), 'run'), { config: 'run: {}\n', info: RUN_INFO });
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

  it('evaluates the initial parameters if no iterations are asked for', async () => {
    const directory = await newDirectory();
    const experiment = fakeExperiment({ run: { iterations: 0 } });
    const { parameters } = experiment.trainer;
    const result = await runTraining(experiment, { directory });
    expect(result).toMatchObject({ reason: 'finished', iteration: 0, metrics: null });
    expect(result.evaluation).toMatchObject({ checkpoint: 'last', iteration: 0 });
    expect(experiment.seen.map(({ name }) => name)).toEqual([
      'run:start',
      'checkpoint:saved',
      'evaluation:end',
      'run:end',
    ]);
    expect(await directory.readMetrics()).toEqual([]);
    expect(existsSync(join(directory.path, 'metrics.jsonl'))).toBe(true); // readers need not know of this case
    const loaded = await loadRunParameters(directory, experiment.trainer.layout);
    expect(loaded.parameters).toEqual(parameters);
    const again = fakeExperiment({ run: { iterations: 0 } });
    expect(await runTraining(again, { directory, resume: true })).toMatchObject({ reason: 'already-finished' });
    // It can be trained for longer, to the same numbers as if it had been meant to.
    const longer = await runTraining(again, { directory, resume: true, iterations: 3 });
    const other = await newDirectory();
    const meant = await runTraining(fakeExperiment({ run: { iterations: 3 } }), { directory: other });
    expect(longer.evaluation?.result).toEqual(meant.evaluation?.result);
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

  it('can be interrupted during its final evaluation, which resume repeats', async () => {
    const directory = await newDirectory();
    const controller = new AbortController();
    const experiment = fakeExperiment();
    const onEvaluationProgress = (done: number) => (done === 2 ? controller.abort() : undefined);
    const options = { directory, signal: controller.signal, onEvaluationProgress };
    const detail = 'The final evaluation was interrupted. All iterations are saved.';
    expect(await runTraining(experiment, options)).toMatchObject({ reason: 'interrupted', detail, iteration: 10 });
    expect(payloads(experiment, 'error')).toEqual([]);
    expect(payloads(experiment, 'run:end')).toEqual([{ iteration: 10, reason: 'interrupted', detail }]);
    expect(await directory.readEvaluation()).toBeNull();
    const resumed = await runTraining(fakeExperiment(), { directory, resume: true });
    expect(resumed).toMatchObject({ reason: 'finished', iteration: 10 });
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
          'The checkpoint of iteration 3 is kept.',
      );
      const last = await loadRunParameters(directory, experiment.trainer.layout, 'last');
      expect(last.record.iteration).toBe(3); // The best so far.
      expect(await directory.readMetrics()).toHaveLength(3);
    },
  );

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
