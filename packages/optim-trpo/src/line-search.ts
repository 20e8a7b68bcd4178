/**
 * Backtracking line search under a KL constraint: line 9 of the TRPO pseudocode.
 *
 *     for j = 0, 1, …, K do
 *        θ ← θ_k + αʲ s                      (s is the full step)
 *        if surrogate(θ) < surrogate(θ_k) and kl(θ) ≤ δ then return θ
 *     end for
 *     fail: keep θ_k
 */
import { addScaled } from './vector.js';

/** What is searched along. */
export interface LineSearchProblem {
  /** θ_k, `[n]`. Only read. */
  readonly start: Float64Array;
  /** s, `[n]`: tried first in full. Only read. */
  readonly fullStep: Float64Array;
  /** The surrogate at θ_k, finite. */
  readonly surrogateBefore: number;
  /** The loss to be lowered. */
  surrogate(parameters: Float64Array): Promise<number>;
  /** Mean KL(π_θk ‖ π_θ), in nats. */
  kl(parameters: Float64Array): Promise<number>;
}

/** Limits of the search. */
export interface LineSearchOptions {
  /** δ, in nats: the largest KL that is accepted. */
  readonly maxKl: number;
  /** α: each step tried is this times the one before. */
  readonly backtrackCoefficient: number;
  /** K: how many shorter steps are tried after the full one. */
  readonly maxBacktracks: number;
}

/** The last step tried. */
interface Trial {
  /** The step tried was αʲ s; also the number of shorter steps tried after the full one. */
  readonly j: number;
  /** The surrogate there. */
  readonly surrogate: number;
  /** The KL there. */
  readonly kl: number;
}

/** Why a search failed, judged at the last step tried. */
export type LineSearchFailure =
  /** The surrogate did not fall. */
  | 'surrogate-not-improved'
  /** The surrogate fell, but the KL was above the limit. */
  | 'kl-exceeded'
  /** Neither condition held. */
  | 'surrogate-not-improved-and-kl-exceeded'
  /** The surrogate or the KL was NaN or infinite; the search stopped there. */
  | 'not-finite';

/** What the search found, told apart by `kind`. */
export type LineSearchResult =
  | (Trial & {
      readonly kind: 'accepted';
      /** θ_k + αʲ s, `[n]`. */
      readonly parameters: Float64Array;
    })
  | (Trial & { readonly kind: 'failed'; readonly reason: LineSearchFailure });

/**
 * Finds the smallest j in 0 … K for which θ_k + αʲ s lowers the surrogate and has a KL of at most δ.
 *
 * A value that is not finite ends the search: the full step is as long as the KL limit allows, so it tells of broken
 * numbers rather than of too long a step.
 */
export async function lineSearch(
  problem: LineSearchProblem,
  { maxKl, backtrackCoefficient, maxBacktracks }: LineSearchOptions,
): Promise<LineSearchResult> {
  for (let j = 0; ; j++) {
    const parameters = addScaled(problem.start, backtrackCoefficient ** j, problem.fullStep);
    const surrogate = await problem.surrogate(parameters);
    const kl = await problem.kl(parameters);
    const trial = { j, surrogate, kl };
    if (!Number.isFinite(surrogate) || !Number.isFinite(kl)) return { kind: 'failed', reason: 'not-finite', ...trial };

    const improved = surrogate < problem.surrogateBefore;
    const near = kl <= maxKl;
    if (improved && near) return { kind: 'accepted', parameters, ...trial };
    if (j >= maxBacktracks) return { kind: 'failed', reason: failure(improved, near), ...trial };
  }
}

function failure(improved: boolean, near: boolean): LineSearchFailure {
  if (near) return 'surrogate-not-improved';
  return improved ? 'kl-exceeded' : 'surrogate-not-improved-and-kl-exceeded';
}
