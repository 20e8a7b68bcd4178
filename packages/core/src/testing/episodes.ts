import type { Action, BoxSpace, Environment, Step } from '../contracts/environment.js';
import { messageOf } from '../errors.js';
import type { Random } from '../numerics/random.js';
import { describeValue } from '../rollouts/validate.js';
import type { Report } from './findings.js';
import { randomAction, within } from './spaces.js';

/** How to play an episode. */
export interface Play {
  /** For the environment. */
  readonly random: Random;
  /** For the actions. */
  readonly actions: Random;
  /** At most so many. */
  readonly steps: number;
  /** Whether actions may be outside of their space. */
  readonly beyond?: boolean;
}

/** One moment of an episode: the observation, then of a step the reward and its flags. */
export type Moment = readonly (number | boolean)[];

/** Plays one episode, a step at a time, and reports whatever an environment may not return. */
export class Episode {
  /** What has been seen so far. */
  readonly moments: Moment[] = [];
  /** Whether there is nothing more to play: it ended, is long enough, or broke down. */
  done = false;
  /** The flags of the last step. */
  end: Pick<Step, 'terminated' | 'truncated'> = { terminated: false, truncated: false };

  constructor(
    private readonly environment: Environment,
    private readonly play: Play,
    private readonly report: Report,
  ) {
    const observation = this.call('reset', () => environment.reset(play.random));
    if (!this.done) this.moments.push(this.observed('reset()', observation));
  }

  /** How many steps were taken. */
  get steps(): number {
    return Math.max(0, this.moments.length - 1);
  }

  /** Takes one step, unless done. */
  step(): void {
    if (this.done) return;
    const { play, environment, report } = this;
    const action = randomAction(environment.actionSpace, play.actions, play.beyond ?? false);
    const given = typeof action === 'number' ? action : action.slice();
    const step = this.call('step', () => environment.step(given));
    if (this.done) return;
    if (!sameAction(action, given)) {
      report('action', "step() wrote into the action that it was given. Copy it first: it is the policy's own buffer.");
    }
    if (typeof step !== 'object' || step === null) {
      report(
        'step',
        `step() returned ${describeValue(step)}. Return { observation, reward, terminated, truncated }, and no promise.`,
      );
      this.done = true;
      return;
    }
    this.moments.push([...this.observed(`step ${this.steps}`, step.observation), ...this.outcome(step)]);
    this.done ||= this.end.terminated || this.end.truncated || this.steps >= play.steps;
  }

  /** Plays to the end. */
  finish(): this {
    while (!this.done) this.step();
    return this;
  }

  private call<T>(method: 'reset' | 'step', run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.done = true;
      const hint = this.play.beyond
        ? ''
        : method === 'reset'
          ? ' It must work at any time, also in the middle of an episode.'
          : '';
      this.report(method, `${method}() threw: ${messageOf(error)}.${hint}`);
      return undefined;
    }
  }

  /** A copy of an observation; ends the episode if it is none. */
  private observed(where: string, observation: unknown): number[] {
    const { low, high } = this.environment.observationSpace as BoxSpace;
    const values = observation as ArrayLike<number> | null | undefined;
    if (typeof values !== 'object' || values === null || values.length !== low.length) {
      this.done = true;
      this.report(
        'observation',
        `The observation of ${where} is ${describeValue(observation)}, but observationSpace has ${low.length} dimensions. ` +
          'Return one number for each, or correct observationSpace.',
      );
      return [];
    }
    const copy = Array.from(values);
    copy.forEach((value, d) => {
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
        this.done = true;
        const found = `${describeValue(value)} at index ${d} of the observation of ${where}`;
        this.report('finite observation', `There is ${found}. Return numbers that are finite in float32.`);
      } else if (!within(value, low[d] as number, high[d] as number)) {
        const found = `${value} at index ${d} of the observation of ${where}, outside of [${low[d]}, ${high[d]}]`;
        this.report('bounds', `There is ${found}. Keep it within, or widen observationSpace.`);
      }
    });
    return copy;
  }

  private outcome({ reward, terminated, truncated }: Step): (number | boolean)[] {
    const where = `step ${this.steps}`;
    if (typeof reward !== 'number' || !Number.isFinite(reward)) {
      this.done = true;
      this.report('reward', `The reward of ${where} is ${describeValue(reward)}. Return a finite number.`);
    }
    for (const [name, flag] of Object.entries({ terminated, truncated })) {
      if (typeof flag === 'boolean') continue;
      this.done = true;
      this.report(name, `\`${name}\` of ${where} is ${describeValue(flag)}. Return true or false with every step.`);
    }
    this.end = { terminated: terminated === true, truncated: truncated === true };
    return [reward, terminated, truncated];
  }
}

/** Where two episodes part, in words; `undefined` if they are the same. */
export function difference(a: Episode, b: Episode): string | undefined {
  for (let t = 0; t < Math.max(a.moments.length, b.moments.length); t++) {
    const [one, other] = [a.moments[t], b.moments[t]];
    const place = t === 0 ? 'the first observation' : `step ${t - 1}`;
    if (!one || !other) return `one ended before ${place}`;
    if (one.some((value, i) => !Object.is(value, other[i])))
      return `${place}: [${one.join(', ')}] and [${other.join(', ')}]`;
  }
  return undefined;
}

function sameAction(a: Action, b: Action): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.every((value, d) => Object.is(value, b[d]));
}
