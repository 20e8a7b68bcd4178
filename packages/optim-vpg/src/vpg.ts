import {
  type AdaptationBatch,
  type GradientStep,
  gradients,
  type InnerContext,
  type InnerOptimizer,
  type InnerParameters,
  ops,
  type Parameters,
  type Policy,
  type PolicyGradientLossOptions,
  policyGradientLoss,
  type Tensor,
} from '@innerloop/core';
import { stepSizeAt } from './step-size.js';

/*
 * Vanilla policy gradient as an adaptation step (Spinning Up, Vanilla Policy Gradient, Algorithm 1):
 *
 *   3: Collect set of trajectories D by running policy π_θ.                        (the task shard)
 *   4: Compute rewards-to-go R̂_t.                                                 (the task shard)
 *   5: Compute advantage estimates Â_t.                                            (the advantage estimator)
 *   6: ĝ = 1/|D| Σ_τ Σ_t ∇_θ log π_θ(a_t|s_t) Â_t
 *   7: θ' = θ + α ĝ
 *
 * Differs from the text: the loss is −log π · Â, so line 7 descends; by default the sum of line 6 is divided by the number of
 * steps, not of trajectories (`average: trajectories` is the text's 1/|D|); and the step is recorded, so that the outer loop can
 * differentiate through it.
 */

/** Options of {@link VpgInnerOptimizer}. */
export interface VpgOptions extends PolicyGradientLossOptions {
  /** α, one for all adaptation steps or one for each; the last is repeated. */
  readonly learningRate: number | readonly number[];
}

/** φʲ⁺¹ = φʲ − α_j ∇L(φʲ; Dʲ). Its Jacobian I − α_j H is symmetric. */
export class VpgInnerOptimizer implements InnerOptimizer {
  readonly symmetricJacobian = true;
  readonly acceptsStepSizes = true;
  readonly gradientStep: GradientStep;
  private readonly policy: Policy;
  private readonly options: VpgOptions;

  constructor(policy: Policy, options: VpgOptions) {
    this.policy = policy;
    this.options = options;
    this.gradientStep = { loss: options, stepSize: (step) => stepSizeAt(options.learningRate, step) };
  }

  adapt({ policy: phi }: InnerParameters, batch: AdaptationBatch, { step, stepSize }: InnerContext): Parameters {
    const alpha = stepSize ?? stepSizeAt(this.options.learningRate, step);
    const loss = policyGradientLoss(this.policy, phi, batch, this.options);
    const g = gradients(loss, phi); // line 6, negated
    return phi.map((part, index) => ops.sub(part, ops.scale(g[index] as Tensor, alpha))); // line 7
  }
}
