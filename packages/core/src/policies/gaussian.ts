import type { Distribution } from '../contracts/policy.js';
import * as ops from '../numerics/ops.js';
import type { Tensor } from '../numerics/tensor.js';

/*
 * Diagonal Gaussians as `[mean [N, A], logStd]`, where logStd is `[A]` if it is the same in every state, and `[N, A]` if not.
 */

/** ½ log 2π. */
export const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** log N(a; μ, σ) = Σ_d −½ ((a_d − μ_d)/σ_d)² − log σ_d − ½ log 2π, `[N]`. */
export function gaussianLogProbability(distribution: Distribution, actions: Tensor): Tensor {
  const [mean, logStd] = distribution as [Tensor, Tensor];
  const [n, size] = mean.shape as [number, number];
  const precision = ops.exp(ops.scale(logStd, -2));
  const squares = ops.sumColumns(ops.mul(ops.square(ops.sub(actions, mean)), inRows(precision, n)));
  const constant = ops.shift(ops.neg(sumOfState(logStd)), -size * HALF_LOG_TWO_PI);
  return ops.add(ops.scale(squares, -0.5), eachState(constant, n));
}

/** KL(p ‖ q) = Σ_d ½ (e^{2r_d} − 1) − r_d + (μ_p − μ_q)²_d / 2σ²_q,d with r = log σ_p − log σ_q, `[N]`: exactly 0 at p = q. */
export function gaussianKl(p: Distribution, q: Distribution): Tensor {
  const [meanP, logStdP] = p as [Tensor, Tensor];
  const [meanQ, logStdQ] = q as [Tensor, Tensor];
  const n = meanP.shape[0] as number;
  const r = ops.sub(logStdP, logStdQ);
  const spread = sumOfState(ops.sub(ops.scale(ops.shift(ops.exp(ops.scale(r, 2)), -1), 0.5), r));
  const precision = ops.exp(ops.scale(logStdQ, -2));
  const squares = ops.sumColumns(ops.mul(ops.square(ops.sub(meanP, meanQ)), inRows(precision, n)));
  return ops.add(ops.scale(squares, 0.5), eachState(spread, n));
}

/** Σ_d log σ_d + ½ log 2πe, `[N]`. */
export function gaussianEntropy(distribution: Distribution): Tensor {
  const [mean, logStd] = distribution as [Tensor, Tensor];
  const [n, size] = mean.shape as [number, number];
  return eachState(ops.shift(sumOfState(logStd), size * (HALF_LOG_TWO_PI + 0.5)), n);
}

/** Sums over dimensions: `[]` or `[N]`. */
function sumOfState(x: Tensor): Tensor {
  return x.shape.length === 1 ? ops.sum(x) : ops.sumColumns(x);
}

function eachState(x: Tensor, n: number): Tensor {
  return x.shape.length === 0 ? ops.fill(x, [n]) : x;
}

function inRows(x: Tensor, n: number): Tensor {
  return x.shape.length === 1 ? ops.spreadRows(x, n) : x;
}
