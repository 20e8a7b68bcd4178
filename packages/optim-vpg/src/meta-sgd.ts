import {
  type AdaptationBatch,
  gradients,
  type InnerOptimizer,
  type InnerParameters,
  ops,
  type ParameterLayout,
  type Parameters,
  type Policy,
  type PolicyGradientLossOptions,
  policyGradientLoss,
  type Tensor,
} from '@innerloop/core';

/*
 * Meta-SGD (Li, Zhou, Chen and Li 2017, "Meta-SGD: learning to learn quickly for few-shot learning", arXiv:1707.09835, algorithm 2):
 *
 *    1: initialize θ, α
 *    2: while not done do
 *    3:   sample batch of tasks T_i ~ p(T)
 *    4:   for all T_i do
 *    5:     sample N trajectories D according to f_θ
 *    6:     θ'_i ← θ − α ∘ ∇L(θ; D)
 *    7:     sample N trajectories D' according to f_θ'i
 *    8:   end for
 *    9:   (θ, α) ← (θ, α) − β ∇_(θ, α) Σ_Ti L(θ'_i; D')
 *   10: end while
 *
 * α has the shape of θ, and ∘ multiplies element by element. This file is line 6 and α's part of line 1; the rest is the trainer's.
 *
 * Differs from the text: α starts at one given number everywhere, not at a random one; several adaptation steps share the same α; line 9
 * is whatever meta-optimizer the config names.
 */

/** Options of {@link MetaSgdInnerOptimizer}. */
export interface MetaSgdOptions extends PolicyGradientLossOptions {
  /** What every step size starts with. */
  readonly learningRate: number;
}

/** φʲ⁺¹ = φʲ − α ∘ ∇L(φʲ; Dʲ), with a meta-learned α. Its Jacobian in φʲ, I − diag(α) H, is not symmetric. */
export class MetaSgdInnerOptimizer implements InnerOptimizer {
  constructor(
    private readonly policy: Policy,
    private readonly options: MetaSgdOptions,
  ) {}

  /** α: one step size for each of the policy's parameters, in parts of the same names and shapes. */
  ownLayout(policy: ParameterLayout): ParameterLayout {
    return policy;
  }

  initialParameters(policy: ParameterLayout): Float64Array {
    return new Float64Array(policy.size).fill(this.options.learningRate); // line 1
  }

  adapt({ policy: phi, own: alpha }: InnerParameters, batch: AdaptationBatch): Parameters {
    const g = gradients(policyGradientLoss(this.policy, phi, batch, this.options), phi);
    return phi.map((part, index) => ops.sub(part, ops.mul(alpha[index] as Tensor, g[index] as Tensor))); // line 6
  }
}
