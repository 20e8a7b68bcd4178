/** Why an episode ended. `horizon` and `terminated` have terminal value 0; `truncated` is bootstrapped. */
export type EpisodeEnd = 'terminated' | 'truncated' | 'horizon';

/**
 * Trajectories, flat: all steps of episode 0, then of episode 1, and so on. No padding, no masks.
 * N is the number of steps, E of episodes.
 */
export interface Trajectories {
  /** `[N, obsDim]`, row-major: the observation before each step. */
  readonly observations: Float32Array;
  /** `[N, actionSize]`, row-major. */
  readonly actions: Float32Array;
  /** `[N]`. */
  readonly rewards: Float64Array;
  /** `[N]`: log-probability of each action under the policy that acted. */
  readonly logProbabilities: Float64Array;
  /** `[E + 1]`: episode e has the steps `offsets[e] … offsets[e + 1] − 1`. */
  readonly offsets: Int32Array;
  /** `[E]`. */
  readonly ends: readonly EpisodeEnd[];
  /** `[E, obsDim]`, row-major: the observation after each episode's last step. */
  readonly finalObservations: Float32Array;
  /** `[E]`: the return of each episode as its environment told it (`Step.episodeReturn`). Absent: the sums of its rewards. */
  readonly episodeReturns?: Float64Array;
}

/** What an inner optimizer or an objective learns from: trajectories with their advantages, all else frozen. */
export interface Batch {
  /** N. */
  readonly steps: number;
  /** E. */
  readonly episodes: number;
  /** `[N, obsDim]`, row-major. */
  readonly observations: Float32Array;
  /** `[N, actionSize]`, row-major. */
  readonly actions: Float32Array;
  /** Â, `[N]`. */
  readonly advantages: Float64Array;
  /** log π(a|s) of the behaviour policy, `[N]`. */
  readonly logProbabilities: Float64Array;
}
