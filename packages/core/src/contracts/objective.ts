import type { Batch } from './batch.js';
import type { Json } from './json.js';
import type { ObjectiveCapability } from './policy-optimizer.js';
import type { TaskReport } from './shard.js';

/** One task's data of one iteration, frozen. */
export interface TaskData {
  /** Dʲ, one batch for each adaptation step. */
  readonly inner: readonly Batch[];
  /** D′, collected by the adapted policy. */
  readonly outer: Batch;
}

/** The objective of one task at frozen data: what a shard evaluates. Vectors are flat float64 in θ's layout. */
export interface TaskObjective {
  /** The task's share of the loss at any θ. */
  surrogate(parameters: Float64Array): number;
  /** Its gradient at any θ: a vector of its own, which may be handed to another thread. */
  gradient(parameters: Float64Array): Float64Array;
  /** Mean KL(π_φ(θk) ‖ π_φ(θ)) over D′. */
  kl(parameters: Float64Array): number;
  /** (Hessian of kl at θ_k) · v: a vector of its own, as of {@link gradient}. */
  curvature(direction: Float64Array): Float64Array;
  /**
   * Sets the weight of each inner step's own term in the surrogate, `[K]`; see {@link InnerTermWeights}. Absent, with
   * {@link innerTerms}: the surrogate has no such terms.
   */
  weigh?(weights: readonly number[]): void;
  /** The inner steps' own terms at any θ, before they are weighted, `[K]`. */
  innerTerms?(parameters: Float64Array): readonly number[];
  /** Frees its tensors. */
  dispose(): void;
}

/**
 * Weighs the terms that an objective has for each inner step. It lives in the coordinator, since the weights may depend on what the
 * other tasks did, or on earlier iterations.
 */
export interface InnerTermWeights {
  /** The weights of each task's inner terms, `[tasks][K]`, once all tasks have been collected. `reports` are in task order. */
  assign(reports: readonly TaskReport[]): readonly (readonly number[])[];
  /** Told each task's inner terms at the new θ, `[tasks][K]`, after a step was committed. Absent: nothing is learned from them. */
  learn?(terms: readonly (readonly number[])[]): void;
  /** What a checkpoint must hold; `null` when nothing lasts from one iteration to the next. */
  state(): Json;
  /** Puts back what {@link state} returned. */
  restore(state: Json): void;
}

/** What the outer loop lowers; a component, so that other meta-objectives are one class each. */
export interface MetaObjective {
  /** What its task objectives answer. */
  readonly provides: readonly ObjectiveCapability[];
  /** Freezes θ_k and a task's data. */
  bind(data: TaskData, parameters: Float64Array): TaskObjective;
  /**
   * One inner step as values, by the same arithmetic as the task objectives use, so that the φ that collects D′ is the φ that is
   * differentiated. Absent: the inner optimizer's `adapt` is recorded and its values are taken.
   *
   * @param phi φʲ. @param own The inner optimizer's own parameters. @param stepSize Replaces the step size.
   */
  adapt?(phi: Float64Array, own: Float64Array, batch: Batch, step: number, stepSize?: number): Float64Array;
  /** For objectives whose surrogate has terms for the inner steps, with weights that are not known to one task alone. */
  readonly innerTermWeights?: InnerTermWeights;
}
