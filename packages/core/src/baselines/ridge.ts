import { InnerloopError } from '../errors.js';
import { cholesky, choleskySolve } from '../numerics/cholesky.js';

/** How many strengths of ridge are tried, each ten times the one before. */
const RIDGE_TRIES = 5;

/** A ridge regression's weights, and the ridge that they took. */
export interface RidgeSolution {
  /** `[n]`. */
  readonly weights: Float64Array;
  /** The strength that worked; larger than the one asked for if that failed. */
  readonly ridge: number;
}

/**
 * Solves `(XᵀX + ridge · I) w = Xᵀy` by Cholesky. When the matrix is not positive definite to working precision, or the
 * weights are not finite, the ridge is made ten times stronger, up to five tries in all.
 *
 * @param gram XᵀX, `[n, n]`.
 * @param moments Xᵀy, `[n]`.
 * @throws InnerloopError NUMBERS_NOT_FINITE when all tries fail.
 */
export function solveRidge(gram: Float64Array, moments: Float64Array, ridge: number): RidgeSolution {
  const n = moments.length;
  let strength = ridge;
  for (let attempt = 1; attempt <= RIDGE_TRIES; attempt++, strength *= 10) {
    const regularised = Float64Array.from(gram);
    for (let i = 0; i < n; i++) regularised[i * n + i] = (regularised[i * n + i] as number) + strength;
    const factor = cholesky(regularised, n);
    const weights = factor && choleskySolve(factor, moments);
    if (weights?.every(Number.isFinite)) return { weights, ridge: strength };
  }
  throw new InnerloopError(
    'NUMBERS_NOT_FINITE',
    `Baseline linear-feature could not be fitted: its normal equations have no finite solution with any ridge from ${ridge} to ` +
      `${Number((strength / 10).toPrecision(6))} (${RIDGE_TRIES} tries). Observations or returns are probably huge or not finite: scale them, ` +
      'set baseline.clip, or raise baseline.ridge.',
  );
}
