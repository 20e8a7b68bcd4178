import { isDeepStrictEqual } from 'node:util';
import type { TaskDistribution } from '../contracts/environment.js';
import type { Json } from '../contracts/json.js';
import { messageOf } from '../errors.js';
import { randomStream } from '../numerics/random.js';
import { sampleTasks } from '../rollouts/sample-tasks.js';
import { describeValue } from '../rollouts/validate.js';
import { type CheckEnvironmentOptions, examineEnvironment } from './check-environment.js';
import { difference, Episode } from './episodes.js';
import { Findings, type Report } from './findings.js';
import { checkSpaces } from './spaces.js';

/** Options of {@link checkTaskDistribution}. */
export interface CheckTaskDistributionOptions extends CheckEnvironmentOptions {
  /** How many tasks are played, beside the first of each named set. Default 3. */
  readonly tasks?: number;
}

/** Tasks that are drawn to see whether they depend on the stream. */
const DRAWN = 20;

/**
 * Checks a task distribution, and by {@link checkEnvironment} the environments of some of its tasks: that tasks are plain JSON and come back from
 * it as the same problem; that they depend on the stream and on nothing else; how many there are; horizon, spaces, named sets and views.
 *
 * Needs no test framework: it throws, or returns nothing.
 *
 * @param distribution A distribution, or what makes one.
 * @throws InnerloopError CONTRACT_BROKEN, whose message lists everything that was found, in sentences that say what to change.
 */
export function checkTaskDistribution<Task extends Json>(
  distribution: TaskDistribution<Task> | (() => TaskDistribution<Task>),
  options: CheckTaskDistributionOptions = {},
): void {
  const findings = new Findings();
  const made = findings.attempt('factory', 'Making the distribution', () =>
    typeof distribution === 'function' ? distribution() : distribution,
  );
  if (made) examine(made as unknown as TaskDistribution, options, findings);
  findings.conclude('The task distribution');
}

function examine(distribution: TaskDistribution, options: CheckTaskDistributionOptions, findings: Findings): void {
  const { report } = findings;
  const { seed = 1, tasks: count = 3 } = options;
  const { horizon } = distribution;
  if (!Number.isInteger(horizon) || horizon < 1) {
    report(
      'horizon',
      `horizon is ${describeValue(horizon)}. Give it a whole number of at least 1: without it an episode might never end.`,
    );
  }
  if (!checkSpaces(distribution, report)) return;
  const sampled = checkSampling(distribution, seed, report);
  if (!sampled) return;
  const sets = Object.entries(distribution.taskSets ?? {}).flatMap(([name, set]) => checkSet(name, set, report));
  for (const task of [...sampled.slice(0, count), ...sets]) checkTask(distribution, task, options, findings);
}

/** Tasks, if `sample` is sound. */
function checkSampling(distribution: TaskDistribution, seed: number, report: Report): readonly Json[] | undefined {
  const draw = (rollout: number, count: number) =>
    sampleTasks(distribution, randomStream({ seed, purpose: 'tasks', rollout }), count);
  try {
    draw(0, 1);
    const [tasks, again, others] = [draw(0, DRAWN), draw(0, DRAWN), draw(1, DRAWN)];
    if (!isDeepStrictEqual(tasks, again)) {
      report(
        'sample',
        'sample() drew different tasks from the same stream. Take all randomness from `random`, and remember nothing from one call to the next.',
      );
    } else if (isDeepStrictEqual(tasks, others) && tasks.some((task) => !isDeepStrictEqual(task, tasks[0]))) {
      report(
        'sample',
        'sample() draws the same tasks from every stream. Draw them with `random`, or training sees no others.',
      );
    }
    return tasks;
  } catch (error) {
    report('sample', messageOf(error));
    return undefined;
  }
}

/** The first task of a named set, if the set is sound. */
function checkSet(name: string, set: readonly Json[], report: Report): readonly Json[] {
  try {
    if (!Array.isArray(set) || set.length === 0) {
      report(`set ${name}`, `taskSets.${name} is ${describeValue(set)}. Make it a list of at least one task.`);
      return [];
    }
    return sampleTasks({ sample: () => set }, randomStream({ seed: 1, purpose: 'tasks' }), set.length).slice(0, 1);
  } catch (error) {
    report(`set ${name}`, `taskSets.${name}: ${messageOf(error)}`);
    return [];
  }
}

function checkTask(
  distribution: TaskDistribution,
  task: Json,
  options: CheckTaskDistributionOptions,
  findings: Findings,
): void {
  const text = JSON.stringify(task);
  const report: Report = (topic, sentence) => findings.report(topic, `Task ${text}: ${sentence}`);
  const before = findings.count;
  examineEnvironment(() => distribution.create(task), options, findings, report);
  if (JSON.stringify(task) !== text) {
    report('task', 'The task itself was changed. Copy what changes into the environment: tasks are shared and saved.');
  }
  if (findings.count > before) return;
  const { observationSpace, actionSpace } = distribution.create(task);
  const { observationSpace: observations, actionSpace: actions } = distribution;
  if (!isDeepStrictEqual([observationSpace, actionSpace], [observations, actions])) {
    report(
      'spaces',
      'The spaces of its environment are not those of the distribution. All tasks share them: make them equal.',
    );
    return;
  }
  checkRoundTrip(distribution, task, options, report);
  checkView(distribution, task, report);
}

/** Whether a task that was saved, or came from another thread, is the same problem. */
function checkRoundTrip(
  distribution: TaskDistribution,
  task: Json,
  { seed = 1, steps = 200 }: CheckTaskDistributionOptions,
  report: Report,
): void {
  const play = (given: Json) => {
    const [random, actions] = [randomStream({ seed, purpose: 'user' }), randomStream({ seed, purpose: 'act' })];
    return new Episode(distribution.create(given), { random, actions, steps }, report).finish();
  };
  try {
    const parting = difference(play(task), play(JSON.parse(JSON.stringify(task)) as Json));
    if (parting === undefined) return;
    report(
      'round trip',
      `As JSON and back it is another problem (${parting}). Put all that makes the task into its JSON value.`,
    );
  } catch (error) {
    report(
      'round trip',
      `As JSON and back it cannot be created: ${messageOf(error)}. Do not tell tasks by identity: they are saved, and sent to other threads.`,
    );
  }
}

function checkView(distribution: TaskDistribution, task: Json, report: Report): void {
  if (!distribution.view) return;
  const { length } = distribution.observationSpace.low;
  const { axes, target } = distribution.view(task);
  if (axes.length !== 2 || axes.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= length)) {
    report(
      'view',
      `view().axes are [${axes.join(', ')}]. Name two components of the observation, from 0 to ${length - 1}.`,
    );
  }
  if (target && (target.length !== 2 || !target.every(Number.isFinite))) {
    report('view', `view().target is [${target.join(', ')}]. Give two finite numbers, or leave it out.`);
  }
}
