import {
  type Activation,
  type Batch,
  CategoricalMlpPolicy,
  constant,
  type GaussianMlpOptions,
  GaussianMlpPolicy,
  kernels,
  type Policy,
  type PolicyGradientLossOptions,
  randomStream,
  type TaskData,
  tidy,
  useBackend,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { MamlObjective } from '../src/index.js';
import { WrittenOut } from '../src/written-out.js';
import { WrittenOutTaskObjective } from '../src/written-out-objective.js';
import {
  EXACT,
  innerOf,
  meanOf,
  objectivesOf,
  policyOf,
  readReference,
  taskDataOf,
  thetaOf,
} from './support/reference.js';

await useBackend('cpu');

describe.each(['gaussian-1step', 'categorical-2step'])('%s', (name) => {
  const reference = readReference(name);
  const { expected, direction } = reference;
  const policy = policyOf(reference);
  const inner = innerOf(reference, policy);
  const theta = thetaOf(reference);
  const v = Float64Array.from(direction);
  const maths = new WrittenOut(policy, inner);
  const tasks = (derivative: 'exact' | 'first-order' = 'exact') =>
    taskDataOf(reference).map((data) => new WrittenOutTaskObjective(maths, { derivative }, data, theta));

  test('the reference values', () => {
    const list = tasks();
    expect(meanOf(list.map((t) => t.surrogate(theta)))).toBeAllClose([expected.surrogate], { rtol: 0, atol: 1e-6 });
    expect(meanOf(list.map((t) => t.kl(theta)))).toEqual([0]);
    expect(meanOf(list.map((t) => t.gradient(theta)))).toBeAllClose(expected.metaGradient, { rtol: 2e-6 });
    expect(meanOf(list.map((t) => t.curvature(v)))).toBeAllClose(expected.klHessianVectorProduct, { rtol: 2e-6 });
    const there = theta.map((x, i) => x + expected.perturbation * (direction[i] as number));
    expect(meanOf(list.map((t) => t.surrogate(there)))).toBeAllClose([expected.surrogateAtPerturbed], {
      rtol: 0,
      atol: 1e-6,
    });
    expect(meanOf(list.map((t) => t.kl(there)))).toBeAllClose([expected.klAtPerturbed], { rtol: 1e-3, atol: 1e-7 });
    const first = meanOf(tasks('first-order').map((t) => t.gradient(theta)));
    expect(first).toBeAllClose(expected.firstOrderMetaGradient, { rtol: 2e-6 });
    for (const task of list) task.dispose();
  });

  test('agrees with the graph', () => {
    const graph = objectivesOf(reference, EXACT);
    tasks().forEach((task, i) => {
      const other = graph[i] as (typeof graph)[number];
      const there = theta.map((x, k) => x + 0.3 * (direction[k] as number));
      expect(task.gradient(there)).toBeAllClose(other.gradient(there), { rtol: 1e-5 });
      expect(task.curvature(v)).toBeAllClose(other.curvature(v), { rtol: 1e-5 });
    });
  });
});

describe('every policy, loss and mean, against the graph', () => {
  const N = 131; // more than two tiles of rows, and a multiple of nothing
  const random = randomStream({ seed: 21, purpose: 'user' });
  const normals = (n: number, factor = 1) => Float32Array.from({ length: n }, () => factor * random.normal());
  const box = (n: number) => ({ kind: 'box' as const, low: Array(n).fill(-1), high: Array(n).fill(1) });
  const gaussian = (hiddenSizes: number[], activation: Activation, options: GaussianMlpOptions = {}) =>
    new GaussianMlpPolicy(
      { observationSpace: box(3), actionSpace: box(2) },
      { hiddenSizes, activation, initialStd: 0.7, minStd: 1e-3, ...options },
    );
  const categorical = (hiddenSizes: number[], activation: Activation) =>
    new CategoricalMlpPolicy(
      { observationSpace: box(3), actionSpace: { kind: 'discrete', count: 5 } },
      { hiddenSizes, activation },
    );
  const policies: [string, Policy][] = [
    ['gaussian tanh 9-6', gaussian([9, 6], 'tanh')],
    ['gaussian relu 10-7-5', gaussian([10, 7, 5], 'relu')],
    ['gaussian sigmoid 8', gaussian([8], 'sigmoid')],
    ['gaussian linear', gaussian([], 'tanh')],
    ['gaussian fixed tanh 9-6', gaussian([9, 6], 'tanh', { logStd: 'fixed' })],
    ['gaussian state-dependent tanh 9-6', gaussian([9, 6], 'tanh', { logStd: 'state-dependent' })],
    // The floor is where the outputs begin, so that about half of them are below.
    [
      'gaussian state-dependent relu 8, at its floor',
      gaussian([8], 'relu', { logStd: 'state-dependent', minStd: 0.7 }),
    ],
    ['gaussian state-dependent linear', gaussian([], 'tanh', { logStd: 'state-dependent' })],
    ['categorical tanh 9-6', categorical([9, 6], 'tanh')],
    ['categorical linear', categorical([], 'tanh')],
  ];
  const losses: PolicyGradientLossOptions[] = [
    { loss: 'log-likelihood', average: 'steps' },
    { loss: 'log-likelihood', average: 'trajectories' },
    { loss: 'likelihood-ratio', average: 'steps' },
  ];
  const cases = policies.flatMap(([name, policy]) =>
    losses.map((loss) => [name, loss.loss, loss.average, policy, loss] as const),
  );

  test.each(cases)('%s, %s, mean over %s', (name, _loss, _average, policy, loss) => {
    const ofState = name.includes('state-dependent');
    // Weights of the standard deviations begin as 0; here they count.
    const theta = policy.initialize(random).map((x) => (ofState ? x + 0.05 * random.normal() : x));
    const batch = (): Batch => {
      const observations = normals(3 * N);
      const actions =
        policy.actionSize === 1 ? Float32Array.from({ length: N }, () => random.integer(5)) : normals(2 * N, 0.8);
      const behaviour = tidy(() => {
        const at = policy.distribution(policy.layout.constants(theta), constant(observations, [N, 3]));
        return Float64Array.from(policy.logProbability(at, constant(actions, [N, policy.actionSize])).values());
      });
      const logProbabilities = behaviour.map((x) => x + 0.1 * random.normal());
      return {
        steps: N,
        episodes: 40,
        observations,
        actions,
        advantages: Float64Array.from(normals(N)),
        logProbabilities,
      };
    };
    const data: TaskData = { inner: [batch(), batch()], outer: batch() };
    // σ of the state is the exponential of an output without bounds: long steps soon lead where nothing can be compared.
    const learningRate = ofState ? [0.005, 0.003] : [0.05, 0.03];
    const inner = new VpgInnerOptimizer(policy, { learningRate, ...loss });
    const written = new WrittenOutTaskObjective(new WrittenOut(policy, inner), { derivative: 'exact' }, data, theta);
    const graph = new MamlObjective(policy, inner, { derivative: 'exact', curvature: 'gauss-newton' }).bind(
      data,
      theta,
    );
    const direction = Float64Array.from(normals(theta.length, ofState ? 0.03 : 0.1));
    const there = theta.map((x, i) => x + (direction[i] as number));
    expect(written.adapted(theta)).toBeAllClose(graph.adapted(theta), { rtol: 1e-5 });
    expect(written.gradient(theta)).toBeAllClose(graph.gradient(theta), { rtol: 2e-5 });
    expect(written.gradient(there)).toBeAllClose(graph.gradient(there), { rtol: 2e-5 });
    expect(written.curvature(direction)).toBeAllClose(graph.curvature(direction), { rtol: 2e-5 });
    expect(written.surrogate(there)).toBeAllClose(graph.surrogate(there), { rtol: 1e-5, atol: 1e-6 });
    expect(written.kl(there)).toBeAllClose(graph.kl(there), { rtol: 1e-4, atol: 1e-6 });
    expect(written.surrogate(theta)).toBeAllClose(-data.outer.advantages.reduce((a, b) => a + b, 0) / N, {
      rtol: 1e-12,
    });
    expect(written.kl(theta)).toBe(0);
    written.dispose();
    graph.dispose();
  });

  test('below its floor a log-standard deviation neither moves nor counts', () => {
    const policy = gaussian([4], 'tanh');
    const theta = policy.initialize(random);
    theta[theta.length - 1] = -20; // the floor is log 1e-3 = -6.9
    const inner = new VpgInnerOptimizer(policy, { learningRate: 1e-9, loss: 'log-likelihood', average: 'steps' });
    const observations = normals(3 * 8);
    const batch: Batch = {
      steps: 8,
      episodes: 1,
      observations,
      actions: normals(16, 1e-3),
      advantages: Float64Array.from(normals(8)),
      logProbabilities: new Float64Array(8),
    };
    const written = new WrittenOutTaskObjective(
      new WrittenOut(policy, inner),
      { derivative: 'exact' },
      { inner: [], outer: batch },
      theta,
    );
    const graph = new MamlObjective(policy, inner, { derivative: 'exact', curvature: 'gauss-newton' }).bind(
      { inner: [], outer: batch },
      theta,
    );
    expect(written.gradient(theta).at(-1)).toBe(0);
    expect(written.gradient(theta)).toBeAllClose(graph.gradient(theta), { rtol: 1e-4 });
    const v = Float64Array.from(normals(theta.length));
    expect(written.curvature(v)).toBeAllClose(graph.curvature(v), { rtol: 1e-4 });
  });
});

test('the kernels’ activations agree with float64 to a few units in the last place', () => {
  const x = Float32Array.from({ length: 4000 }, (_, i) => (i - 2000) / 150);
  const { run } = kernels();
  const pointer = kernels().allocate(x.length);
  for (const [kind, f] of [
    [0, Math.tanh],
    [1, (v: number) => Math.max(v, 0)],
    [2, (v: number) => 1 / (1 + Math.exp(-v))],
  ] as const) {
    kernels().view(pointer, x.length).set(x);
    run.activate(kind, pointer, x.length);
    const worst = kernels()
      .view(pointer, x.length)
      .reduce((top, y, i) => Math.max(top, Math.abs(y - f(x[i] as number))), 0);
    expect(worst).toBeLessThan(4e-7);
  }
  kernels().release(pointer);
});
