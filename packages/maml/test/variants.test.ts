import { type Batch, type ExperimentConfig, type TaskReport, TOKENS, tensorCount, useBackend } from '@innerloop/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { E_MAML_LOSS, ExplorationWeights, KlPenalty, LossObjective, prompLoss } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';
import { EXACT } from './support/reference.js';
import { ScalarPolicy } from './support/scalar-policy.js';

beforeAll(() => useBackend('cpu'));

const batch = (actions: number[], advantages: number[]): Batch => ({
  steps: actions.length,
  episodes: 1,
  observations: new Float32Array(actions.length),
  actions: Float32Array.from(actions),
  advantages: Float64Array.from(advantages),
  logProbabilities: new Float64Array(actions.length),
});

/** Reports of tasks with these returns after adaptation, after `steps` inner steps. */
const reportsOf = (returns: readonly (readonly number[])[], steps = 1): TaskReport[] =>
  returns.map((list, index) => {
    const before = { episodes: 1, steps: 1, returns: [100 + index] };
    const after = { episodes: list.length, steps: list.length, returns: list };
    return { index, phases: [...new Array<typeof before>(steps).fill(before), after], klAdaptation: 0 };
  });

describe('one parameter, by hand: π = N(θ, 1)', () => {
  const policy = new ScalarPolicy();
  const theta = Float64Array.of(0.5);
  const vpg = new VpgInnerOptimizer(policy, { learningRate: 0.2, loss: 'log-likelihood', average: 'steps' });

  test('e-maml adds w times the mean score of D', () => {
    // As in objective.grad.test.ts: on D, ∇L = 0.25 and H = 1.5, so φ = 0.45 and J = 0.7; on D′ ∇ = 0.175; MAML's gradient is 0.1225.
    // The mean score of D at θ is mean (a − θ) = (0.5 − 1.5)/2 = −0.5; with w = −0.3: 0.1225 + 0.15 = 0.2725.
    const data = { inner: [batch([1, -1], [2, 1])], outer: batch([1, 0], [1, 2]) };
    const task = new LossObjective({ policy, inner: vpg, loss: E_MAML_LOSS }, EXACT).bind(data, theta);
    task.weigh?.([-0.3]);
    expect(task.gradient(theta)).toBeAllClose([0.2725]);
    expect(task.surrogate(theta)).toBeCloseTo(-1.5, 12);
    // At θ = 1: log π moves by mean [−½(a − 1)² + ½(a − 0.5)²] = mean (0.125, −0.875) = −0.375.
    expect(task.innerTerms?.(Float64Array.of(1)) ?? []).toBeAllClose([-0.375]);
    expect(task.curvature(Float64Array.of(2))).toBeAllClose([0.98]); // J² v, as in MAML
    task.dispose();
  });

  test('promp clips gains, not losses', () => {
    // No inner steps: φ = θ. At θ = 1 the ratios e^(−½(a − 1)² + ½(a − 0.5)²) are e^0.125 = 1.133148 for a = 1, e^−0.375 = 0.687289 for 0.
    const bind = (advantages: number[]) => {
      const parts = { policy, inner: vpg, loss: prompLoss(policy, 0.1) };
      return new LossObjective(parts, EXACT).bind({ inner: [], outer: batch([1, 0], advantages) }, theta);
    };
    const at = Float64Array.of(1);
    // Â = 1, 2: 1.133 is clipped to 1.1, 0.687 is not. −(1.1 + 2 · 0.687289)/2; slope −2 · 0.687289 · (0 − 1)/2.
    const gains = bind([1, 2]);
    expect(gains.surrogate(at)).toBeAllClose(-1.2372893, { rtol: 1e-6 });
    expect(gains.gradient(at)).toBeAllClose([0.6872893], { rtol: 1e-6 });
    // Â = −1, −2: 0.687 is clipped to 0.9, 1.133 is not. (1.133148 + 2 · 0.9)/2; slope 1.133148 · (1 − 1)/2 = 0.
    const losses = bind([-1, -2]);
    expect(losses.surrogate(at)).toBeAllClose(1.4665742, { rtol: 1e-6 });
    expect(losses.gradient(at)).toBeAllClose([0], { atol: 1e-6 });
    for (const task of [gains, losses]) task.dispose();
  });
});

