import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAgent } from '@innerloop/maml';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BenchReport } from '../src/bench/summary.js';
import { defaultPlugins } from '../src/index.js';
import { run, spawnCli } from './support/cli.js';
import { metricsOf, parametersOf, temporaryFolder, write } from './support/runs.js';

/*
 * The commands on a run of the trainer policy-gradient, which has no adaptation. A checkpoint is saved after every second iteration, so that a
 * killed run has metrics after its last checkpoint to be cut.
 */
const folder = temporaryFolder();
const config = write(
  folder,
  'pole.yaml',
  `run: { name: pole, seed: 3, iterations: 6, backend: cpu, checkpointEvery: 2 }
trainer: { use: policy-gradient, stepsPerIteration: 200 }
tasks: { use: cart-pole, timeLimit: 60 }
policy: { use: categorical-mlp, hiddenSizes: [8] }
optimizer: { use: trpo, maxKl: 0.02 }
baseline: { use: mlp-value, hiddenSizes: [8], iterations: 10 }
evaluation: { every: 3, tasks: 4, rollouts: 1, final: { tasks: 5, rollouts: 1, examples: 1 } }
loggers: [{ use: progress, interval: 0 }]
`,
);
const whole = join(folder, 'whole');
let output = '';

beforeAll(async () => {
  const { code, stdout, stderr } = await run('train', config, '--out', whole);
  expect([code, stderr]).toEqual([0, '']);
  output = stdout;
});

describe('train', () => {
  it('shows one return, without a word of adaptation', () => {
    expect(output).toMatch(/^iteration 1\/6 {2}return \d+\.\d\d {2}KL 0\.0\d+ /m);
    expect(output).toMatch(/^validation after iteration 3: return \d+\.\d\d ± /m);
    expect(output).toMatch(/\nreturn +95 % interval/);
    expect(output).not.toMatch(/adaptation|--steps/);
    expect(metricsOf(whole).map((line) => line.iteration)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('writes a report', () => {
    const html = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(html).toContain('policy-gradient on cart-pole');
    expect(html).toContain('KL of the policy step');
  });
});

describe('a run that was killed', () => {
  it('goes on from its last checkpoint to the same numbers', async () => {
    let killed = false;
    const outcome = await spawnCli(['train', config, '--out', 'killed'], {
      cwd: folder,
      during: (text, kill) => {
        if (!killed && text.includes('iteration 3/6')) {
          killed = true;
          kill('SIGKILL');
        }
      },
    });
    expect(outcome.code).toBeNull();
    const resumed = await spawnCli(['resume', 'killed'], { cwd: folder });
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const other = join(folder, 'killed');
    expect(metricsOf(other)).toEqual(metricsOf(whole));
    for (const checkpoint of ['last', 'best'] as const) {
      expect(parametersOf(other, checkpoint).equals(parametersOf(whole, checkpoint)), checkpoint).toBe(true);
    }
    const read = (place: string, name: string) => readFileSync(join(place, name), 'utf8');
    expect(read(other, 'evaluation.json')).toBe(read(whole, 'evaluation.json'));
    // The value function and its moments too.
    const state = (place: string) => JSON.parse(read(place, 'checkpoints/last.json')).trainer as unknown;
    expect(state(other)).toEqual(state(whole));
  });
});

describe('evaluate', () => {
  const evaluate = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('evaluate', whole, '--json', ...args);
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as { steps: { step: number; meanReturn: number; returns: number[] }[] };
  };

  it('measures sampled or greedy actions', async () => {
    const [usual, sampled, greedy] = [await evaluate(), await evaluate('--no-greedy'), await evaluate('--greedy')];
    expect(sampled).toEqual(usual);
    expect(greedy).not.toEqual(usual);
    expect(greedy.steps.map(({ step, returns }) => [step, returns.length])).toEqual([[0, 5]]);
    const { evaluation } = { evaluation: JSON.parse(readFileSync(join(whole, 'evaluation.json'), 'utf8')) };
    expect(usual.steps).toEqual(evaluation.result.steps);
    const { stdout } = await run('evaluate', whole, '--greedy');
    expect(stdout).toContain('Return on one task, 5 times (1 episode each, seed 2000, greedy actions)');
  });

  it('refuses adaptation steps and their sizes', async () => {
    const steps = await run('evaluate', whole, '--steps', '2');
    expect(steps.code).toBe(1);
    expect(steps.stderr).toContain(
      "--steps: expected 0, since the trainer 'policy-gradient' of this run does not adapt",
    );
    expect((await run('evaluate', whole, '--steps', '0', '--json')).code).toBe(0);
    const sizes = await run('evaluate', whole, '--step-sizes', '0.1');
    expect(sizes.stderr).toContain('--step-sizes: expected an inner optimizer');
  });
});

describe('bench', () => {
  it('measures an iteration: the work and the numbers of the first one of training', async () => {
    const { code, stdout, stderr } = await run('bench', config, '--iterations', '2', '--scaling', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as BenchReport;
    const [first] = metricsOf(whole);
    expect(report.numbers).toEqual({
      gradientNorm: first?.gradientNorm,
      surrogateBefore: first?.['surrogate/before'],
      surrogateAfter: first?.['surrogate/after'],
      kl: first?.['kl/policy'],
      accepted: first?.accepted,
      backtracks: first?.backtracks,
      returnMean: first?.['return/mean'],
    });
    expect(report.work).toMatchObject({ steps: [first?.steps], tasks: 1, episodes: first?.episodes, parameters: 58 }); // 4·8 + 8 + 8·2 + 2
    for (const { iteration, ...phases } of report.runs) {
      const values = Object.values(phases) as number[];
      expect(Object.keys(phases)).toEqual([
        ...['sample', 'adapt', 'gradient', 'curvature', 'lineSearch', 'other', 'value'],
      ]);
      expect(values.every((value) => value > 0)).toBe(true);
      expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(iteration, 9);
    }
    expect(report.engine).toBe('graph');
    expect(report.arithmetic?.gflops.update).toBeGreaterThan(0);
    expect(report.scaling?.map(({ quantity, points }) => [quantity, points.map(({ size }) => size)])).toEqual([
      ['steps', [100, 200, 400]],
      ['hidden size', [4, 8, 16]],
    ]);
  });

  it('prints the value function as a phase, and exports nothing', async () => {
    const { stdout } = await run('bench', config, '--iterations', '1', '--backend', 'wasm');
    expect(stdout).toMatch(/^value function +\d+\.\d{3}/m);
    expect(stdout).toContain('the SIMD kernels');
    const { code, stderr } = await run('bench', config, '--export-batch', join(folder, 'x.safetensors'));
    expect(code).toBe(1);
    expect(stderr).toContain('--export-batch: expected');
  });
});

describe('an application', () => {
  it('acts with the run, and is told that it cannot adapt', async () => {
    const agent = await loadAgent(whole, { plugins: defaultPlugins });
    expect([0, 1]).toContain(agent.act([0, 0, 0.05, 0], { greedy: true }));
    expect(() => agent.adapt([])).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => agent.adapt([])).toThrow('found one of a run without an inner optimizer');
  });
});
