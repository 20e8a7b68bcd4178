import type { ParameterPart } from '@innerloop/core';

/*
 * The arithmetic minimum of one MAML-TRPO update: the multiply-adds of the matrix products that no implementation can do without, times
 * two. Element-wise work is not counted, nor is anything that an implementation does twice, so the number is a property of
 * the update and not of the program.
 *
 * For one layer [in, out] and one batch of N steps, a product of [N, in] with [in, out], or of their transposes, is N · in · out
 * multiply-adds. How many such products each pass takes, for the first layer and for every later one (the first has no layer below it
 * to send a cotangent to, and its input has no tangent):
 *
 *   pass                                            first   later
 *   forward               x W                         1       1
 *   reverse               xᵀδ, δWᵀ                    1       2
 *   Hessian product       x V, ẋ W; xᵀδ̇, ẋᵀδ, δ̇Wᵀ, δVᵀ    2       6     (forward and reverse are kept from before)
 *   Fisher product        x V, ẋ W; xᵀδ, δWᵀ              2       4     (forward is kept from before)
 *
 * With K inner steps, for each task:
 *
 *   gradient(θ_k)    forward and reverse on every inner batch and on the outer one; Jᵀu is K Hessian products
 *   curvature(v)     Jᵀ F J v is 2K Hessian products and one Fisher product: 6 + 4 + 6 = 16 products of a hidden layer if K = 1
 *   a trial θ        forward and reverse on every inner batch, forward on the outer one: surrogate and KL share them
 *
 * At θ_k the surrogate and the KL are known, so they cost nothing. A first-order derivative leaves out the Hessian products.
 */

/** How the flops are counted, in one sentence for the reader of a report. */
export const COUNTING_RULE =
  'two flops for each multiply-add of the matrix products in the arithmetic minimum of the update (a Gauss-Newton product of one task ' +
  'with one inner step is 16 hidden-layer products); element-wise work is not counted';

/** Products of the first layer and of each later one. */
interface Pass {
  readonly first: number;
  readonly later: number;
}

const FORWARD: Pass = { first: 1, later: 1 };
const REVERSE: Pass = { first: 1, later: 2 };
const HESSIAN: Pass = { first: 2, later: 6 };
const FISHER: Pass = { first: 2, later: 4 };

/** What was done in one update. */
export interface UpdateWork {
  /** Steps of all tasks' batches: D⁰, …, Dᴷ⁻¹, D′. */
  readonly steps: readonly number[];
  /** Curvature products asked for. */
  readonly products: number;
  /** Different parameters, other than θ_k, at which surrogate or KL was asked for. */
  readonly trials: number;
  readonly derivative: 'exact' | 'first-order';
}

/** Flops of each phase of the update, and of all. */
export interface UpdateFlops {
  readonly gradient: number;
  readonly curvature: number;
  readonly lineSearch: number;
  readonly update: number;
}

/** See the head of this file. `weights` are the shapes of the layers' weight matrices, from the input on. */
export function updateFlops(weights: readonly (readonly [number, number])[], work: UpdateWork): UpdateFlops {
  const { steps, products, trials, derivative } = work;
  const inner = steps.slice(0, -1).reduce((total, n) => total + n, 0);
  const outer = steps.at(-1) ?? 0;
  const pass = (n: number, ...passes: readonly Pass[]) =>
    passes.reduce((total, { first, later }) => {
      const layers = weights.map(([rows, columns], layer) => (layer === 0 ? first : later) * rows * columns);
      return total + 2 * n * layers.reduce((sum, flops) => sum + flops, 0);
    }, 0);
  const jacobian = derivative === 'exact' ? pass(inner, HESSIAN) : 0;
  const gradient = pass(inner, FORWARD, REVERSE) + pass(outer, FORWARD, REVERSE) + jacobian;
  const curvature = products * (2 * jacobian + pass(outer, FISHER));
  const lineSearch = trials * (pass(inner, FORWARD, REVERSE) + pass(outer, FORWARD));
  return { gradient, curvature, lineSearch, update: gradient + curvature + lineSearch };
}

/** The weight matrices among a multilayer perceptron's parameters, from the input on. */
export function weightShapes(parts: readonly ParameterPart[]): (readonly [number, number])[] {
  return parts
    .filter(({ name, shape }) => name.endsWith('/weights') && shape.length === 2)
    .map(({ shape }) => shape as readonly [number, number]);
}
