import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Holdings, MeasuredSetting } from './support/train-and-measure.js';

const script = fileURLToPath(new URL('./support/train-and-measure.mjs', import.meta.url));

/** Trains in a process of its own, where nothing but training takes memory. */
async function measure(setting: MeasuredSetting): Promise<Holdings[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, JSON.stringify(setting)]);
  return JSON.parse(stdout) as Holdings[];
}

/**
 * Most that the heap, and the typed arrays beside it, may grow by between two measurements, in bytes. What compiled code and lists of
 * freed memory take wanders by half of that, and keeping the trajectories alone (40 bytes a step: two observations and two actions in
 * float32, reward, log-probability and advantage in float64) would take 3 tasks · 2 phases · 400 steps · 40 bytes · 180 iterations =
 * 17 MB.
 */
const BOUND = 6e6;

// Written-out derivatives keep their arrays in the kernels' memory, recorded graphs are tensors; a worker has both of its own. Graphs are
// slow, so theirs is the smallest experiment.
const large = { tasksPerIteration: 3, rolloutsPerTask: 20, horizon: 20, hiddenSize: 32 };
const small = { tasksPerIteration: 1, rolloutsPerTask: 3, horizon: 10, hiddenSize: 8 };
test.each([
  { engine: 'kernels', workers: 0, ...large },
  { engine: 'graph', workers: 0, ...small },
  { engine: 'kernels', workers: 2, ...large },
] as const)(
  'memory is flat over 200 iterations: $engine, $workers workers',
  async (setting) => {
    const holdings = await measure({ ...setting, iterations: 200, measured: [20, 200] });
    expect(holdings.map(({ iteration }) => iteration)).toEqual([20, 200]);
    const [early, late] = holdings as [Holdings, Holdings];
    expect(late.tensors).toBe(early.tensors);
    expect(late.shardTensors).toBe(early.shardTensors);
    expect(late.kernelArrays).toBe(early.kernelArrays);
    expect(late.kernelBytes).toBe(early.kernelBytes);
    expect(late.heap - early.heap).toBeLessThan(BOUND);
    expect(late.buffers - early.buffers).toBeLessThan(BOUND);
    const megabytes = [early, late].map(({ rss }) => (rss / 1e6).toFixed(0));
    // The system decides when memory that was freed leaves the process, so this is told and not judged.
    console.info(
      `${setting.engine}, ${setting.workers} workers: RSS ${megabytes.join(' → ')} MB from iteration 20 to 200`,
    );
  },
  120_000,
);
