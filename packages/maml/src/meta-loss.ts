import { type AdaptationBatch, type Distribution, ops, type Tensor } from '@innerloop/core';

/** The steps of a batch under the policy of some θ, and under that of θ_k. N steps. */
export interface PolicyOnBatch {
  readonly batch: AdaptationBatch;
  /** π_φ(θ)(·|s). */
  readonly distribution: Distribution;
  /** π_φ(θk)(·|s), as constants. */
  readonly oldDistribution: Distribution;
  /** log π_φ(θ)(a|s), `[N]`. */
  readonly logProbability: Tensor;
  /** log π_φ(θk)(a|s), `[N]`, as constants. */
  readonly oldLogProbability: Tensor;
}

/**
 * What makes one meta-objective differ from another. The surrogate of a task is
 *
 *   mean_D′ outer(φ) + Σ_j w_j mean_Dʲ inner(φʲ)
 *
 * Adaptation, derivatives through it, KL and curvature are the same for all.
 */
export interface MetaLoss {
  /** The loss of each step of D′, collected by φ, `[N]`; differentiable. */
  outer(after: PolicyOnBatch): Tensor;
  /** The term of each step of Dʲ, collected by φʲ, `[N]`, before it is weighted; differentiable. Absent: there is none. */
  inner?(before: PolicyOnBatch): Tensor;
}

/** π_φ(θ)(a|s) / π_φ(θk)(a|s), `[N]`; exactly 1 at θ_k. */
export function likelihoodRatio({ logProbability, oldLogProbability }: PolicyOnBatch): Tensor {
  return ops.exp(ops.sub(logProbability, oldLogProbability));
}

/** MAML with TRPO's surrogate: −π_φ(θ)(a|s) / π_φ(θk)(a|s) · Â. */
export const MAML_LOSS: MetaLoss = {
  outer: (after) => ops.neg(ops.mul(likelihoodRatio(after), after.batch.advantages)),
};
