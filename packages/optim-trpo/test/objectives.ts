import { ParameterLayout, type PolicyObjective } from '@innerloop/core';
import { type Matrix, multiply } from './dense.js';

const inner = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Array.from(x).reduce((total, value, i) => total + value * (y[i] as number), 0);
const minus = (x: Float64Array, y: ArrayLike<number>) => x.map((value, i) => value - (y[i] as number));

/** A layout of one vector. */
export const layoutOf = (size: number) => new ParameterLayout([{ name: 'theta', shape: [size] }]);

/** surrogate = ½ (θ − c)ᵀA(θ − c), kl = ½ (θ − θ_k)ᵀH(θ − θ_k). Any member can be replaced. */
export function quadratic(
  { a, c, h, start }: { a: Matrix; c: readonly number[]; h: Matrix; start: readonly number[] },
  replaced: Partial<PolicyObjective> = {},
): PolicyObjective {
  const parameters = Float64Array.from(start);
  return {
    parameters,
    layout: layoutOf(start.length),
    surrogate: async (theta) => 0.5 * inner(minus(theta, c), multiply(a, minus(theta, c))),
    gradient: async (theta = parameters) => multiply(a, minus(theta, c)),
    kl: async (theta) => 0.5 * inner(minus(theta, parameters), multiply(h, minus(theta, parameters))),
    curvature: async (v) => multiply(h, v),
    ...replaced,
  };
}

/**
 * A Gaussian policy with mean θ and fixed standard deviations σ, whose reward is −½ Σ w_i (a_i − goal_i)². In closed form
 * and up to a constant, expected loss = ½ Σ w_i (θ_i − goal_i)², KL = Σ (θ_i − θ_k,i)² / 2σ_i²: convex.
 */
export function gaussianReach(start: Float64Array): PolicyObjective {
  const diagonal = (values: readonly number[]) => values.map((v, i) => values.map((_, j) => (i === j ? v : 0)));
  const sigma = [0.5, 0.2];
  const h = diagonal(sigma.map((s) => 1 / (s * s)));
  return quadratic({ a: diagonal([1, 4]), c: [1, -0.5], h, start: Array.from(start) });
}

/** Softmax of logits. */
export function softmax(logits: Float64Array): Float64Array {
  const top = Math.max(...logits);
  const weights = logits.map((value) => Math.exp(value - top));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/**
 * A bandit in expectation: π = softmax(θ), surrogate = −Σ π_a r_a, with the exact gradient, KL and Fisher matrix
 * diag(π) − ππᵀ. The Fisher matrix is singular along (1, …, 1), so damping is needed.
 */
export function bandit(rewards: readonly number[], start: Float64Array): PolicyObjective {
  const old = softmax(start);
  const value = (pi: Float64Array) => inner(pi, rewards);
  return {
    parameters: start,
    layout: layoutOf(start.length),
    surrogate: async (theta) => -value(softmax(theta)),
    gradient: async (theta = start) => {
      const pi = softmax(theta);
      return pi.map((p, a) => -p * ((rewards[a] as number) - value(pi)));
    },
    kl: async (theta) => {
      const pi = softmax(theta);
      return old.reduce((total, p, a) => total + p * Math.log(p / (pi[a] as number)), 0);
    },
    curvature: async (v) => v.map((value, a) => (old[a] as number) * (value - inner(old, v))),
  };
}
