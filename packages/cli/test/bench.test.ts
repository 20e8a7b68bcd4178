import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExperiment, parseConfig, readConfig, resolveExperiment, TOKENS } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { decodeBatchFile } from '../src/bench/batch-file.js';
import { PhaseClock } from '../src/bench/clock.js';
import { updateFlops } from '../src/bench/flops.js';
import { exponentOf } from '../src/bench/scaling.js';
import { STANDARD_EXPERIMENT } from '../src/bench/standard.js';
import { type BenchReport, spread } from '../src/bench/summary.js';
import { defaultPlugins } from '../src/default-plugins.js';
import { run } from './support/cli.js';
import { TINY, temporaryFolder, write } from './support/runs.js';

const folder = temporaryFolder();
const tiny = write(folder, 'tiny.yaml', TINY);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

async function bench(...args: readonly string[]): Promise<BenchReport> {
  const { code, stdout, stderr } = await run('bench', ...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as BenchReport;
}

describe('updateFlops', () => {
  it('counts 16 hidden-layer products for a Gauss-Newton product with one inner step', () => {
    // One hidden layer [64, 64] that is not the first: the input layer [0, 64] costs nothing. N = 10 in both batches.
    const hidden = 2 * 10 * 64 * 64;
    const weights: [number, number][] = [
      [0, 64],
      [64, 64],
    ];
    const flops = updateFlops(weights, { steps: [10, 10], products: 3, trials: 0, derivative: 'exact' });
    expect(flops.curvature).toBe(3 * 16 * hidden);
    // Forward and reverse, 3, on either batch; then one Hessian product, 6.
    expect(flops.gradient).toBe((3 + 3 + 6) * hidden);
    expect(flops.lineSearch).toBe(0);
    expect(flops.update).toBe(flops.gradient + flops.curvature);
  });

  it('counts the first layer for less, and every inner step', () => {
    // Layers [2, 3] and [3, 1]; an inner batch of 5 steps twice, an outer one of 7.
    const first = 2 * 2 * 3;
    const later = 2 * 3 * 1;
    const flops = updateFlops(
      [
        [2, 3],
        [3, 1],
      ],
      { steps: [5, 5, 7], products: 1, trials: 2, derivative: 'exact' },
    );
    // Two Hessian products for each of the two inner steps, and one Fisher product.
    expect(flops.curvature).toBe(4 * 5 * (2 * first + 6 * later) + 7 * (2 * first + 4 * later));
    // Each trial: forward and reverse on the inner batches, forward on the outer one.
    expect(flops.lineSearch).toBe(2 * (10 * (2 * first + 3 * later) + 7 * (first + later)));
  });

  it('leaves out the Jacobian of a first-order derivative', () => {
    const work = { steps: [5, 7], products: 1, trials: 0 };
    const flops = updateFlops([[2, 3]], { ...work, derivative: 'first-order' });
    expect(flops.curvature).toBe(2 * 2 * 3 * 7 * 2); // the Fisher product of one layer, at 2 products
  });
});

describe('PhaseClock', () => {
  it('counts the time in which at least one span is open', async () => {
    let now = 0;
    const clock = new PhaseClock(() => now);
    const ends: (() => void)[] = [];
    const open = () => clock.span('curvature', () => new Promise<void>((end) => ends.push(end)));
    const first = open(); // from 0
    now = 1000;
    const second = open(); // from 1 s
    now = 3000;
    ends[0]?.();
    await first;
    now = 4000;
    ends[1]?.();
    await second;
    now = 9000;
    expect(clock.seconds('curvature')).toBe(4);
    expect(clock.seconds('gradient')).toBeUndefined();
  });
});

describe('figures', () => {
  it('spread: least and median', () => {
    expect(spread([5, 1, 2])).toEqual({ best: 1, median: 2 });
    expect(spread([4, 1, 2, 3])).toEqual({ best: 1, median: 2.5 });
  });

  it('exponentOf: the slope on logarithms', () => {
    // 3 size²
    const points = [1, 2, 4].map((size) => ({ size, iteration: 3 * size ** 2 }));
    expect(exponentOf(points)).toBeCloseTo(2, 12);
  });
});

describe('innerloop bench', () => {
  it('measures the standard experiment of the configs by default', async () => {
    const options = { plugins: defaultPlugins };
    const file = await readConfig(join(ROOT, 'configs/point-navigation/maml-trpo.yaml'));
    const ours = await resolveExperiment(parseConfig(STANDARD_EXPERIMENT, 'standard').config, options);
    const { config } = await resolveExperiment(file.config, options);
    const parts = ['trainer', 'objective', 'tasks', 'wrappers', 'policy', 'inner', 'meta', 'advantages', 'baseline'];
    for (const part of parts) {
      expect([part, ours.config[part as 'meta']]).toEqual([part, config[part as 'meta']]);
    }
  });

  it('prints every figure, finite and positive, and phases that add up', async () => {
    const report = await bench(tiny, '--iterations', '3', '--workers', '0');
    const { seconds, runs, stepsPerSecond, arithmetic, memory, work } = report;
    expect(runs).toHaveLength(3);
    for (const { iteration, ...phases } of runs) {
      const values = Object.values(phases);
      expect(Object.keys(phases)).toEqual(['sample', 'adapt', 'gradient', 'curvature', 'lineSearch', 'other']);
      expect(values.every((value) => value !== null && value > 0)).toBe(true);
      expect(values.reduce<number>((total, value) => total + (value ?? 0), 0)).toBeCloseTo(iteration, 9);
      expect(phases.other).toBeLessThan(0.5 * iteration); // nearly everything is named
    }
    const positive = [
      ...Object.values(seconds).flatMap((spread) => (spread ? [spread.best, spread.median] : [0])),
      ...Object.values(stepsPerSecond),
      ...Object.values(arithmetic?.flops ?? { none: 0 }),
      ...Object.values(arithmetic?.gflops ?? { none: 0 }),
      arithmetic?.matrixProduct.backend.gflops ?? 0,
      arithmetic?.share ?? 0,
      memory.peakRss,
      report.machine.cores,
      report.machine.memory,
      report.numbers.gradientNorm,
    ];
    expect(positive.filter((value) => !(Number.isFinite(value) && value > 0))).toEqual([]);
    // 2 tasks × 2 rollouts × (before, after); policy 2-8-2 with log σ: 2·8 + 8 + 8·2 + 2 + 2.
    expect(work).toMatchObject({ tasks: 2, episodes: 8, parameters: 44, derivative: 'exact' });
    expect([report.backend.name, report.engine, report.workers.count]).toEqual(['cpu', 'graph', 0]);
    expect(memory.peakRss).toBeGreaterThan(20 * 2 ** 20); // bytes, not KiB
  });

  it('measures worker threads from outside: the same numbers, and adaptation within sampling', async () => {
    const alone = await bench(tiny, '--iterations', '1', '--workers', '0');
    const { numbers, runs, seconds, workers } = await bench(tiny, '--iterations', '2', '--workers', '2');
    expect(numbers).toEqual(alone.numbers);
    expect([workers.count, seconds.adapt]).toEqual([2, null]);
    for (const { iteration, sample, adapt, gradient, curvature, lineSearch, other } of runs) {
      expect(adapt).toBeNull();
      expect(sample + gradient + curvature + lineSearch + other).toBeCloseTo(iteration, 9);
      expect(Math.min(sample, gradient, curvature, lineSearch, other)).toBeGreaterThan(0);
    }
  });

  it('names the kernels where they serve, with their own rate', async () => {
    const { engine, arithmetic } = await bench(tiny, '--iterations', '1', '--workers', '0', '--backend', 'wasm');
    expect(engine).toBe('kernels');
    expect(arithmetic?.matrixProduct.kernels?.gflops).toBeGreaterThan(0);
    expect(arithmetic?.share).toBeCloseTo(
      (arithmetic?.gflops.update ?? 0) / (arithmetic?.matrixProduct.kernels?.gflops ?? 1),
      12,
    );
  });

  it('names the engine of reptile, whose update is not the arithmetic that is counted', async () => {
    const reptile = ['objective.use=reptile', 'meta.use=gradient'].flatMap((value) => ['--set', value]);
    const { stdout } = await run('bench', tiny, ...reptile, '--iterations', '1', '--warmups', '0', '--backend', 'wasm');
    expect(stdout).toContain('update by written-out derivatives on the SIMD kernels');
    expect(stdout).toContain('measured  once, without a warm-up\n');
    expect(stdout).toContain('or the objective not maml');
  });

  it('does the work of the first iteration of training', async () => {
    const { numbers } = await bench(tiny, '--iterations', '2');
    const experiment = await createExperiment((await readConfig(tiny)).config, { plugins: defaultPlugins });
    const { metrics } = await experiment.trainer.iterate(1);
    await experiment.close();
    expect(numbers).toEqual({
      gradientNorm: metrics.gradientNorm,
      surrogateBefore: metrics['surrogate/before'],
      surrogateAfter: metrics['surrogate/after'],
      kl: metrics['kl/meta'],
      accepted: metrics.accepted,
      backtracks: metrics.backtracks,
      returnBefore: metrics['return/before'],
      returnAfter: metrics['return/after'],
    });
  });

  it('--scaling: how time grows with each quantity', async () => {
    const { scaling = [] } = await bench(tiny, '--iterations', '1', '--warmups', '0', '--scaling', '--workers', '1');
    const sizes = scaling.map(({ quantity, points }) => [quantity, points.map(({ size }) => size)]);
    expect(sizes.slice(0, 3)).toEqual([
      ['tasks', [1, 2, 4]],
      ['rollouts', [1, 2, 4]],
      ['hidden size', [4, 8, 16]],
    ]);
    const last = scaling.at(-1);
    expect([last?.quantity, last?.points[0]?.size]).toEqual(['workers', 1]);
    const times = scaling.flatMap(({ points }) => points.map(({ iteration }) => iteration));
    expect(times.every((time) => Number.isFinite(time) && time > 0)).toBe(true);
    expect(scaling.slice(0, 3).every(({ exponent }) => Number.isFinite(exponent))).toBe(true);
  }, 120_000);

  it('prints a table for people', async () => {
    const { code, stdout } = await run(
      'bench',
      tiny,
      '--iterations',
      '1',
      '--workers',
      '0',
      '--set',
      'trainer.tasksPerIteration=3',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^work {6}3 tasks, 12 episodes/m);
    for (const phase of ['sample', 'adapt', 'gradient', 'curvature', 'line search', 'whole iteration']) {
      expect(stdout).toMatch(new RegExp(`^${phase} +\\d+\\.\\d{3} +\\d+\\.\\d{3} +\\d+\\.\\d %`, 'm'));
    }
    expect(stdout).toContain('multiply-add'); // how flops are counted
  });

  it('counts no flops where it cannot know them, and says so', async () => {
    const { code, stdout } = await run('bench', tiny, '--iterations', '1', '--set', 'inner.loss=likelihood-ratio');
    expect([code, stdout.includes('GFLOP')]).toEqual([0, true]); // still a gradient step on a multilayer perceptron
    const { stderr } = await run(
      'bench',
      tiny,
      '--export-batch',
      join(folder, 'no.safetensors'),
      '--set',
      'meta.use=gradient',
    );
    expect(stderr).toContain('--export-batch: expected');
  });
});

describe('innerloop bench --export-batch', () => {
  const file = join(folder, 'batch.safetensors');

  it('writes data from which MamlObjective computes the numbers of the run', async () => {
    const { numbers } = await bench(tiny, '--iterations', '1', '--export-batch', file);
    const { update, parameters, data, expected } = decodeBatchFile(readFileSync(file), file);
    expect(update).toMatchObject({ layerSizes: [2, 8, 2], tasks: 2, innerSteps: 1, learningRates: [0.5], horizon: 10 });

    const experiment = await createExperiment((await readConfig(tiny)).config, { plugins: defaultPlugins });
    const tasks = data.map((task) => experiment.get(TOKENS.objective).bind(task, parameters));
    const meanOf = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
    const meanVector = (vectors: readonly Float64Array[]) =>
      Float64Array.from(parameters, (_, i) => meanOf(vectors.map((vector) => vector[i] as number)));
    const gradient = meanVector(tasks.map((task) => task.gradient(parameters)));
    expect(gradient).toEqual(expected.gradient);
    expect(Math.hypot(...gradient)).toBeCloseTo(numbers.gradientNorm, 12);
    expect(meanVector(tasks.map((task) => task.curvature(expected.direction)))).toEqual(expected.product);
    expect(meanOf(tasks.map((task) => task.surrogate(expected.parameters)))).toBe(numbers.surrogateAfter);
    expect(meanOf(tasks.map((task) => task.kl(expected.parameters)))).toBe(numbers.kl);
    expect(update.expected.kl).toBe(numbers.kl);
    for (const task of tasks) task.dispose();
    await experiment.close();
  });

  it('does not overwrite a file', async () => {
    const existing = write(folder, 'mine.safetensors', 'mine');
    const { code, stderr } = await run('bench', tiny, '--export-batch', existing);
    expect([code, readFileSync(existing, 'utf8')]).toEqual([1, 'mine']);
    expect(stderr).toContain(`found ${existing}`);
  });

  const python = process.env.INNERLOOP_PYTHON ?? 'python3';
  const hasTorch = spawnSync(python, ['-c', 'import torch, numpy']).status === 0;

  it.skipIf(!hasTorch)(
    `PyTorch computes the same update${hasTorch ? '' : ` (skipped: ${python} cannot import torch and numpy)`}`,
    async () => {
      const batch = join(folder, 'for-torch.safetensors');
      // A Fisher matrix of 20 states a task has few directions: three iterations, before CG works on rounding alone.
      await bench(tiny, '--iterations', '1', '--export-batch', batch, '--set', 'meta.cgIterations=3');
      const program = join(ROOT, 'benchmarks/pytorch/run.py');
      const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
      const child = spawnSync(python, [program, batch, '--repeat', '1', '--json'], { encoding: 'utf8', env });
      const { modes } = JSON.parse(child.stdout) as { modes: Record<string, { agrees: boolean; errors: object }> };
      expect(Object.entries(modes).map(([name, { agrees, errors }]) => [name, agrees, agrees || errors])).toEqual([
        ['loop', true, true],
        ['batched', true, true],
      ]);
      expect(child.status).toBe(0);
    },
    120_000,
  );
});
