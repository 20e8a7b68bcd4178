import type { Json } from './json.js';

/** States to value: observations and the time step of each within its episode. */
export interface States {
  /** `[M, obsDim]`, row-major. */
  readonly observations: Float32Array;
  /** `[M]`: t, counted from 0 at the start of the episode. */
  readonly times: Int32Array;
}

/** A state-value estimate V(s). */
export interface Baseline {
  /** V of each state, `[M]`. */
  predict(states: States): Float64Array;
  /**
   * Fits V to targets by regression.
   *
   * @param states `[M]` states.
   * @param returns Discounted rewards-to-go, `[M]`.
   */
  fit(states: States, returns: Float64Array): void;
  /** What a checkpoint must hold; `null` when nothing lasts from one batch to the next. */
  state(): Json;
  /** Puts back what {@link state} returned. */
  restore(state: Json): void;
}

/** Makes baselines, since in meta-learning every task and batch gets a fresh one. */
export interface BaselineFactory {
  /**
   * When a baseline is fitted: `before-advantages` on the batch that it then predicts, as linear features are, or
   * `after-update`, once the policy has moved, as the value function of the VPG pseudocode (line 8) is.
   */
  readonly fitted: 'before-advantages' | 'after-update';
  /** A fresh, unfitted baseline for observations of this length. */
  create(observationSize: number): Baseline;
}
