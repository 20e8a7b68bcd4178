import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RunDirectory, runTraining } from '../src/index.js';
import { comparableMetrics, fakeExperiment, RUN_INFO } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

async function newDirectory(): Promise<RunDirectory> {
  return RunDirectory.create(join(temporaryFolder(), 'run'), { config: 'run: {}\n', info: RUN_INFO });
}

const lockOf = (directory: RunDirectory) => join(directory.path, 'lock');

/** A process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid as number;
}

/** What a lock file holds. */
const lockText = (holder: object) =>
  JSON.stringify({ id: 'x', pid: process.pid, host: hostname(), started: '2026-01-02T03:04:05.000Z', ...holder });

describe('the lock of a run', () => {
  it('keeps a second process out, and is taken over after kill -9', async () => {
    const path = join(temporaryFolder(), 'run');
    const script = fileURLToPath(new URL('./support/train-to-be-killed.mjs', import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const output = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
    await new Promise<void>((resolve) => output.on('line', (line) => line === '3' && resolve()));
    const directory = await RunDirectory.open(path);
    const resume = () => runTraining(fakeExperiment(), { directory, resume: true, iterations: 1010 });
    const { started } = JSON.parse(readFileSync(lockOf(directory), 'utf8')) as { started: string };
    try {
      const error = await rejection(resume());
      expect(error).toMatchObject({ code: 'RUN_LOCKED' });
      expect(error.message).toBe(
        `${path} is in use: Process ${child.pid} has been training there since ${started}. Wait until it is done, or stop it.`,
      );
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    expect(existsSync(lockOf(directory))).toBe(true);
    expect(await resume()).toMatchObject({ reason: 'finished', iteration: 1010 });
    const iterations = (await comparableMetrics(directory)).map(({ iteration }) => iteration);
    expect(iterations).toEqual(Array.from({ length: 1010 }, (_, index) => index + 1));
    expect(readdirSync(path).sort()).toEqual([
      'checkpoints',
      'config.yaml',
      'evaluation.json',
      'metrics.jsonl',
      'run.json',
    ]);
  });

  it('lets one of two calls of the same process train', async () => {
    const directory = await newDirectory();
    await runTraining(fakeExperiment({ run: { iterations: 2 } }), { directory });
    const resume = (iterations: number) => runTraining(fakeExperiment(), { directory, resume: true, iterations });
    const outcomes = await Promise.allSettled([resume(8), resume(6)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ code: 'RUN_LOCKED' });
    expect(refused.reason.message).toContain(`is in use: This process (${process.pid}) has been training there since`);
    // Whichever it was, it did its work undisturbed, and the other can follow.
    expect((await resume(9)).iteration).toBe(9);
    expect((await directory.readMetrics()).map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is given back after an error and after an interruption', async () => {
    const directory = await newDirectory();
    const before = (iteration: number) => {
      expect(existsSync(lockOf(directory))).toBe(true);
      if (iteration === 3) throw new Error('the environment broke');
    };
    expect((await rejection(runTraining(fakeExperiment({ behaviour: { before } }), { directory }))).message).toBe(
      'the environment broke',
    );
    expect(existsSync(lockOf(directory))).toBe(false);
    const signal = AbortSignal.abort();
    const stopped = await runTraining(fakeExperiment(), { directory, resume: true, signal });
    expect(stopped.reason).toBe('interrupted');
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it.each<[string, () => Promise<string>]>([
    ['of a process that has ended', async () => lockText({ pid: await deadPid() })],
    ['with the pid of this process, from an earlier one', async () => lockText({})],
    ['that a killed process left half written', async () => lockText({}).slice(0, 20)],
    ['that a killed process left empty', async () => ''],
  ])('takes over one %s', async (_, text) => {
    const directory = await newDirectory();
    writeFileSync(lockOf(directory), await text());
    expect((await runTraining(fakeExperiment(), { directory })).reason).toBe('finished');
    expect(existsSync(lockOf(directory))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('notices that a pid was given to another process', async () => {
    const directory = await newDirectory();
    // The parent of this process lives, but began at another moment than the lock says.
    writeFileSync(lockOf(directory), lockText({ pid: process.ppid, process: '1' }));
    expect((await runTraining(fakeExperiment(), { directory })).reason).toBe('finished');
    writeFileSync(lockOf(directory), lockText({ pid: process.ppid }));
    const error = await rejection(runTraining(fakeExperiment(), { directory, resume: true }));
    expect(error).toMatchObject({ code: 'RUN_LOCKED' });
  });

  it('of another host is respected, and the message says how to remove it', async () => {
    const directory = await newDirectory();
    const text = lockText({ host: 'elsewhere', pid: 12 });
    writeFileSync(lockOf(directory), text);
    const error = await rejection(runTraining(fakeExperiment(), { directory }));
    expect(error).toMatchObject({ code: 'RUN_LOCKED' });
    expect(error.message).toBe(
      `${directory.path} is in use: Process 12 on the host 'elsewhere' has been training there since 2026-01-02T03:04:05.000Z. ` +
        `Wait until it is done, or stop it. If it is no longer running there, remove ${lockOf(directory)} and try again.`,
    );
    expect(readFileSync(lockOf(directory), 'utf8')).toBe(text);
  });
});
