/**
 * Trust region policy optimization (Schulman et al. 2015, arXiv:1502.05477), as OpenAI's Spinning Up states it
 * (https://spinningup.openai.com/en/latest/algorithms/trpo.html, Algorithm 1):
 *
 *      1: Input: initial policy parameters θ_0, initial value function parameters ϕ_0
 *      2: Hyperparameters: KL-divergence limit δ, backtracking coefficient α, maximum number of backtracking steps K
 *      3: for k = 0, 1, 2, … do
 *      4:    Collect set of trajectories D_k = {τ_i} by running policy π_k = π(θ_k) in the environment.
 *      5:    Compute rewards-to-go R̂_t.
 *      6:    Compute advantage estimates Â_t, based on the current value function V_ϕk.
 *      7:    Estimate policy gradient as ĝ_k = 1/|D_k| Σ_τ Σ_t ∇_θ log π_θ(a_t|s_t)|θk Â_t.
 *      8:    Use the conjugate gradient algorithm to compute x̂_k ≈ Ĥ_k⁻¹ ĝ_k,
 *            where Ĥ_k is the Hessian of the sample average KL-divergence.
 *      9:    Update the policy by backtracking line search with θ_k+1 = θ_k + αʲ √(2δ / x̂_kᵀĤ_k x̂_k) x̂_k,
 *            where j ∈ {0, 1, 2, …, K} is the smallest value which improves the sample loss and satisfies the
 *            sample KL-divergence constraint.
 *     10:    Fit value function by regression on mean-squared error.
 *     11: end for
 *
 * This file is lines 2 and 7 to 9. The trainer owns the loop, the data and the value function; the objective answers ĝ and Ĥ.
 *
 * Differs from the text
 * - The surrogate is a loss, the negative of what the text raises: g is −ĝ and the step is −x. What it averages over
 *   (steps, trajectories, tasks) is the objective's affair.
 * - Damping: Ĥ + λI stands in place of Ĥ in lines 8 and 9, since Ĥ can be singular.
 * - If no j serves, if a value is not finite, or if Ĥ + λI has a direction of zero or negative curvature, θ_k is kept and the
 *   proposal says why. Curvature that turns negative after some steps of conjugate gradient is treated the same way,
 *   although the x so far may look usable: a KL divergence has no such direction at its minimum, so the products are
 *   wrong, and with them the length of the step.
 */
import type { PolicyObjective, PolicyOptimizer, Proposal } from '@innerloop/core';
import { conjugateGradient, type MatrixProduct } from './conjugate-gradient.js';
import { lineSearch } from './line-search.js';
import { curvatureSentence, formatNumber, lineSearchSentence, notSolvedSentence } from './reasons.js';
import { addScaled, assertLength, dot, firstNonFinite } from './vector.js';

/** The hyperparameters of line 2, and those of conjugate gradient. */
export interface TrpoOptions {
  /** δ, in nats: the largest mean KL divergence of a step. */
  readonly maxKl: number;
  /** At most this many steps of conjugate gradient. */
  readonly cgIterations: number;
  /** λ, added to the diagonal of Ĥ. */
  readonly cgDamping: number;
  /** Conjugate gradient stops once rᵀr is below this. */
  readonly cgTolerance: number;
  /** α: each step tried by the line search is this times the one before. */
  readonly backtrackCoefficient: number;
  /** K: how many shorter steps the line search tries after the full one. */
  readonly maxBacktracks: number;
}

/** The values that the MAML literature uses. */
export const TRPO_DEFAULTS: TrpoOptions = {
  maxKl: 0.01,
  cgIterations: 10,
  cgDamping: 1e-5,
  cgTolerance: 1e-10,
  backtrackCoefficient: 0.8,
  maxBacktracks: 15,
};

/** The full step, or a sentence that says why there is none. */
type FullStep = { readonly step: Float64Array } | { readonly rejected: string };

/**
 * One TRPO step from θ_k. Reads the objective's vectors and never writes to them.
 *
 * @returns New parameters, or an exact copy of θ_k with the reason.
 * @throws RangeError if the objective returns a vector of the wrong length; whatever the objective throws.
 */
export async function trpoStep(objective: PolicyObjective, options: TrpoOptions): Promise<Proposal> {
  const start = objective.parameters;
  const gradient = await objective.gradient(); // line 7
  assertLength(gradient, start.length, 'gradient of the policy objective');
  const gradientNorm = Math.sqrt(dot(gradient, gradient));
  const keep = (reason: string, backtracks = 0): Proposal => {
    return { parameters: start.slice(), accepted: false, reason, backtracks, gradientNorm };
  };

  const surrogateBefore = await objective.surrogate(start);
  if (!Number.isFinite(surrogateBefore)) {
    return keep(`The surrogate at the current parameters is not finite: ${surrogateBefore}.`);
  }
  if (gradientNorm === 0) return keep('The gradient is zero, so there is no direction to step in.');

  const full = await fullStep(objective, gradient, options);
  if ('rejected' in full) return keep(full.rejected);

  // line 9, the search over j
  const found = await lineSearch(
    {
      start,
      fullStep: full.step,
      surrogateBefore,
      surrogate: (parameters) => objective.surrogate(parameters),
      kl: (parameters) => objective.kl(parameters),
    },
    options,
  );
  const reason = lineSearchSentence(found, surrogateBefore, options);
  if (found.kind === 'failed') return keep(reason, found.j);
  return { parameters: found.parameters, accepted: true, reason, backtracks: found.j, gradientNorm };
}

/** Line 8, and the part of line 9 before the search: −x·√(2δ / xᵀ(H + λI)x) with (H + λI)x = g. */
async function fullStep(
  objective: PolicyObjective,
  gradient: Float64Array,
  { maxKl, cgIterations, cgDamping, cgTolerance }: TrpoOptions,
): Promise<FullStep> {
  const damped: MatrixProduct = async (v) => addScaled(await objective.curvature(v), cgDamping, v);

  const solved = await conjugateGradient(damped, gradient, { iterations: cgIterations, tolerance: cgTolerance }); // line 8
  if (solved.kind !== 'solution') return { rejected: notSolvedSentence(solved) };

  const { x } = solved;
  const quadraticForm = dot(x, await damped(x.slice()));
  if (!(quadraticForm > 0 && quadraticForm < Number.POSITIVE_INFINITY)) {
    return { rejected: curvatureSentence(quadraticForm) };
  }
  const scale = Math.sqrt((2 * maxKl) / quadraticForm);
  const step = x.map((value) => -scale * value);
  const bad = firstNonFinite(step);
  if (bad >= 0) {
    const form = formatNumber(quadraticForm);
    return { rejected: `Number ${bad} of the full step is not finite: ${step[bad]} (xᵀ(H + λI)x is ${form}).` };
  }
  return { step };
}

/**
 * The policy optimizer `trpo`. It has no state.
 *
 * @param options Anything left out is as in {@link TRPO_DEFAULTS}.
 */
export function trpo(options: Partial<TrpoOptions> = {}): PolicyOptimizer {
  const resolved = { ...TRPO_DEFAULTS, ...options };
  return {
    needs: ['surrogate', 'gradient', 'kl', 'curvature'],
    improve: (objective) => trpoStep(objective, resolved),
    state: () => null,
    restore: () => {},
  };
}
