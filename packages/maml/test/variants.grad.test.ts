import { type Batch, type InnerOptimizer, type TaskData, useBackend } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { AnilInnerOptimizer, MetaSgdInnerOptimizer, VpgInnerOptimizer } from '../../optim-vpg/src/index.js';
import {
  E_MAML_LOSS,
  LossObjective,
  MamlObjective,
  type MamlTask,
  type MetaLoss,
  prompLoss,
  ReptileObjective,
} from '../src/index.js';
import {
  adaptationPath,
  gradientOf,
  innerLoss,
  klDivergence,
  logProbability,
  meanOver,
} from './support/plain-gaussian.js';
import { dataOf, elsewhere, policy, SIZES, thetaK } from './support/plain-task.js';

await useBackend('cpu');

/*
 * Surrogates and gradients of the variants against plain float64 loops and differences (support/plain-gaussian.ts), through two inner
 * steps, at θ_k and away from it. Ours are float32: relative 1e-7 times what the graph adds up.
 */
const CLOSE = { rtol: 2e-5, atol: 1e-7 };
const ALPHA = [0.3, 0.2];
const EXACT = { derivative: 'exact', curvature: 'gauss-newton' } as const;

type Loss = 'log-likelihood' | 'likelihood-ratio';
type Path = readonly Float64Array[];

const plainPath = (theta: Float64Array, inner: readonly Batch[], loss: Loss, mask?: ArrayLike<number>): Path =>
  adaptationPath(
    theta,
    inner,
    (phi, batch) => innerLoss(SIZES, loss, phi, batch),
    (slope, j) => slope.map((g, i) => (ALPHA[j] as number) * g * (mask?.[i] ?? 1)),
  );

const vpg = (loss: Loss = 'log-likelihood') =>
  new VpgInnerOptimizer(policy, { learningRate: ALPHA, loss, average: 'steps' });

/** Data for a mask of adapted parameters, if any. */
const dataFor = (loss: Loss, mask?: ArrayLike<number>): TaskData =>
  dataOf(2, (phi, batch, j) => {
    const slope = gradientOf((x) => innerLoss(SIZES, loss, x, batch), phi);
    return phi.map((value, i) => value - (ALPHA[j] as number) * (slope[i] as number) * (mask?.[i] ?? 1));
  });

/** −mean r Â, with r to the policy that collected the batch. */
const ratioLoss = (phi: Float64Array, batch: Batch) => innerLoss(SIZES, 'likelihood-ratio', phi, batch);

/** Holds surrogate and gradient of a task to those of a plain function, at θ_k and elsewhere. */
function holdTo(task: MamlTask, plain: (theta: Float64Array) => number, points = [thetaK, elsewhere]): void {
  for (const theta of points) {
    expect(task.surrogate(theta)).toBeAllClose(plain(theta), { rtol: 1e-5, atol: 1e-6 });
    expect(task.gradient(theta)).toBeAllClose(gradientOf(plain, theta), CLOSE);
  }
}

describe('e-maml', () => {
  const data = dataFor('log-likelihood');
  const weights = [-0.7, 0.4];
  const plain = (theta: Float64Array) => {
    const here = plainPath(theta, data.inner, 'log-likelihood');
    const terms = data.inner.map((batch, j) =>
      meanOver(SIZES, batch, (s, a, _, old) => logProbability(SIZES, here[j] as Float64Array, s, a) - old),
    );
    const [w0, w1] = weights as [number, number];
    return ratioLoss(here[2] as Float64Array, data.outer) + w0 * (terms[0] as number) + w1 * (terms[1] as number);
  };
  const bind = (loss: MetaLoss = E_MAML_LOSS) => {
    const objective = new LossObjective({ policy, inner: vpg(), loss }, EXACT);
    const task = objective.bind(data, thetaK);
    task.weigh?.(weights);
    return task;
  };

  test('surrogate and gradient, terms of both inner steps included', () => {
    const task = bind();
    holdTo(task, plain);
    expect(task.innerTerms?.(thetaK)).toEqual([0, 0]);
    task.dispose();
  });

  test('weights of zero leave MAML; without weights it is refused', () => {
    const maml = new MamlObjective(policy, vpg(), EXACT).bind(data, thetaK);
    const task = bind();
    task.weigh?.([0, 0]);
    expect(task.surrogate(elsewhere)).toBe(maml.surrogate(elsewhere));
    expect([...task.gradient(elsewhere)]).toEqual([...maml.gradient(elsewhere)]);
    const unweighed = new LossObjective({ policy, inner: vpg(), loss: E_MAML_LOSS }, EXACT).bind(data, thetaK);
    expect(() => unweighed.gradient(thetaK)).toThrow('was told no weight');
    for (const each of [maml, task, unweighed]) each.dispose();
  });

  test('the term matters here: MAML is told apart', () => {
    const maml = new MamlObjective(policy, vpg(), EXACT).bind(data, thetaK);
    expect(maml.gradient(thetaK)).not.toBeAllClose(gradientOf(plain, thetaK), { rtol: 1e-2 });
    maml.dispose();
  });
});

