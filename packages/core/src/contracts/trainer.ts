import type { ParameterLayout } from '../numerics/layout.js';
import type { Json } from './json.js';

/** One iteration's figures, by documented name; `null` where a value is not finite or does not apply. */
export type Metrics = Readonly<Record<string, number | boolean | string | null>>;

/** What an iteration did. */
export interface IterationResult {
  readonly metrics: Metrics;
  /** Set if a check asked for the end of the run. */
  readonly stop?: string;
}

/** What to evaluate. */
export interface EvaluationRequest {
  /** The tasks, from the task distribution. */
  readonly tasks: readonly Json[];
  /** Adaptation steps: returns are measured after 0, 1, …, steps. */
  readonly steps: number;
  /** Episodes per task and step. */
  readonly rollouts: number;
  /** Seeds every stream of the evaluation. */
  readonly seed: number;
  /** Measure the mode of the policy in place of sampled actions. What is adapted to is sampled all the same. */
  readonly greedy?: boolean;
  /** Replaces the inner step size at each step; the last one is repeated. */
  readonly stepSizes?: readonly number[];
  /** How many tasks to keep one example episode of, per step, for drawing. */
  readonly examples?: number;
  /** Called after each task. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** An episode kept for drawing. */
export interface ExampleEpisode {
  /** `[T + 1]` observations, each `[obsDim]`: the last is the one after the last step. */
  readonly observations: readonly (readonly number[])[];
  /** `[T]`. */
  readonly rewards: readonly number[];
}

/** Returns after each number of adaptation steps. */
export interface EvaluationResult {
  readonly steps: readonly {
    readonly step: number;
    /** Mean over tasks of the mean undiscounted return over episodes. */
    readonly meanReturn: number;
    /** Half-width of the 95 % interval: 1.96 · sd / √tasks. */
    readonly ci95: number;
    /** One a task, in the order of the request. */
    readonly returns: readonly number[];
  }[];
  /** For the first tasks: the task, and one episode after each number of steps. */
  readonly examples: readonly { readonly task: Json; readonly episodes: readonly ExampleEpisode[] }[];
}

/** An outer loop: MAML, or plain policy gradient. The run machinery drives it and knows nothing else of it. */
export interface Trainer {
  /** The layout of θ: the policy's parameters, then the inner optimizer's own. */
  readonly layout: ParameterLayout;
  /** θ. */
  readonly parameters: Float64Array;
  /** Runs iteration number `iteration` (from 1). Depends on nothing but θ, the state, the config and this number. */
  iterate(iteration: number): Promise<IterationResult>;
  /**
   * Measures adaptation. Changes nothing.
   *
   * @param parameters Those of a checkpoint; θ if left out.
   * @param state What {@link state} returned when they were θ; the present state if left out.
   */
  evaluate(request: EvaluationRequest, parameters?: Float64Array, state?: Json): Promise<EvaluationResult>;
  /** Everything besides θ that the next iteration depends on. */
  state(): Json;
  /** Puts θ and {@link state} back. */
  restore(parameters: Float64Array, state: Json): void;
  /** Frees threads and tensors. */
  close(): Promise<void>;
}
