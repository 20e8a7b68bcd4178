import {
  type AdaptationBatch,
  gradients,
  type InnerOptimizer,
  type InnerParameters,
  ops,
  type ParameterLayout,
  type Parameters,
  type Policy,
  policyGradientLoss,
  type Tensor,
} from '@innerloop/core';

/*
 * Meta-SGD: learning to learn quickly (Li, Zhou, Chen and Li 2017, arXiv:1707.09835), for reinforcement learning:
 *
 *    Input: task distribution p(T), learning rate β
 *    1: initialize θ, α
 *    2: while not done do
 *    3:   sample a batch of tasks T_i ~ p(T)
 *    4:   for all T_i do
 *    5:     sample trajectories D_i with π_θ
 *    6:     θ'_i = θ − α ∘ ∇_θ L(θ; D_i)                                      (eq. 4)
 *    7:     sample trajectories D'_i with π_θ'_i
 *    8:   end for
 *    9:   (θ, α) = (θ, α) − β ∇_(θ,α) Σ_i L(θ'_i; D'_i)
 *   10: end while
 *
 * α has one step size for each parameter, and ∘ multiplies element by element. This file is line 6 and α's part of line 1; the
 * rest is the trainer's.
 *
 * Differs from the text: α starts at one constant everywhere; several adaptation steps share the same α; line 9 is
 * whatever meta-optimizer the config names.
 */

const LOSS = { loss: 'log-likelihood', average: 'steps' } as const;

/** Options of {@link MetaSgd}. */
export interface MetaSgdOptions {
  /** The step size that every parameter starts with. */
  readonly learningRate: number;
}

/** φʲ⁺¹ = φʲ − α ∘ ∇L(φʲ; Dʲ), where α is meta-learned with θ. */
export class MetaSgd implements InnerOptimizer {
  constructor(
    private readonly policy: Policy,
    private readonly options: MetaSgdOptions,
  ) {}

  /** α: one step size for each of the policy's parameters, in parts of the same names and shapes. */
  ownLayout(policy: ParameterLayout): ParameterLayout {
    return policy;
  }

  /** Line 1. */
  initialParameters(policy: ParameterLayout): Float64Array {
    return new Float64Array(policy.size).fill(this.options.learningRate);
  }

  /** Line 6. */
  adapt({ policy: phi, own: alpha }: InnerParameters, batch: AdaptationBatch): Parameters {
    const g = gradients(policyGradientLoss(this.policy, phi, batch, LOSS), phi);
    return phi.map((part, index) => ops.sub(part, ops.mul(alpha[index] as Tensor, g[index] as Tensor)));
  }
}
