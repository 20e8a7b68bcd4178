import type { Environment } from '../contracts/environment.js';
import { randomStream } from '../numerics/random.js';
import { describeValue } from '../rollouts/validate.js';
import { difference, Episode } from './episodes.js';
import { Findings, type Report } from './findings.js';
import { checkSpaces } from './spaces.js';

/** Options of {@link checkEnvironment}. */
export interface CheckEnvironmentOptions {
  /** Seeds everything that is drawn. Default 1. */
  readonly seed?: number;
  /** Episodes that are played for each question. Default 3. */
  readonly episodes?: number;
  /** Steps after which an episode that goes on is left alone. Default 200. */
  readonly steps?: number;
  /**
   * The number of steps after which it is meant to truncate, if it is: reaching that must set `truncated`, and not `terminated`, which would
   * say that the last state is worth nothing. At most `steps`.
   */
  readonly timeLimit?: number;
}

/**
 * Plays an environment with random actions and checks all that its contract promises: spaces, shapes, bounds and finite numbers; flags; that
 * an episode is a function of its stream and its actions, whatever was played before or is played beside it; that actions outside of their
 * bounds do no harm. Environments may reuse their buffers: what they return is copied at once, as rollouts do.
 *
 * Needs no test framework: it throws, or returns nothing.
 *
 * @param factory Makes a fresh environment at each call.
 * @throws InnerloopError CONTRACT_BROKEN, whose message lists everything that was found, in sentences that say what to change.
 */
export function checkEnvironment(factory: () => Environment, options: CheckEnvironmentOptions = {}): void {
  const findings = new Findings();
  examineEnvironment(factory, options, findings);
  findings.conclude('The environment');
}

/** {@link checkEnvironment} without its end; `report` may put something before each sentence. */
export function examineEnvironment(
  factory: () => Environment,
  { seed = 1, episodes = 3, steps = 200, timeLimit }: CheckEnvironmentOptions,
  findings: Findings,
  report: Report = findings.report,
): void {
  const made = findings.attempt('factory', 'Making an environment', () => [factory(), factory()] as const);
  if (!made || !hasMembers(made[0], report) || !checkSpaces(made[0], report)) return;
  if (made[0] === made[1]) {
    report(
      'fresh',
      'The same environment was made twice. Make a new one at each call: episodes are played side by side.',
    );
    return;
  }
  const before = findings.count;
  const start = (environment: Environment, e: number, beyond = false, to: Report = report) => {
    const random = randomStream({ seed, purpose: 'user', rollout: e });
    const actions = randomStream({ seed, purpose: 'act', rollout: e });
    return new Episode(environment, { random, actions, steps, beyond }, to);
  };
  const alone = Array.from({ length: episodes }, (_, e) => start(factory(), e).finish());
  if (timeLimit !== undefined) checkTimeLimit(alone, timeLimit, report);
  // What follows compares episodes, which is of use only for those that are sound.
  if (findings.count === before) {
    checkRepeats(alone, factory, start, report);
    if (made[0].actionSpace.kind === 'box') {
      const outside: Report = (topic, sentence) =>
        report(
          topic,
          `${sentence} The actions were outside of actionSpace, as those of Gaussian policies may be: clip them.`,
        );
      for (let e = 0; e < episodes; e++) start(factory(), e, true, outside).finish();
    }
  }
}

type Start = (environment: Environment, episode: number) => Episode;

/** Whether the episodes of `alone` are the same again in other circumstances. */
function checkRepeats(alone: readonly Episode[], factory: () => Environment, start: Start, report: Report): void {
  const compare = (topic: string, others: readonly Episode[], sentence: (parting: string) => string) => {
    for (const [e, other] of others.entries()) {
      const parting = difference(alone[e] as Episode, other);
      if (parting !== undefined) {
        report(topic, sentence(parting));
        return false;
      }
    }
    return true;
  };
  const again = alone.map((_, e) => start(factory(), e).finish());
  const repeats = compare(
    'seeding',
    again,
    (parting) =>
      `The same stream and the same actions gave two different episodes (${parting}). Take all randomness from the \`random\` that reset() is ` +
      'given, never from Math.random or a clock, and keep nothing outside of the environment.',
  );
  if (!repeats) return;
  const used = factory();
  const afterOthers = alone.map((_, e) => {
    start(used, alone.length + e).step(); // left in the middle
    return start(used, e).finish();
  });
  compare(
    'reset',
    afterOthers,
    (parting) =>
      `An episode depends on the one before it in the same environment (${parting}). Put back everything in reset(), counters included.`,
  );
  const beside = alone.map((_, e) => start(factory(), e));
  while (beside.some(({ done }) => !done)) for (const episode of beside) episode.step();
  compare(
    'side by side',
    beside,
    (parting) =>
      `Episodes of different environments disturb each other when they are played side by side (${parting}). Keep all state in the environment, ` +
      'not in its module or in what made it.',
  );
}

function checkTimeLimit(episodes: readonly Episode[], timeLimit: number, report: Report): void {
  for (const { steps, end } of episodes) {
    if (steps > timeLimit || (steps === timeLimit && !end.terminated && !end.truncated)) {
      report(
        'time limit',
        `An episode went on after ${timeLimit} steps, its time limit. Set \`truncated\` with step ${timeLimit - 1}.`,
      );
    }
  }
  const atLimit = episodes.filter(({ steps }) => steps === timeLimit);
  if (atLimit.length === 0 || atLimit.some(({ end }) => end.truncated)) return;
  if (atLimit.every(({ end }) => end.terminated)) {
    report(
      'time limit',
      `Episodes that reach the time limit of ${timeLimit} steps are \`terminated\`, so their last state counts as worth nothing. Set \`truncated\` ` +
        'instead: the problem goes on, and the value of the last state is bootstrapped.',
    );
  }
}

function hasMembers(environment: unknown, report: Report): environment is Environment {
  const members = environment as Partial<Record<string, unknown>> | null | undefined;
  const missing = ['reset', 'step'].filter((name) => typeof members?.[name] !== 'function');
  if (missing.length === 0) return true;
  report(
    'members',
    `The environment is ${describeValue(environment)} without ${missing.join('() and ')}(). Add what is missing.`,
  );
  return false;
}
