import type { Json } from './json.js';
import type { ExampleEpisode } from './trainer.js';

/** A task and its place in the meta-batch, which names its random streams. */
export interface IndexedTask {
  readonly index: number;
  readonly task: Json;
}

/** What a shard is given at the start of an iteration. */
export interface CollectRequest {
  readonly iteration: number;
  /** θ_k. */
  readonly parameters: Float64Array;
  /** The tasks that this shard owns until the next request. */
  readonly tasks: readonly IndexedTask[];
}

/** What happened in one phase of a task: collecting Dʲ, or D′ (the last phase). */
export interface PhaseReport {
  readonly episodes: number;
  readonly steps: number;
  /** Undiscounted return of each episode. */
  readonly returns: readonly number[];
}

/** What a shard tells of one task; its trajectories stay in the shard. */
export interface TaskReport {
  readonly index: number;
  /** D⁰, …, Dᴷ⁻¹, D′. */
  readonly phases: readonly PhaseReport[];
  /** KL(π_θ ‖ π_φ) on the pre-adaptation data. */
  readonly klAdaptation: number;
}

/** What a shard is asked to evaluate. */
export interface EvaluateTasksRequest {
  readonly parameters: Float64Array;
  readonly tasks: readonly IndexedTask[];
  readonly steps: number;
  readonly rollouts: number;
  readonly seed: number;
  /** Measure the mode of the policy in place of sampled actions. */
  readonly greedy?: boolean;
  readonly stepSizes?: readonly number[];
  /** Tasks with an index below this keep one episode per step. */
  readonly examples: number;
}

/** Returns of one task after 0, 1, … adaptation steps. */
export interface TaskEvaluation {
  readonly index: number;
  /** Mean undiscounted return after each number of steps, `[steps + 1]`. */
  readonly returns: readonly number[];
  /** One episode after each number of steps, or none. */
  readonly episodes: readonly ExampleEpisode[];
}

/**
 * Owns some of the tasks of an iteration: collects their trajectories, adapts, and answers the objective for them.
 *
 * A message boundary: arguments and results are plain data that a thread or a network can carry, and every answer is a
 * list with one entry for each task, in the order of the request. The coordinator adds them in task order, so the numbers
 * do not depend on how many shards there are.
 */
export interface TaskShard {
  /** Collects, adapts and freezes the objective of each task at θ_k. */
  collect(request: CollectRequest): Promise<readonly TaskReport[]>;
  surrogate(parameters: Float64Array): Promise<readonly number[]>;
  gradient(parameters: Float64Array): Promise<readonly Float64Array[]>;
  kl(parameters: Float64Array): Promise<readonly number[]>;
  curvature(direction: Float64Array): Promise<readonly Float64Array[]>;
  /** Tells each task's objective the weights of its inner terms, `[tasks][K]`. Asked only where the objective has such terms. */
  weigh(weights: readonly (readonly number[])[]): Promise<void>;
  /** The inner terms of each task's objective at any θ, `[tasks][K]`. Asked only where the objective has such terms. */
  innerTerms(parameters: Float64Array): Promise<readonly (readonly number[])[]>;
  /** Frees what {@link collect} froze. */
  release(): Promise<void>;
  /** Adapts to tasks and measures returns; does not touch what is frozen. */
  evaluate(request: EvaluateTasksRequest): Promise<readonly TaskEvaluation[]>;
  /** How many tensors a backend of its own holds; 0 for a shard in the caller's thread, whose backend is the caller's. */
  tensors(): Promise<number>;
  close(): Promise<void>;
}