describe('promp', () => {
  const CLIP = 0.1;
  const data = dataFor('likelihood-ratio');
  const etas = [0.5, 2];
  const frozen = plainPath(thetaK, data.inner, 'likelihood-ratio');
  const clippedAt = (theta: Float64Array) => {
    const phi = plainPath(theta, data.inner, 'likelihood-ratio')[2] as Float64Array;
    let clipped = 0;
    const value = meanOver(SIZES, data.outer, (s, a, advantage, old) => {
      const ratio = Math.exp(logProbability(SIZES, phi, s, a) - old);
      const other = Math.min(Math.max(ratio, 1 - CLIP), 1 + CLIP);
      if (other * advantage < ratio * advantage) clipped += 1;
      return -Math.min(ratio * advantage, other * advantage);
    });
    return { value, clipped };
  };
  const klAt = (theta: Float64Array) => {
    const here = plainPath(theta, data.inner, 'likelihood-ratio');
    return data.inner.map((batch, j) =>
      meanOver(SIZES, batch, (s) => klDivergence(SIZES, frozen[j] as Float64Array, here[j] as Float64Array, s)),
    );
  };
  const plain = (theta: Float64Array) =>
    klAt(theta).reduce((total, kl, j) => total + (etas[j] as number) * kl, clippedAt(theta).value);
  const bind = (clip = CLIP) => {
    const parts = { policy, inner: vpg('likelihood-ratio'), loss: prompLoss(policy, clip) };
    const task = new LossObjective(parts, EXACT).bind(data, thetaK);
    task.weigh?.(etas);
    return task;
  };

  test('surrogate and gradient, where some steps are clipped and others not', () => {
    const { clipped } = clippedAt(elsewhere);
    expect(clipped).toBeGreaterThan(0);
    expect(clipped).toBeLessThan(data.outer.steps);
    const task = bind();
    holdTo(task, plain);
    task.dispose();
  });

  test('its inner terms are the KL of each step’s policy, before the weights', () => {
    const task = bind();
    expect(task.innerTerms?.(thetaK)).toEqual([0, 0]);
    const expected = klAt(elsewhere);
    expect(Math.min(...expected)).toBeGreaterThan(1e-3);
    expect(task.innerTerms?.(elsewhere) ?? []).toBeAllClose(expected, { rtol: 1e-5 });
    task.dispose();
  });

  test('at θ_k it is MAML’s gradient: nothing is clipped and the KL is flat; elsewhere it is not', () => {
    const maml = new MamlObjective(policy, vpg('likelihood-ratio'), EXACT).bind(data, thetaK);
    const task = bind();
    expect(task.gradient(thetaK)).toBeAllClose(maml.gradient(thetaK), { rtol: 1e-6 });
    expect(task.gradient(elsewhere)).not.toBeAllClose(maml.gradient(elsewhere), { rtol: 1e-2 });
    task.dispose();
    maml.dispose();
  });
});

describe('reptile', () => {
  const data = dataFor('log-likelihood');
  const phi = plainPath(thetaK, data.inner, 'log-likelihood')[2] as Float64Array;
  const plain = (theta: Float64Array) =>
    0.5 * theta.reduce((total, value, i) => total + (value - (phi[i] as number)) ** 2, 0);

  test.each(['graph', 'kernels'] as const)('surrogate and gradient: θ − φ, with φ held fixed (%s)', (engine) => {
    const objective = new ReptileObjective(policy, vpg(), { engine });
    const task = objective.bind(data, thetaK);
    holdTo(task, plain);
    expect(task.kl(thetaK)).toBe(0);
    expect(task.kl(elsewhere)).toBeGreaterThan(0);
    expect(objective.provides).toEqual(['surrogate', 'gradient', 'kl']);
    // A step of ε along −gradient is θ + ε (φ − θ): with ε = 1 it arrives.
    const arrived = thetaK.map((value, i) => value - (task.gradient(thetaK)[i] as number));
    expect(arrived).toBeAllClose(phi, { rtol: 1e-6 });
    task.dispose();
  });

  test('an inner optimizer with parameters of its own is refused', () => {
    const metaSgd = new MetaSgdInnerOptimizer(policy, { learningRate: 0.1, loss: 'log-likelihood', average: 'steps' });
    expect(() => new ReptileObjective(policy, metaSgd)).toThrow('would never be learned');
  });
});

