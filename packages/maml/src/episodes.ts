import { type EpisodeEnd, InnerloopError, type Spaces, type Trajectories } from '@innerloop/core';

/** One episode as an application has it: plain numbers, T steps. */
export interface EpisodeRecord {
  /**
   * What was observed before each step, `[T]` rows of `[obsDim]`; then, if it is known, what was observed after the last
   * one, `[T + 1]` rows. A truncated episode needs that last row, since its value is bootstrapped.
   */
  readonly observations: readonly ArrayLike<number>[];
  /** What the agent did, `[T]`: each `[actDim]` numbers, or the index of a discrete action. In the agent's units. */
  readonly actions: readonly (ArrayLike<number> | number)[];
  /** `[T]`. */
  readonly rewards: ArrayLike<number>;
  /** log π(a|s) of each action under the agent that acted, `[T]`. Absent: that of the agent that adapts. */
  readonly logProbabilities?: ArrayLike<number>;
  /** Whether the last step reached a terminal state, whose value is 0. Absent: no. */
  readonly terminated?: boolean;
  /** Whether the episode was cut off though the task goes on. Absent: no. */
  readonly truncated?: boolean;
}

/** What episodes are checked against. */
export interface EpisodeSetting extends Spaces {
  /** H: an episode of so many steps ends there, with terminal value 0. */
  readonly horizon: number;
  /** actDim for a box, 1 for a discrete space. */
  readonly actionSize: number;
}

/**
 * Checks episodes and lays them out flat. An episode ends as in training: `terminated` if so marked, else `horizon` if it has H
 * steps or more, else `truncated`.
 *
 * @returns Trajectories whose log-probabilities are NaN where the record has none.
 * @throws InnerloopError OPTION_INVALID that names the episode and the field.
 */
export function toTrajectories(episodes: readonly EpisodeRecord[], setting: EpisodeSetting): Trajectories {
  if (lengthOf(episodes, 'episodes') === 0) throw invalid('episodes', 'at least one episode', 'none');
  const lengths = episodes.map((episode, e) => stepsOf(episode, e));
  const ends = episodes.map((episode, e) => endOf(episode, lengths[e] as number, setting, e));
  const offsets = new Int32Array(episodes.length + 1);
  lengths.forEach((length, e) => {
    offsets[e + 1] = (offsets[e] as number) + length;
  });
  const width = setting.observationSpace.low.length;
  const rows = episodes.map(({ observations }, e) =>
    Array.from(observations, (row, t) => vector(row, width, `episodes[${e}].observations[${t}]`)),
  );
  // Without a last row the last known state stands there; only truncated episodes read it, and they have one.
  const last = rows.map((all) => all[all.length - 1] as number[]);
  return {
    observations: Float32Array.from(rows.flatMap((all, e) => all.slice(0, lengths[e]).flat())),
    actions: Float32Array.from(episodes.flatMap((episode, e) => actionsOf(episode, setting, e))),
    rewards: Float64Array.from(
      episodes.flatMap(({ rewards }, e) => vector(rewards, rewards.length, `episodes[${e}].rewards`)),
    ),
    logProbabilities: Float64Array.from(
      episodes.flatMap((episode, e) => logProbabilitiesOf(episode, lengths[e] as number, e)),
    ),
    offsets,
    ends,
    finalObservations: Float32Array.from(last.flat()),
  };
}

/**
 * Checks one observation.
 *
 * @throws InnerloopError OPTION_INVALID unless it is `size` numbers that are finite in float32.
 */
export function checkObservation(observation: ArrayLike<number>, size: number): number[] {
  return vector(observation, size, 'observation');
}

function stepsOf(episode: EpisodeRecord, e: number): number {
  const steps = lengthOf(episode?.rewards, `episodes[${e}].rewards`);
  const actions = lengthOf(episode.actions, `episodes[${e}].actions`);
  const observations = lengthOf(episode.observations, `episodes[${e}].observations`);
  if (steps === 0) throw invalid(`episodes[${e}].rewards`, 'at least one step', 'none');
  if (actions !== steps) throw invalid(`episodes[${e}].actions`, `one for each of the ${steps} rewards`, `${actions}`);
  if (observations !== steps && observations !== steps + 1) {
    const expected = `one before each of the ${steps} steps and, if known, one after the last`;
    throw invalid(`episodes[${e}].observations`, expected, `${observations}`);
  }
  return steps;
}

function endOf(episode: EpisodeRecord, steps: number, { horizon }: EpisodeSetting, e: number): EpisodeEnd {
  if (episode.terminated) return 'terminated';
  if (steps >= horizon) return 'horizon';
  if (!episode.truncated) {
    const expected = `'terminated' or 'truncated' to be true, since it ends before the horizon of ${horizon} steps`;
    throw invalid(`episodes[${e}]`, expected, `neither, after ${steps} steps`);
  }
  if (episode.observations.length === steps) {
    const expected = `${steps + 1} rows: a truncated episode needs the observation after its last step`;
    throw invalid(`episodes[${e}].observations`, expected, `${steps}`);
  }
  return 'truncated';
}

function actionsOf({ actions }: EpisodeRecord, { actionSpace, actionSize }: EpisodeSetting, e: number): number[] {
  return Array.from(actions).flatMap((action, t) => {
    const place = `episodes[${e}].actions[${t}]`;
    if (actionSpace.kind === 'box') return vector(action, actionSize, place);
    const { count } = actionSpace;
    if (Number.isInteger(action) && (action as number) >= 0 && (action as number) < count) return [action as number];
    throw invalid(place, `a whole number from 0 to ${count - 1}`, describe(action));
  });
}

function logProbabilitiesOf({ logProbabilities }: EpisodeRecord, steps: number, e: number): number[] {
  if (logProbabilities === undefined) return new Array<number>(steps).fill(Number.NaN);
  return vector(logProbabilities, steps, `episodes[${e}].logProbabilities`);
}

function vector(values: unknown, size: number, place: string): number[] {
  if (lengthOf(values, place) !== size) throw invalid(place, `${size} numbers`, describe(values));
  return Array.from(values as ArrayLike<unknown>, (value, index) => {
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value;
    throw invalid(`${place}[${index}]`, 'a finite number', describe(value));
  });
}

function lengthOf(values: unknown, place: string): number {
  if (typeof values === 'object' && values !== null && 'length' in values) return values.length as number;
  throw invalid(place, 'an array', describe(values));
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return 'length' in value ? `${value.length as number} values` : 'an object';
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function invalid(place: string, expected: string, found: string): InnerloopError {
  return new InnerloopError('OPTION_INVALID', `${place}: expected ${expected}, found ${found}.`);
}
