import type { Step } from '../contracts/environment.js';
import type { Json } from '../contracts/json.js';
import { InnerloopError, messageOf } from '../errors.js';

/** Where in a rollout something was returned; named in every error. */
export interface Place {
  readonly task: Json;
  /** From 0. */
  readonly episode: number;
  /** The time step t, from 0; `reset` before the first one. */
  readonly step: number | 'reset';
}

const SHOWN_TASK_LENGTH = 200;

/** For example `task {"goal":[0.1,0.2]}, episode 3, step 17`. */
export function describePlace({ task, episode, step }: Place): string {
  const text = JSON.stringify(task) ?? String(task);
  const shown = text.length > SHOWN_TASK_LENGTH ? `${text.slice(0, SHOWN_TASK_LENGTH)}…` : text;
  return `task ${shown}, episode ${episode}, ${step === 'reset' ? 'reset' : `step ${step}`}`;
}

/** A value as an error shows it: numbers and texts as they are, all else by its kind. */
export function describeValue(value: unknown): string {
  if (value === null || typeof value === 'undefined' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = value.constructor?.name ?? 'Object';
  return 'length' in value ? `${name} of length ${String(value.length)}` : `an object (${name})`;
}

function invalid(place: Place, what: string, expected: string, found: unknown): InnerloopError {
  return new InnerloopError(
    'ENVIRONMENT_INVALID',
    `Environment returned an invalid ${what} (${describePlace(place)}): expected ${expected}, found ${describeValue(found)}. ` +
      'Correct the environment or its wrappers.',
  );
}

/** What an environment threw, as one error that says where. */
export function environmentThrew(place: Place, method: 'reset' | 'step', error: unknown): InnerloopError {
  return new InnerloopError(
    'ENVIRONMENT_INVALID',
    `Environment threw in ${method}() (${describePlace(place)}): ${messageOf(error)}`,
    { cause: error },
  );
}

/**
 * Copies an observation into row `row` of `into` `[·, size]` after checking it.
 *
 * @throws InnerloopError ENVIRONMENT_INVALID unless it is `size` numbers that are finite in float32.
 */
export function writeObservation(place: Place, observation: unknown, into: Float32Array, row: number, size: number) {
  const values = observation as ArrayLike<unknown> | null | undefined;
  if (typeof values !== 'object' || values === null || values.length !== size) {
    throw invalid(place, 'observation', `an array of ${size} numbers`, observation);
  }
  for (let d = 0; d < size; d++) {
    const value = values[d];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw invalid(place, 'observation', `a finite number (in float32) at index ${d}`, value);
    }
    into[row * size + d] = value;
  }
}

/**
 * Checks H, without which an episode might never end.
 *
 * @throws InnerloopError ENVIRONMENT_INVALID unless it is a whole number of at least 1.
 */
export function assertHorizon(horizon: unknown): void {
  if (Number.isInteger(horizon) && (horizon as number) >= 1) return;
  throw new InnerloopError(
    'ENVIRONMENT_INVALID',
    `Task distribution has an invalid horizon: expected a whole number of at least 1, found ${describeValue(horizon)}.`,
  );
}

/**
 * Checks everything of a step but its observation.
 *
 * @throws InnerloopError ENVIRONMENT_INVALID that names the field.
 */
export function assertStep(place: Place, step: unknown): asserts step is Step {
  if (typeof step !== 'object' || step === null) {
    throw invalid(place, 'step', 'an object { observation, reward, terminated, truncated }', step);
  }
  const { reward, terminated, truncated, episodeReturn } = step as Partial<Record<keyof Step, unknown>>;
  if (typeof reward !== 'number' || !Number.isFinite(reward)) throw invalid(place, 'reward', 'a finite number', reward);
  if (typeof terminated !== 'boolean') throw invalid(place, '`terminated` flag', 'true or false', terminated);
  if (typeof truncated !== 'boolean') throw invalid(place, '`truncated` flag', 'true or false', truncated);
  if (episodeReturn !== undefined && !Number.isFinite(episodeReturn)) {
    throw invalid(place, '`episodeReturn`', 'a finite number, or none', episodeReturn);
  }
}

/**
 * Checks what a policy chose, so that an environment is not blamed for a policy that broke down.
 *
 * @throws InnerloopError NUMBERS_NOT_FINITE.
 */
export function assertChoice(place: Place, actions: Float32Array, row: number, size: number, logProbability: number) {
  for (let d = 0; d < size; d++) {
    const value = actions[row * size + d] as number;
    if (!Number.isFinite(value)) throw brokenPolicy(place, `action ${value} in dimension ${d}`);
  }
  if (!Number.isFinite(logProbability)) throw brokenPolicy(place, `an action of log-probability ${logProbability}`);
}

function brokenPolicy(place: Place, what: string): InnerloopError {
  return new InnerloopError(
    'NUMBERS_NOT_FINITE',
    `Policy chose ${what} (${describePlace(place)}): expected finite numbers. Its parameters have probably diverged: ` +
      'try a smaller step size.',
  );
}