describe('anil', () => {
  // output/weights [3, 1] and output/bias [1] begin after W [2, 3] and b [3].
  const mask = Float64Array.from({ length: 14 }, (_, i) => (i >= 9 && i < 13 ? 1 : 0));
  const data = dataFor('log-likelihood', mask);
  const anil = new AnilInnerOptimizer(policy, {
    adapt: ['output/*'],
    learningRate: ALPHA,
    loss: 'log-likelihood',
    average: 'steps',
  });
  const plain = (theta: Float64Array) =>
    ratioLoss(plainPath(theta, data.inner, 'log-likelihood', mask)[2] as Float64Array, data.outer);
  const bind = (engine: 'graph' | 'kernels', inner: InnerOptimizer = anil) =>
    new MamlObjective(policy, inner, { ...EXACT, engine }).bind(data, thetaK);

  test.each(['graph', 'kernels'] as const)('surrogate and meta-gradient: %s', (engine) => {
    const task = bind(engine);
    holdTo(task, plain);
    const moved = task.adapted(thetaK).map((value, i) => value - (thetaK[i] as number));
    moved.forEach((distance, i) => {
      if (mask[i] === 0) expect(distance).toBe(0);
      else expect(Math.abs(distance)).toBeGreaterThan(1e-3);
    });
    task.dispose();
  });

  test('curvature is the second derivative of kl, from both engines', () => {
    const v = elsewhere.map((value, i) => value - (thetaK[i] as number));
    // kl and its slope are 0 at θ_k, so ∇kl(θ_k ± hv) = ± h C v + O(h²), and the even terms cancel in the difference.
    const frozen = plainPath(thetaK, data.inner, 'log-likelihood', mask)[2] as Float64Array;
    const kl = (theta: Float64Array) => {
      const phi = plainPath(theta, data.inner, 'log-likelihood', mask)[2] as Float64Array;
      return meanOver(SIZES, data.outer, (s) => klDivergence(SIZES, frozen, phi, s));
    };
    const h = 1e-2;
    const slope = (t: number) =>
      gradientOf(
        kl,
        thetaK.map((value, i) => value + t * (v[i] as number)),
      );
    const [ahead, behind] = [slope(h), slope(-h)];
    const expected = ahead.map((value, i) => (value - (behind[i] as number)) / (2 * h));
    for (const engine of ['graph', 'kernels'] as const) {
      const task = bind(engine);
      expect(task.curvature(v), engine).toBeAllClose(expected, { rtol: 1e-3 });
      task.dispose();
    }
  });

  test('calling its Jacobian symmetric would be noticed', () => {
    const wrong: InnerOptimizer = { adapt: (p, b, c) => anil.adapt(p, b, c), symmetricJacobian: true };
    const [right, other] = [bind('graph'), bind('graph', wrong)];
    const v = elsewhere.map((value, i) => value - (thetaK[i] as number));
    expect(other.curvature(v)).not.toBeAllClose(right.curvature(v), { rtol: 1e-2 });
    right.dispose();
    other.dispose();
  });
});

describe('meta-sgd', () => {
  const size = policy.layout.size;
  const rates = Float64Array.from({ length: size }, (_, i) => Math.fround(0.1 + 0.03 * i));
  const inner = new MetaSgdInnerOptimizer(policy, { learningRate: 0.1, loss: 'log-likelihood', average: 'steps' });
  const path = (theta: Float64Array, batches: readonly Batch[]) =>
    adaptationPath(
      theta.slice(0, size),
      batches,
      (phi, batch) => innerLoss(SIZES, 'log-likelihood', phi, batch),
      (slope) => slope.map((g, i) => (theta[size + i] as number) * g),
    );
  const both = (theta: Float64Array) => Float64Array.of(...theta, ...rates);
  const data = dataOf(2, (phi, batch) => path(both(phi), [batch])[1] as Float64Array);
  const plain = (theta: Float64Array) => ratioLoss(path(theta, data.inner)[2] as Float64Array, data.outer);

  test('surrogate and meta-gradient in θ and in the step sizes', () => {
    const task = new MamlObjective(policy, inner, EXACT).bind(data, both(thetaK));
    holdTo(task, plain, [both(thetaK), both(elsewhere)]);
    expect(Math.hypot(...task.gradient(both(thetaK)).subarray(size))).toBeGreaterThan(0.01);
    task.dispose();
  });
});
