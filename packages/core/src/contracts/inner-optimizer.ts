import type { PolicyGradientLossOptions } from '../losses/policy-gradient.js';
import type { ParameterLayout } from '../numerics/layout.js';
import type { Tensor } from '../numerics/tensor.js';
import type { Parameters } from './policy.js';

/** A batch as constants of the graph. N steps, E episodes. */
export interface AdaptationBatch {
  readonly steps: number;
  readonly episodes: number;
  /** `[N, obsDim]`. */
  readonly observations: Tensor;
  /** `[N, actionSize]`. */
  readonly actions: Tensor;
  /** Â, `[N]`. */
  readonly advantages: Tensor;
  /** log π(a|s) of the policy that collected the batch, `[N]`. */
  readonly logProbabilities: Tensor;
}

/** What an inner step starts from; both parts are meta-learned and make up θ. */
export interface InnerParameters {
  /** φʲ, in the policy's layout order. */
  readonly policy: Parameters;
  /** The optimizer's own parameters, in the order of its own layout; empty if it has none. */
  readonly own: Parameters;
}

/** Where an inner step stands. */
export interface InnerContext {
  /** j, from 0. */
  readonly step: number;
  /** The policy's layout, for optimizers that treat parts differently by name. */
  readonly layout: ParameterLayout;
  /** Replaces the step size of this step (`evaluate --step-sizes`); only given where `acceptsStepSizes`. */
  readonly stepSize?: number;
}

/**
 * A differentiable map from parameters to adapted parameters, one step at a time: φʲ⁺¹ = adapt(φʲ; Dʲ).
 *
 * `adapt` is all that a plugin must write. It must be built from the operations of `@innerloop/core`; the products of its
 * Jacobian with vectors then follow by automatic differentiation.
 */
export interface InnerOptimizer {
  /** One adaptation step; differentiable in both parts of `parameters`. Returns the policy's new parameters. */
  adapt(parameters: InnerParameters, batch: AdaptationBatch, context: InnerContext): Parameters;
  /** The layout of the optimizer's own parameters, given the policy's. Absent: it has none. */
  ownLayout?(policy: ParameterLayout): ParameterLayout;
  /** Initial values of its own parameters. Required with {@link ownLayout}. */
  initialParameters?(policy: ParameterLayout): Float64Array;
  /**
   * True if ∂φʲ⁺¹/∂φʲ is symmetric, as I − αH is. A product J·v then costs what Jᵀ·u does, instead of a derivative of
   * that.
   */
  readonly symmetricJacobian?: boolean;
  /**
   * Declares that a step is φ − α ∇L with the policy-gradient loss and nothing else, in all parts of φ or in some, so that it can be
   * computed and differentiated without a graph where the policy allows it.
   */
  readonly gradientStep?: GradientStep;
  /** Whether {@link InnerContext.stepSize} is honoured. */
  readonly acceptsStepSizes?: boolean;
}

/** See {@link InnerOptimizer.gradientStep}. */
export interface GradientStep {
  readonly loss: PolicyGradientLossOptions;
  /** α of step j. */
  stepSize(step: number): number;
  /** Whether a part of the policy's layout is adapted, by its name. Absent: all are. */
  adapts?(part: string): boolean;
}
