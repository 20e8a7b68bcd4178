import {
  type AdaptationBatch,
  gradients,
  type InnerContext,
  type InnerOptimizer,
  type InnerParameters,
  ops,
  ParameterLayout,
  type Parameters,
  type Policy,
  policyGradientLoss,
  type Tensor,
} from '@innerloop/core';

/*
 * LSLR: learned step sizes per layer and step (Antoniou, Edwards and Storkey 2019, "How to train your MAML", arXiv:1810.09502, section 4),
 * for reinforcement learning. With l counting layers and j adaptation steps:
 *
 *    1: initialize θ, α
 *    2: while not done do
 *    3:   sample a batch of tasks T_i ~ p(T)
 *    4:   for all T_i do
 *    5:     φ⁰ = θ
 *    6:     for j = 0, …, K − 1 do
 *    7:       sample trajectories Dʲ with π_φʲ
 *    8:       φʲ⁺¹_l = φʲ_l − α_l,j ∇_φl L(φʲ; Dʲ)   for each layer l
 *    9:     sample trajectories D′ with π_φᴷ
 *   10:   end for
 *   11:   (θ, α) = (θ, α) − β ∇_(θ,α) Σ_i L(φᴷ; D′)
 *   12: end while
 *
 * This file is line 8 and α's part of line 1; the rest is the trainer's.
 *
 * Differs from the text: a layer's weights and its biases count as layers of their own; steps beyond the last that has step sizes repeat
 * those; line 11 is whatever meta-optimizer the config names.
 */

const LOSS = { loss: 'log-likelihood', average: 'steps' } as const;

/** Options of {@link Lslr}. */
export interface LslrOptions {
  /** What every step size starts with. */
  readonly learningRate: number;
  /** How many adaptation steps have step sizes of their own. */
  readonly steps: number;
}

/** φʲ⁺¹_l = φʲ_l − α_l,j ∇_φl L(φʲ; Dʲ), where α is meta-learned with θ. */
export class Lslr implements InnerOptimizer {
  constructor(
    private readonly policy: Policy,
    private readonly options: LslrOptions,
  ) {}

  /** α: one number for each of the policy's parts and each step, step after step. */
  ownLayout(policy: ParameterLayout): ParameterLayout {
    const steps = Array.from({ length: this.options.steps }, (_, j) => `step${j}`);
    return new ParameterLayout(
      steps.flatMap((step) => policy.parts.map(({ name }) => ({ name: `${step}/${name}`, shape: [] }))),
    );
  }

  /** Line 1. */
  initialParameters(policy: ParameterLayout): Float64Array {
    return new Float64Array(this.ownLayout(policy).size).fill(this.options.learningRate);
  }

  /** Line 8. */
  adapt({ policy: phi, own: alpha }: InnerParameters, batch: AdaptationBatch, { step }: InnerContext): Parameters {
    const first = Math.min(step, this.options.steps - 1) * phi.length; // where α of this step begins
    const g = gradients(policyGradientLoss(this.policy, phi, batch, LOSS), phi);
    return phi.map((part, l) => {
      const rates = ops.fill(alpha[first + l] as Tensor, part.shape);
      return ops.sub(part, ops.mul(rates, g[l] as Tensor));
    });
  }
}
