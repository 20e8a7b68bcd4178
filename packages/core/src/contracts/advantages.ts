import type { EpisodeEnd } from './batch.js';

/** What an advantage estimator sees. N steps, E episodes. */
export interface AdvantageInput {
  /** `[N]`. */
  readonly rewards: Float64Array;
  /** V(s_t) of each step's state, `[N]`. */
  readonly values: Float64Array;
  /** `[E]`: V of the state after the last step of each episode: 0 unless it was truncated. */
  readonly finalValues: Float64Array;
  /** `[E + 1]`, as in trajectories. */
  readonly offsets: Int32Array;
  /** `[E]`. */
  readonly ends: readonly EpisodeEnd[];
}

/** Estimates advantages from rewards and values. */
export interface AdvantageEstimator {
  /** γ; also the discount of the returns that baselines are fitted to. */
  readonly discount: number;
  /** Whether the advantages of a batch are then brought to mean 0 and standard deviation 1. */
  readonly normalize: boolean;
  /** Â of each step, `[N]`, before normalisation. */
  estimate(input: AdvantageInput): Float64Array;
}
