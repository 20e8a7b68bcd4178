import {
  type Batch,
  constant,
  GaussianMlpPolicy,
  type InnerOptimizer,
  type Policy,
  type PolicyGradientLossOptions,
  randomStream,
  tidy,
  useBackend,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { type Derivative, MamlObjective, type MamlObjectiveOptions, type MamlTaskObjective } from '../src/index.js';
import { EXACT } from './support/reference.js';
import { ScalarPolicy } from './support/scalar-policy.js';

await useBackend('cpu');

const LOG_LIKELIHOOD: PolicyGradientLossOptions = { loss: 'log-likelihood', average: 'steps' };

function vpg(policy: Policy, learningRate: number | readonly number[], loss = LOG_LIKELIHOOD): VpgInnerOptimizer {
  return new VpgInnerOptimizer(policy, { learningRate, ...loss });
}

function bind(
  policy: Policy,
  inner: InnerOptimizer,
  data: { inner: Batch[]; outer: Batch },
  theta: Float64Array,
  options: MamlObjectiveOptions = EXACT,
) {
  return new MamlObjective(policy, inner, options).bind(data, theta) as MamlTaskObjective;
}

describe('one parameter, by hand', () => {
  const batch = (actions: number[], advantages: number[]): Batch => ({
    steps: actions.length,
    episodes: 1,
    observations: new Float32Array(actions.length),
    actions: Float32Array.from(actions),
    advantages: Float64Array.from(advantages),
    logProbabilities: new Float64Array(actions.length),
  });
  // L(φ) = mean ½ Â (a − φ)² + const, so ∇L = −mean Â (a − φ) and H = mean Â.
  const D0 = batch([1, -1], [2, 1]); // at θ = 0.5: Â(a − θ) = 1, −1.5; ∇L = 0.25; H = 1.5
  const D1 = batch([0, 2], [1, 3]);
  const outer = batch([1, 0], [1, 2]);
  const theta = Float64Array.of(0.5);

  test('one step: φ = θ − α ∇L, J = 1 − αH', () => {
    // α = 0.2: φ = 0.5 − 0.05 = 0.45, J = 1 − 0.3 = 0.7.
    // At φ the ratio is 1 and ∇_φ of −mean ratio·Â is −mean Â (a − φ) = −(0.55 − 0.9)/2 = 0.175; gradient = 0.7 · 0.175 = 0.1225.
    // F = 1, so curvature(v) = J² v = 0.49 v. surrogate = −mean Â = −1.5.
    const task = bind(new ScalarPolicy(), vpg(new ScalarPolicy(), 0.2), { inner: [D0], outer }, theta);
    expect(task.adapted(theta)).toBeAllClose([0.45]);
    expect(task.gradient(theta)).toBeAllClose([0.1225]);
    expect(task.curvature(Float64Array.of(2))).toBeAllClose([0.98]);
    expect(task.surrogate(theta)).toBeCloseTo(-1.5, 12);
    // kl(θ + 1) = ½ (0.7 · 1)² = 0.245.
    expect(task.kl(Float64Array.of(1.5))).toBeAllClose(0.245);
    // First order: gradient 0.175, curvature v.
    const first = bind(new ScalarPolicy(), vpg(new ScalarPolicy(), 0.2), { inner: [D0], outer }, theta, {
      ...EXACT,
      derivative: 'first-order',
    });
    expect(first.gradient(theta)).toBeAllClose([0.175]);
    expect(first.curvature(Float64Array.of(2))).toBeAllClose([2]);
  });

  test('two steps of different sizes: J = (1 − α₁H₁)(1 − α₀H₀)', () => {
    // α = (0.2, 0.1): φ¹ = 0.45. On D1: Â(a − φ¹) = −0.45, 4.65; ∇L = −2.1; H₁ = 2. φ = 0.45 + 0.21 = 0.66. J = 0.8 · 0.7 = 0.56.
    // ∇_φ: −((1 − 0.66) + 2 (0 − 0.66))/2 = 0.49; gradient 0.2744. curvature = 0.3136 v.
    const task = bind(new ScalarPolicy(), vpg(new ScalarPolicy(), [0.2, 0.1]), { inner: [D0, D1], outer }, theta);
    expect(task.adapted(theta)).toBeAllClose([0.66]);
    expect(task.gradient(theta)).toBeAllClose([0.2744]);
    expect(task.curvature(Float64Array.of(1))).toBeAllClose([0.3136]);
  });

  test('a likelihood ratio has the same step and another Jacobian', () => {
    // Behaviour policy at θ itself: ratio 1, ∇L = 0.25 as before. Second derivative of −mean ratio·Â:
    // ∇²ratio = (a − θ)² − 1, so H = −mean Â ((a − θ)² − 1) = −(2 (0.25 − 1) + (2.25 − 1))/2 = 0.125; J = 1 − 0.025 = 0.975.
    const policy = new ScalarPolicy();
    const logProbability = (a: number) => -0.5 * (a - 0.5) ** 2 - 0.5 * Math.log(2 * Math.PI);
    const behaved = { ...D0, logProbabilities: Float64Array.from([1, -1], logProbability) };
    const ratio = { loss: 'likelihood-ratio', average: 'steps' } as const;
    const task = bind(policy, vpg(policy, 0.2, ratio), { inner: [behaved], outer }, theta);
    expect(task.adapted(theta)).toBeAllClose([0.45]);
    expect(task.gradient(theta)).toBeAllClose([0.975 * 0.175]);
  });

  test('1/|D| divides by trajectories', () => {
    // D0 has 2 steps in 1 trajectory: the loss doubles, ∇L = 0.5, φ = 0.5 − 0.1 = 0.4.
    const policy = new ScalarPolicy();
    const sums = { loss: 'log-likelihood', average: 'trajectories' } as const;
    const task = bind(policy, vpg(policy, 0.2, sums), { inner: [D0], outer }, theta);
    expect(task.adapted(theta)).toBeAllClose([0.4]);
  });
});

describe('a small network, by finite differences', () => {
  const spaces = {
    observationSpace: { kind: 'box', low: [-1, -1, -1], high: [1, 1, 1] },
    actionSpace: { kind: 'box', low: [-1, -1], high: [1, 1] },
  } as const;
  const policy = new GaussianMlpPolicy(spaces, { hiddenSizes: [5], activation: 'tanh', initialStd: 0.8, minStd: 1e-6 });
  const random = randomStream({ seed: 3, purpose: 'user' });
  const normals = (n: number, factor = 1) => Float32Array.from({ length: n }, () => factor * random.normal());
  const theta = policy.initialize(random);
  const direction = Float64Array.from(normals(theta.length, 0.2));
  const N = 9;

  /** A batch whose behaviour policy is close to θ, so that likelihood ratios are of order 1. */
  const batch = (): Batch => {
    const observations = normals(3 * N);
    const actions = normals(2 * N, 0.8);
    const logProbabilities = tidy(() => {
      const at = policy.distribution(policy.layout.constants(theta), constant(observations, [N, 3]));
      return Float64Array.from(policy.logProbability(at, constant(actions, [N, 2])).values());
    });
    return {
      steps: N,
      episodes: 3,
      observations,
      actions,
      advantages: Float64Array.from(normals(N)),
      logProbabilities,
    };
  };
  const data = { inner: [batch(), batch(), batch()], outer: batch() };

  /**
   * Fourth-order central difference along a direction. h = 0.02: rounding of about 1e-7/h = 5e-6, truncation of h⁴ = 2e-7 times
   * a fifth derivative.
   */
  const slope = (f: (parameters: Float64Array) => number, along: ArrayLike<number>) => {
    const h = 0.02;
    const at = (t: number) => f(theta.map((x, i) => x + t * (along[i] as number)));
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  };
  const dotOf = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((total, x, i) => total + x * (b[i] as number), 0);

  test.each([
    ['log-likelihood', 'steps'],
    ['log-likelihood', 'trajectories'],
    ['likelihood-ratio', 'steps'],
  ] as const)('meta-gradient through three steps, %s, mean over %s', (loss, average) => {
    const task = bind(
      policy,
      vpg(policy, average === 'steps' ? [0.2, 0.1, 0.15] : [0.04, 0.02, 0.03], { loss, average }),
      data,
      theta,
    );
    const g = task.gradient(theta);
    for (let k = 0; k < 6; k++) {
      const along = Float64Array.from(normals(theta.length, 0.1));
      expect(dotOf(g, along)).toBeAllClose(
        slope((p) => task.surrogate(p), along),
        { rtol: 1e-3, atol: 5e-5 },
      );
    }
    // Away from θ_k the chain is recorded anew.
    const elsewhere = theta.map((x, i) => x + 0.3 * (direction[i] as number));
    const h = 0.02;
    const at = (t: number) => task.surrogate(elsewhere.map((x, i) => x + t * (direction[i] as number)));
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    expect(dotOf(task.gradient(elsewhere), direction)).toBeAllClose(difference, { rtol: 1e-3, atol: 5e-5 });
    task.dispose();
  });

  test('curvature is the second derivative of kl: vᵀ C v against a second difference of kl', () => {
    // kl(θ_k) = 0 and ∇kl = 0, so kl(θ ± hv) = ½ h² vᵀCv + O(h³); the odd terms cancel in the sum of both sides.
    for (const curvature of ['gauss-newton', 'double-backprop', 'finite-difference'] as const) {
      const task = bind(policy, vpg(policy, [0.2, 0.1, 0.15]), data, theta, { ...EXACT, curvature });
      const quadratic = dotOf(direction, task.curvature(direction));
      const h = 0.1;
      const at = (t: number) => task.kl(theta.map((x, i) => x + t * (direction[i] as number)));
      const second = (at(h) + at(-h)) / (h * h);
      expect(quadratic, curvature).toBeAllClose(second, { rtol: 1e-2 });
      task.dispose();
    }
  });

  test('the three curvatures agree, for exact and first-order derivatives', () => {
    for (const derivative of ['exact', 'first-order'] as const satisfies readonly Derivative[]) {
      const inner = vpg(policy, [0.2, 0.1, 0.15]);
      const product = (curvature: MamlObjectiveOptions['curvature']) => {
        const task = bind(policy, inner, data, theta, { derivative, curvature });
        const result = task.curvature(direction);
        task.dispose();
        return result;
      };
      const gaussNewton = product('gauss-newton');
      expect(product('double-backprop')).toBeAllClose(gaussNewton, { rtol: 1e-5 });
      expect(product('finite-difference')).toBeAllClose(gaussNewton, { rtol: 2e-3 });
    }
  });

  test('a symmetric Jacobian is taken from the optimizer’s word; without it the products are the same', () => {
    const inner = vpg(policy, [0.2, 0.1, 0.15]);
    const plain: InnerOptimizer = { adapt: (p, b, c) => inner.adapt(p, b, c) };
    const fast = bind(policy, inner, data, theta).curvature(direction);
    expect(bind(policy, plain, data, theta).curvature(direction)).toBeAllClose(fast, { rtol: 1e-5 });
  });

  test('J v against a finite difference of φ, and ⟨u, J v⟩ = ⟨Jᵀ u, v⟩', () => {
    const inner = vpg(policy, [0.2, 0.1, 0.15]);
    const task = bind(policy, inner, data, theta);
    const { layout } = policy;
    const u = Float64Array.from(normals(theta.length));
    const [forward, transposed] = tidy(() => {
      const recorded = task.record(theta);
      const Jv = recorded.forward({ policy: layout.constants(direction), own: [] });
      return [layout.flatten(Jv), task.join(recorded.transposed(layout.constants(u)))];
    }) as [Float64Array, Float64Array];
    const h = 0.02;
    const phi = (t: number) => task.adapted(theta.map((x, i) => x + t * (direction[i] as number)));
    const [a, b, c, d] = [phi(h), phi(-h), phi(2 * h), phi(-2 * h)] as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const difference = a.map((x, i) => (8 * (x - (b[i] as number)) - ((c[i] as number) - (d[i] as number))) / (12 * h));
    expect(forward).toBeAllClose(difference, { rtol: 2e-4 });
    expect(dotOf(u, forward)).toBeAllClose(dotOf(transposed, direction), { rtol: 1e-5 });
  });

  test('cutting the chain between steps changes nothing', () => {
    const inner = vpg(policy, [0.2, 0.1, 0.15]);
    const task = bind(policy, inner, data, theta);
    const whole = tidy(() => policy.layout.flatten(task.adaptWhole(policy.layout.variables(theta))));
    expect([...task.adapted(theta)]).toEqual([...whole]);
  });
});
