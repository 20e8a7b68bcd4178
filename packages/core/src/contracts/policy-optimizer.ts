import type { ParameterLayout } from '../numerics/layout.js';
import type { Json } from './json.js';

/** What a policy objective can be asked for. */
export type ObjectiveCapability = 'surrogate' | 'gradient' | 'kl' | 'curvature';

/**
 * A problem as a policy optimizer sees it. All vectors are flat float64 in the order of `layout`.
 * Everything is asynchronous, since the answers may come from other threads.
 */
export interface PolicyObjective {
  /** θ_k. Not to be written to. */
  readonly parameters: Float64Array;
  readonly layout: ParameterLayout;
  /** The loss to be lowered, at any θ. */
  surrogate(parameters: Float64Array): Promise<number>;
  /** Its gradient at θ (θ_k if left out). */
  gradient(parameters?: Float64Array): Promise<Float64Array>;
  /** Mean KL(π_θk ‖ π_θ) over the data. */
  kl(parameters: Float64Array): Promise<number>;
  /** (Hessian of kl at θ_k) · v. */
  curvature(direction: Float64Array): Promise<Float64Array>;
}

/** What an optimizer proposes. */
export interface Proposal {
  /** The new θ; exactly θ_k if not accepted. */
  readonly parameters: Float64Array;
  /** Whether the optimizer found a step worth taking. */
  readonly accepted: boolean;
  /** One sentence: why it was accepted or not. */
  readonly reason: string;
  /** How many shorter steps were tried after the first. */
  readonly backtracks: number;
  /** ‖gradient‖ at θ_k. */
  readonly gradientNorm: number;
}

/** Lowers a {@link PolicyObjective}. Knows nothing of tensors, tasks or threads. */
export interface PolicyOptimizer {
  /** What it needs from an objective; checked before anything runs. */
  readonly needs: readonly ObjectiveCapability[];
  /** Proposes new parameters. */
  improve(objective: PolicyObjective): Promise<Proposal>;
  /** What lasts from step to step (Adam's moments, schedules), as JSON. */
  state(): Json;
  /** Puts back what {@link state} returned: after a rejected step, or from a checkpoint. */
  restore(state: Json): void;
}
