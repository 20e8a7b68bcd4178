import type { EpisodeEnd, Trajectories } from '../contracts/batch.js';

/** Steps that a recorder has room for at first, per rollout; it doubles when full. */
const INITIAL_STEPS = 128;

function grown<A extends Float32Array | Float64Array | Int32Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (length: number) => A)(length);
  larger.set(array);
  return larger;
}

/**
 * Keeps the steps of E rollouts that run in lock step, in the order in which they happen, and packs them episode after
 * episode at the end. Rollouts that have ended leave no holes.
 */
export class TrajectoryRecorder {
  private capacity: number;
  private steps = 0;
  private episodes: Int32Array;
  private observations: Float32Array;
  private actions: Float32Array;
  private rewards: Float64Array;
  private logProbabilities: Float64Array;
  private readonly lengths: Int32Array;
  private readonly ends: EpisodeEnd[];
  private readonly finalObservations: Float32Array;
  private readonly returns: (number | undefined)[];

  constructor(
    private readonly rollouts: number,
    horizon: number,
    private readonly observationSize: number,
    private readonly actionSize: number,
  ) {
    this.capacity = rollouts * Math.min(horizon, INITIAL_STEPS);
    this.episodes = new Int32Array(this.capacity);
    this.observations = new Float32Array(this.capacity * observationSize);
    this.actions = new Float32Array(this.capacity * actionSize);
    this.rewards = new Float64Array(this.capacity);
    this.logProbabilities = new Float64Array(this.capacity);
    this.lengths = new Int32Array(rollouts);
    this.ends = new Array<EpisodeEnd>(rollouts).fill('horizon');
    this.finalObservations = new Float32Array(rollouts * observationSize);
    this.returns = new Array<undefined>(rollouts).fill(undefined);
  }

  /**
   * Records one step of one episode.
   *
   * @param row Which row of `observations` `[·, obsDim]` and `actions` `[·, actionSize]` belongs to it.
   */
  record(
    episode: number,
    row: number,
    observations: Float32Array,
    actions: Float32Array,
    reward: number,
    logProbability: number,
  ): void {
    if (this.steps === this.capacity) this.grow();
    const at = this.steps;
    copyRow(observations, row, this.observations, at, this.observationSize);
    copyRow(actions, row, this.actions, at, this.actionSize);
    this.episodes[at] = episode;
    this.rewards[at] = reward;
    this.logProbabilities[at] = logProbability;
    this.lengths[episode] = (this.lengths[episode] as number) + 1;
    this.steps += 1;
  }

  /**
   * Ends an episode.
   *
   * @param row Which row of `observations` is the observation after its last step.
   * @param episodeReturn What its environment told of it, if it did.
   */
  end(
    episode: number,
    end: EpisodeEnd,
    row: number,
    observations: Float32Array,
    episodeReturn: number | undefined,
  ): void {
    this.ends[episode] = end;
    this.returns[episode] = episodeReturn;
    copyRow(observations, row, this.finalObservations, episode, this.observationSize);
  }

  /** All episodes, one after another. */
  pack(): Trajectories {
    const { steps, observationSize, actionSize } = this;
    const offsets = new Int32Array(this.rollouts + 1);
    for (let e = 0; e < this.rollouts; e++) offsets[e + 1] = (offsets[e] as number) + (this.lengths[e] as number);
    const observations = new Float32Array(steps * observationSize);
    const actions = new Float32Array(steps * actionSize);
    const rewards = new Float64Array(steps);
    const logProbabilities = new Float64Array(steps);
    const next = offsets.slice();
    for (let i = 0; i < steps; i++) {
      const episode = this.episodes[i] as number;
      const at = next[episode] as number;
      next[episode] = at + 1;
      copyRow(this.observations, i, observations, at, observationSize);
      copyRow(this.actions, i, actions, at, actionSize);
      rewards[at] = this.rewards[i] as number;
      logProbabilities[at] = this.logProbabilities[i] as number;
    }
    const { ends, finalObservations } = this;
    const told = this.returns.filter((value) => value !== undefined);
    const episodeReturns = told.length === this.rollouts ? { episodeReturns: Float64Array.from(told) } : {};
    return { observations, actions, rewards, logProbabilities, offsets, ends, finalObservations, ...episodeReturns };
  }

  private grow(): void {
    this.capacity *= 2;
    this.episodes = grown(this.episodes, this.capacity);
    this.observations = grown(this.observations, this.capacity * this.observationSize);
    this.actions = grown(this.actions, this.capacity * this.actionSize);
    this.rewards = grown(this.rewards, this.capacity);
    this.logProbabilities = grown(this.logProbabilities, this.capacity);
  }
}

/** Copies one row of `width` numbers; a loop, since views would be allocated at every step. */
export function copyRow(from: Float32Array, fromRow: number, to: Float32Array, toRow: number, width: number): void {
  for (let d = 0; d < width; d++) to[toRow * width + d] = from[fromRow * width + d] as number;
}