describe('the weights of e-maml', () => {
  test('are −c z of the return after adaptation, for each inner step', () => {
    // Means 2, 4, 9: mean 5, deviations −3, −1, 4, variance 26/3, sd 2.943920; z = −1.019049, −0.339683, 1.358732.
    const weights = new ExplorationWeights(0.5).assign(reportsOf([[1, 3], [4], [8, 10]], 2));
    expect(weights.map((list) => list.length)).toEqual([2, 2, 2]);
    expect(weights.flat()).toBeAllClose([0.509525, 0.509525, 0.169842, 0.169842, -0.679366, -0.679366], { rtol: 1e-5 });
  });

  test('are 0 where returns do not differ', () => {
    expect(new ExplorationWeights(1).assign(reportsOf([[3], [3]])).flat()).toEqual([-0, -0]);
  });
});

describe('the coefficients of promp', () => {
  const reports = reportsOf([[1], [2]], 3);
  const etas = (penalty: KlPenalty) => penalty.assign(reports)[1];

  test('stay as they are without a target', () => {
    const penalty = new KlPenalty(0.01, null);
    penalty.learn([[1, 1, 1]]);
    expect(penalty.assign(reports)).toEqual([
      [0.01, 0.01, 0.01],
      [0.01, 0.01, 0.01],
    ]);
    expect(penalty.state()).toBeNull();
  });

  test('are halved below target / 1.5 and doubled above 1.5 · target, each by its own step’s mean KL', () => {
    const penalty = new KlPenalty(0.01, 0.3);
    // Means over two tasks: 0.19 < 0.2; 0.3; 0.46 > 0.45.
    const terms = [
      [0.18, 0.2, 0.9],
      [0.2, 0.4, 0.02],
    ];
    penalty.learn(terms);
    expect(etas(penalty)).toEqual([0.005, 0.01, 0.02]);
    const resumed = new KlPenalty(0.01, 0.3);
    resumed.restore(JSON.parse(JSON.stringify(penalty.state())));
    for (const each of [penalty, resumed]) {
      each.learn(terms);
      expect(etas(each)).toEqual([0.0025, 0.01, 0.04]);
    }
    expect(() => resumed.restore('x')).toThrow("saved state of the objective 'promp' does not fit");
  });
});

const ADAM = { use: 'gradient', method: 'adam', learningRate: 0.01, epochs: 3 };
const VARIANTS: Record<string, ExperimentConfig> = {
  'e-maml': { objective: { use: 'e-maml' } },
  promp: {
    objective: { use: 'promp', clip: 0.2, klTarget: 0.001 },
    inner: { use: 'vpg', learningRate: 0.2, loss: 'likelihood-ratio' },
    meta: ADAM,
  },
  reptile: { objective: { use: 'reptile' }, meta: { use: 'gradient', method: 'sgd', learningRate: 0.5 } },
  'meta-sgd': { inner: { use: 'meta-sgd', learningRate: 0.2 } },
  anil: { inner: { use: 'anil', learningRate: 0.2 } },
};
const trainer = { use: 'maml', tasksPerIteration: 3, rolloutsPerTask: 3, adaptationSteps: 2 };

