import type { Batch, PolicyGradientLossOptions } from '@innerloop/core';

/*
 * A Gaussian policy with one hidden tanh layer in plain float64 loops, and derivatives by differences: an oracle that shares nothing with the
 * code under test. Parameters are flat: W [obs, hidden], b, V [hidden, act], c, log σ [act].
 */

/** Lengths of an observation, the hidden layer and an action. */
export interface Sizes {
  readonly obs: number;
  readonly hidden: number;
  readonly act: number;
}

type Vector = ArrayLike<number>;

const at = (x: Vector, i: number) => x[i] as number;

/** μ(s) and log σ at one observation. */
function outputs({ obs, hidden, act }: Sizes, theta: Vector, s: Vector): { mean: number[]; logStd: number[] } {
  const b = obs * hidden;
  const V = b + hidden;
  const c = V + hidden * act;
  const h = Array.from({ length: hidden }, (_, k) => {
    let total = at(theta, b + k);
    for (let i = 0; i < obs; i++) total += at(s, i) * at(theta, i * hidden + k);
    return Math.tanh(total);
  });
  const mean = Array.from({ length: act }, (_, d) =>
    h.reduce((total, value, k) => total + value * at(theta, V + k * act + d), at(theta, c + d)),
  );
  return { mean, logStd: Array.from({ length: act }, (_, d) => at(theta, c + act + d)) };
}

/** log N(a; μ(s), σ²). */
export function logProbability(sizes: Sizes, theta: Vector, s: Vector, a: Vector): number {
  const { mean, logStd } = outputs(sizes, theta, s);
  return mean.reduce((total, mu, d) => {
    const z = (at(a, d) - mu) / Math.exp(at(logStd, d));
    return total - 0.5 * z * z - at(logStd, d) - 0.5 * Math.log(2 * Math.PI);
  }, 0);
}

/** KL(N_p ‖ N_q) at one observation. */
export function klDivergence(sizes: Sizes, p: Vector, q: Vector, s: Vector): number {
  const [from, to] = [outputs(sizes, p, s), outputs(sizes, q, s)];
  return from.mean.reduce((total, mu, d) => {
    const [sp, sq] = [Math.exp(at(from.logStd, d)), Math.exp(at(to.logStd, d))];
    return total + Math.log(sq / sp) + (sp * sp + (mu - at(to.mean, d)) ** 2) / (2 * sq * sq) - 0.5;
  }, 0);
}

/** The mean over a batch's steps of something at (s, a, Â, log π_behaviour). */
export function meanOver(
  { obs, act }: Sizes,
  batch: Batch,
  f: (s: Vector, a: Vector, advantage: number, behaviour: number) => number,
): number {
  let total = 0;
  for (let t = 0; t < batch.steps; t++) {
    const s = batch.observations.subarray(t * obs, (t + 1) * obs);
    const a = batch.actions.subarray(t * act, (t + 1) * act);
    total += f(s, a, at(batch.advantages, t), at(batch.logProbabilities, t));
  }
  return total / batch.steps;
}

/** The loss of an inner step, a mean over steps. */
export function innerLoss(sizes: Sizes, loss: PolicyGradientLossOptions['loss'], phi: Vector, batch: Batch): number {
  return meanOver(sizes, batch, (s, a, advantage, behaviour) => {
    const logp = logProbability(sizes, phi, s, a);
    return -advantage * (loss === 'log-likelihood' ? logp : Math.exp(logp - behaviour));
  });
}

/** ∇f by central differences of fourth order: with h = 1e-3 its error is about 1e-12 in truncation and 1e-13 in rounding. */
export function gradientOf(f: (x: Float64Array) => number, x: Float64Array, h = 1e-3): Float64Array {
  return x.map((_, i) => {
    const moved = (distance: number) => f(x.map((value, k) => (k === i ? value + distance : value)));
    return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
  });
}

/** φ⁰, φ¹, …, φᴷ: gradient steps from φ⁰, each along `step(∇L)`. */
export function adaptationPath(
  theta: Float64Array,
  batches: readonly Batch[],
  lossAt: (phi: Float64Array, batch: Batch) => number,
  step: (slope: Float64Array, j: number) => Vector,
): Float64Array[] {
  const path = [theta];
  batches.forEach((batch, j) => {
    const phi = path[j] as Float64Array;
    const move = step(
      gradientOf((x) => lossAt(x, batch), phi),
      j,
    );
    path.push(phi.map((value, i) => value - at(move, i)));
  });
  return path;
}
