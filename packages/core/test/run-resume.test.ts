import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type CheckpointName, hasCheckpoint, loadRunParameters, RunDirectory, runTraining } from '../src/index.js';
import { saboteur } from './support/failing-fs.js';
import { comparableMetrics, fakeExperiment, payloads, RUN_INFO, scripted } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

vi.mock('node:fs/promises', async (original) =>
  (await import('./support/failing-fs.js')).sabotage(await original<typeof import('node:fs/promises')>()),
);

beforeEach(() => saboteur.reset());

async function newDirectory(): Promise<RunDirectory> {
  return RunDirectory.create(join(temporaryFolder(), 'run'), { config: 'run: {}\n', info: RUN_INFO });
}

/** Everything of a run that must be the same: metrics, both checkpoints and the evaluation. */
async function traces(directory: RunDirectory) {
  const { layout } = fakeExperiment().trainer;
  return {
    metrics: await comparableMetrics(directory),
    last: await loadRunParameters(directory, layout, 'last'),
    best: await loadRunParameters(directory, layout, 'best'),
    evaluation: await directory.readEvaluation(),
  };
}

/** The iteration that a pointer leads to; -1 if there is none. */
async function iterationOf(directory: RunDirectory, name: CheckpointName): Promise<number> {
  if (!(await hasCheckpoint(directory.checkpoints, name))) return -1;
  return (await loadRunParameters(directory, fakeExperiment().trainer.layout, name)).record.iteration;
}