const untimed = (line: object) => Object.entries(line).filter(([name]) => !/^(time|memory)\//.test(name));

/** Trains a variant for some iterations. */
async function train(name: string, iterations: number, changes: ExperimentConfig = {}) {
  const experiment = await smallExperiment({ trainer, ...VARIANTS[name], ...changes });
  const metrics = [];
  for (let k = 1; k <= iterations; k++) metrics.push((await experiment.trainer.iterate(k)).metrics);
  return { experiment, metrics };
}

describe.each(Object.keys(VARIANTS))('%s in training', (name) => {
  test('each step is taken and lowers the surrogate; no tensor stays; the same seed gives the same numbers', async () => {
    const { experiment, metrics } = await train(name, 3);
    for (const line of metrics) {
      expect(line.accepted, String(line.reason)).toBe(true);
      expect(line['surrogate/after'] as number).toBeLessThan(line['surrogate/before'] as number);
      expect(line['kl/meta']).toBeGreaterThan(0);
    }
    expect(tensorCount()).toBe(0);
    const again = await train(name, 3);
    expect([...again.experiment.trainer.parameters]).toEqual([...experiment.trainer.parameters]);
    expect(again.metrics.map(untimed)).toEqual(metrics.map(untimed));
  });

  test('goes on from its state to the same numbers', async () => {
    const straight = (await train(name, 3)).experiment.trainer;
    const first = (await train(name, 2)).experiment.trainer;
    const second = (await train(name, 0)).experiment.trainer;
    second.restore(first.parameters, JSON.parse(JSON.stringify(first.state())));
    await second.iterate(3);
    expect([...second.parameters]).toEqual([...straight.parameters]);
    expect(second.state()).toEqual(straight.state());
  });

  test('two workers give the numbers of none, bit for bit', async () => {
    const run = async (workers: number) => {
      const { experiment, metrics } = await train(name, 2, { run: { seed: 1, backend: 'wasm', workers } });
      const theta = [...experiment.trainer.parameters];
      await experiment.close();
      return { theta, metrics: metrics.map(untimed) };
    };
    expect(await run(2)).toEqual(await run(0));
  });
});

test('the weights reach the tasks, and what promp learns reaches the state', async () => {
  const { experiment } = await train('promp', 1);
  const { innerTermWeights } = experiment.trainer.state() as { innerTermWeights: number[] };
  // Both inner steps' KL, of a step of size 0.01 in Adam's units, is above 1.5 · 0.001 or below 0.001 / 1.5.
  expect(innerTermWeights).toHaveLength(2);
  for (const eta of innerTermWeights) expect([5e-4 / 2, 5e-4 * 2]).toContain(eta);
  const strong = await train('promp', 2, { objective: { use: 'promp', clip: 0.2, klCoefficient: 100 } });
  const weak = await train('promp', 2, { objective: { use: 'promp', clip: 0.2, klCoefficient: 0 } });
  const moved = ({ metrics }: typeof weak) => metrics[1]?.['kl/meta'] as number;
  expect(moved(strong)).toBeLessThan(moved(weak) / 2);
});

test('promp refuses a target for a coefficient of 0, which doubling leaves at 0', async () => {
  await expect(train('promp', 0, { objective: { use: 'promp', klCoefficient: 0, klTarget: 0.01 } })).rejects.toThrow(
    /objective\.klCoefficient: expected a number above 0, since klTarget halves and doubles it/,
  );
});

test('the first epoch of promp is a step of maml: neither clip nor penalty acts at ratios of 1', async () => {
  const parameters = async (objective: NonNullable<ExperimentConfig['objective']>) => [
    ...(await train('promp', 1, { objective, meta: { use: 'gradient', method: 'sgd', learningRate: 1 } })).experiment
      .trainer.parameters,
  ];
  const promp = await parameters({ use: 'promp', clip: 0.01, klCoefficient: 100 });
  expect(promp).toBeAllClose(await parameters({ use: 'maml', engine: 'graph' }), { atol: 1e-6 });
});

test('reptile cannot serve trpo, and says so before anything runs', async () => {
  await expect(smallExperiment({ objective: { use: 'reptile' }, meta: { use: 'trpo' } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining("it provides 'surrogate', 'gradient', 'kl'"),
  });
});

test('anil runs on kernels, meta-sgd on graphs', async () => {
  const engine = async (name: string) => {
    const { experiment } = await train(name, 0, { run: { backend: 'wasm', workers: 0 } });
    return (experiment.get(TOKENS.objective) as { engine?: string }).engine;
  };
  expect(await engine('anil')).toBe('kernels');
  expect(await engine('meta-sgd')).toBe('graph');
});