/** Every file of a run, with when it was last written. */
function filesOf(directory: RunDirectory): [string, number][] {
  const names = readdirSync(directory.path, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.map((name) => ({ name, stats: statSync(join(directory.path, name)) }));
  return files.filter(({ stats }) => stats.isFile()).map(({ name, stats }) => [name, stats.mtimeMs]);
}

/** A run that nothing interrupts. */
async function straight(run: object = {}, evaluation: Record<string, unknown> = {}) {
  const directory = await newDirectory();
  await runTraining(fakeExperiment({ run, evaluation }), { directory });
  return traces(directory);
}

/** Runs until an iteration has begun, and is interrupted there. */
async function interruptedAt(iteration: number, run: object = {}): Promise<RunDirectory> {
  const directory = await newDirectory();
  const controller = new AbortController();
  const before = (at: number) => (at === iteration ? controller.abort() : undefined);
  await runTraining(fakeExperiment({ run, behaviour: { before } }), { directory, signal: controller.signal });
  return directory;
}

describe('resume', () => {
  it.each([1, 4, 9, 10])('after an interruption in iteration %i gives the run that was never stopped', async (at) => {
    const directory = await interruptedAt(at);
    const experiment = fakeExperiment();
    const result = await runTraining(experiment, { directory, resume: true });
    expect(result).toMatchObject({ reason: 'finished', iteration: 10 });
    expect(experiment.seen[0]).toMatchObject({ name: 'run:start', payload: { iteration: at, iterations: 10 } });
    expect(await traces(directory)).toEqual(await straight());
  });

  it.each([
    { checkpointEvery: 2, every: 3 },
    // Several evaluations to a checkpoint, so that the best comes between two.
    { checkpointEvery: 4, every: 1 },
  ])('gives the same run wherever the process is killed: %o', async ({ checkpointEvery, every }) => {
    const run = { iterations: 6, checkpointEvery };
    const evaluation = { every };
    const expected = await straight(run, evaluation);
    const path = () => join(temporaryFolder(), 'run');
    const begin = async () => {
      const directory = await RunDirectory.create(path(), { config: 'run: {}\n', info: RUN_INFO });
      saboteur.reset();
      return directory;
    };
    await runTraining(fakeExperiment({ run, evaluation }), { directory: await begin() });
    const changes = saboteur.count;
    // 6 metrics lines of two changes each, and 3 for each file that is replaced, are more than 40.
    expect(changes).toBeGreaterThan(40);
    for (let at = 1; at <= changes; at++) {
      const directory = await begin();
      saboteur.reset(at);
      // The very last changes remove old parameters, and failing there is no failure of the run.
      await runTraining(fakeExperiment({ run, evaluation }), { directory }).catch(() => undefined);
      saboteur.reset();
      const [last, best] = await Promise.all((['last', 'best'] as const).map((name) => iterationOf(directory, name)));
      expect(best, `killed at change ${at}`).toBeLessThanOrEqual(last as number);
      const experiment = fakeExperiment({ run, evaluation });
      const resumed = await runTraining(experiment, { directory, resume: true });
      expect(payloads(experiment, 'error'), `killed at change ${at}`).toEqual([]);
      expect(['finished', 'already-finished'], `killed at change ${at}`).toContain(resumed.reason);
      expect(await traces(directory), `killed at change ${at}`).toEqual(expected);
    }
  });

  it('gives the same run after a real kill -9', async () => {
    const path = join(temporaryFolder(), 'run');
    const script = fileURLToPath(new URL('./support/train-to-be-killed.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    for await (const line of createInterface({ input: child.stdout })) if (line === '7') child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');

    const directory = await RunDirectory.open(path);
    const killed = await directory.readMetrics();
    expect(killed.length).toBeGreaterThanOrEqual(7);
    const iterations = killed.length + 5;
    const run = { iterations: 1000, checkpointEvery: 4 };
    await runTraining(fakeExperiment({ run }), { directory, resume: true, iterations });
    expect(await traces(directory)).toEqual(await straight({ ...run, iterations }));
  });

  it('cuts the lines after the checkpoint, half-written ones too', async () => {
    const directory = await newDirectory();
    const before = (iteration: number) => {
      if (iteration === 6) throw new Error('power cut');
    };
    await rejection(runTraining(fakeExperiment({ behaviour: { before } }), { directory }));
    const metrics = join(directory.path, 'metrics.jsonl');
    writeFileSync(metrics, '{"iteration":6,"return/af', { flag: 'a' });
    expect(readFileSync(metrics, 'utf8').split('\n')).toHaveLength(6);
    await runTraining(fakeExperiment(), { directory, resume: true });
    expect(await traces(directory)).toEqual(await straight());
  });

  it('says that a finished run is finished, and touches nothing', async () => {
    const directory = await newDirectory();
    const first = await runTraining(fakeExperiment(), { directory });
    const experiment = fakeExperiment();
    const before = filesOf(directory);
    const again = await runTraining(experiment, { directory, resume: true });
    expect(again).toMatchObject({ reason: 'already-finished', iteration: 10, metrics: first.metrics });
    expect(again.detail).toContain('The run is already finished: it has all of its 10 iterations.');
    expect(again.evaluation).toEqual(first.evaluation);
    expect(experiment.seen).toEqual([]);
    expect(filesOf(directory)).toEqual(before);
  });

  it('makes up for a final evaluation that is missing', async () => {
    const directory = await newDirectory();
    const { evaluation } = await runTraining(fakeExperiment(), { directory });
    rmSync(join(directory.path, 'evaluation.json'));
    const again = await runTraining(fakeExperiment(), { directory, resume: true });
    expect(again).toMatchObject({ reason: 'finished', iteration: 10 });
    expect(await directory.readEvaluation()).toEqual(evaluation);
  });

  it('does not take the evaluation of a shorter run for its own', async () => {
    const evaluation = { keepBest: false };
    const directory = await newDirectory();
    await runTraining(fakeExperiment({ run: { iterations: 4 }, evaluation }), { directory });
    const path = join(directory.path, 'evaluation.json');
    const shorter = readFileSync(path, 'utf8');
    const longer = await runTraining(fakeExperiment({ evaluation }), { directory, resume: true });
    // As if the process had been killed between the last checkpoint and the evaluation.
    writeFileSync(path, shorter);
    const again = await runTraining(fakeExperiment({ evaluation }), { directory, resume: true });
    expect(again).toMatchObject({ reason: 'finished', evaluation: { checkpoint: 'last', iteration: 10 } });
    expect(await directory.readEvaluation()).toEqual(longer.evaluation);
  });

  it('extends a finished run, and remembers how far when that is interrupted', async () => {
    const directory = await interruptedAt(4, { iterations: 4 });
    await runTraining(fakeExperiment({ run: { iterations: 4 } }), { directory, resume: true });
    const controller = new AbortController();
    const before = (iteration: number) => (iteration === 7 ? controller.abort() : undefined);
    const extended = await runTraining(fakeExperiment({ run: { iterations: 4 }, behaviour: { before } }), {
      directory,
      resume: true,
      iterations: 10,
      signal: controller.signal,
    });
    expect(extended).toMatchObject({ reason: 'interrupted', iteration: 7 });
    // Without a number, resume goes on to the 10 that were asked for.
    const result = await runTraining(fakeExperiment({ run: { iterations: 4 } }), { directory, resume: true });
    expect(result).toMatchObject({ reason: 'finished', iteration: 10 });
    expect(await traces(directory)).toEqual(await straight());
  });

  it('goes on from the best checkpoint when the last one is damaged', async () => {
    const directory = await interruptedAt(4);
    const { file } = (await loadRunParameters(directory, fakeExperiment().trainer.layout, 'last')).record;
    truncateSync(join(directory.checkpoints, file), 200);
    const error = await rejection(runTraining(fakeExperiment(), { directory, resume: true }));
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
    expect(error.message).toContain('The best checkpoint (iteration 3) is intact: use it with --checkpoint best.');
    const result = await runTraining(fakeExperiment(), { directory, resume: true, checkpoint: 'best' });
    expect(result).toMatchObject({ reason: 'finished', iteration: 10 });
    expect(await traces(directory)).toEqual(await straight());
  });

  it('remembers the new end, and the way back to the best, even if it is killed before the next checkpoint', async () => {
    const directory = await interruptedAt(4);
    const before = () => {
      throw new Error('killed');
    };
    const kill = (more: object) =>
      rejection(runTraining(fakeExperiment({ behaviour: { before } }), { directory, resume: true, ...more }));
    await kill({ iterations: 12 });
    const { layout } = fakeExperiment().trainer;
    expect((await loadRunParameters(directory, layout, 'last')).record).toMatchObject({ iteration: 4, iterations: 12 });
    // The metrics are cut to the 3 lines of the best checkpoint, so that `last` must lead there too.
    await kill({ checkpoint: 'best', iterations: 10 });
    expect((await loadRunParameters(directory, layout, 'last')).record).toMatchObject({
      iteration: 3,
      metricsLines: 3,
    });
    await runTraining(fakeExperiment(), { directory, resume: true });
    expect(await traces(directory)).toEqual(await straight());
  });

  it('goes on without a best checkpoint that is damaged, and reports it', async () => {
    const directory = await interruptedAt(4);
    rmSync(join(directory.checkpoints, '000003.safetensors'));
    const experiment = fakeExperiment();
    const result = await runTraining(experiment, { directory, resume: true });
    expect(result.reason).toBe('finished');
    const errors = experiment.seen.filter(({ name }) => name === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.payload).toMatchObject({ source: 'resume', fatal: false });
    expect(JSON.stringify(errors)).toContain('000003.safetensors');
    expect(await comparableMetrics(directory)).toEqual((await straight()).metrics);
  });

  it('takes no best checkpoint from later than where it goes on', async () => {
    const directory = await interruptedAt(4);
    const pointer = join(directory.checkpoints, 'last.json');
    const earlier = readFileSync(pointer, 'utf8');
    const parameters = readFileSync(join(directory.checkpoints, '000004.safetensors'));
    const behaviour = scripted({ 6: 0 });
    // Iteration 6 is the best by far, and then `last` is put back to iteration 4.
    await runTraining(fakeExperiment({ run: { iterations: 6 }, behaviour }), {
      directory,
      resume: true,
      iterations: 6,
    });
    writeFileSync(pointer, earlier);
    writeFileSync(join(directory.checkpoints, '000004.safetensors'), parameters);
    const experiment = fakeExperiment();
    const result = await runTraining(experiment, { directory, resume: true, iterations: 5 });
    expect(result.evaluation).toMatchObject({ checkpoint: 'last', iteration: 5 });
    expect(payloads(experiment, 'error')).toEqual([
      {
        source: 'resume',
        message:
          'best.json is of iteration 6, which comes after the checkpoint of iteration 4 that the run goes on from. Training goes on without it.',
        fatal: false,
      },
    ]);
  });

  it('does not restart a run whose checkpoints are gone', async () => {
    const directory = await interruptedAt(4);
    rmSync(directory.checkpoints, { recursive: true });
    const error = await rejection(runTraining(fakeExperiment(), { directory, resume: true }));
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
    expect(error.message).toContain('There is no checkpoint');
    expect(await directory.readMetrics()).toHaveLength(4);
  });

  it('reports metrics that are missing, and goes on', async () => {
    const directory = await interruptedAt(4);
    await directory.truncateMetrics(1);
    const experiment = fakeExperiment();
    await runTraining(experiment, { directory, resume: true });
    const errors = experiment.seen.filter(({ name }) => name === 'error');
    expect(errors.map(({ payload }) => (payload as { message: string }).message)).toEqual([
      'metrics.jsonl has 1 whole lines where the checkpoint counted 4: earlier iterations are missing from it.',
    ]);
    expect((await directory.readMetrics()).map(({ iteration }) => iteration)).toEqual([1, 5, 6, 7, 8, 9, 10]);
  });

  it('refuses a state that the trainer does not take', async () => {
    const directory = await interruptedAt(4);
    const path = join(directory.checkpoints, 'last.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"velocity"', '"speed"'));
    const experiment = fakeExperiment();
    experiment.trainer.restore = () => {
      throw new Error("no 'velocity'");
    };
    const error = await rejection(runTraining(experiment, { directory, resume: true }));
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
    expect(error.message).toContain("The trainer cannot go on from the state in last.json: no 'velocity'");
  });
});
