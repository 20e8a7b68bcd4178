import {
  type ActionSpace,
  type BoxSpace,
  defineComponent,
  InnerloopError,
  type ReferenceRow,
  type TaskDistribution,
  type TaskView,
} from '@innerloop/core';
import { z } from 'zod';
import { type ControlDynamics, ControlEnvironment } from './environment.js';
import { horizonBeyond, timeLimitOption } from './options.js';
import { CONTROL_PROBLEMS, type ControlProblem, type ControlProblemName } from './problems.js';

/** The only task of a single problem. */
export type SingleTask = Readonly<Record<string, never>>;

/** Options of {@link ClassicControl}; any may be left out. */
export interface ClassicControlOptions {
  /** Steps after which an episode is truncated; Gymnasium's limit if left out. */
  readonly timeLimit?: number;
}

/**
 * One of Gymnasium's classic-control problems, as a distribution with a single task, `{}`. Its environments truncate at the time limit.
 */
export class ClassicControl implements TaskDistribution<SingleTask> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: ActionSpace;
  /** What others reach; empty under another time limit than Gymnasium's. */
  readonly references: readonly ReferenceRow[];
  /** Absent where no two components of the observation are places in a plane. */
  readonly view?: (task: SingleTask) => TaskView;
  private readonly timeLimit: number;
  private readonly dynamics: () => ControlDynamics;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(name: ControlProblemName, options: ClassicControlOptions = {}) {
    const problem: ControlProblem = CONTROL_PROBLEMS[name];
    this.timeLimit = optionsOf(problem).parse(options).timeLimit;
    this.horizon = horizonBeyond(this.timeLimit);
    this.dynamics = problem.dynamics;
    const { observationSpace, actionSpace } = problem.dynamics();
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.references = this.timeLimit === problem.timeLimit ? problem.references : [];
    const { view } = problem;
    if (view) this.view = () => view;
  }

  sample(_random: unknown, count: number): SingleTask[] {
    return Array.from({ length: count }, () => ({}));
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task is anything but `{}`. */
  create(task: SingleTask): ControlEnvironment {
    if (typeof task !== 'object' || task === null || Object.keys(task).length > 0) {
      throw new InnerloopError(
        'ENVIRONMENT_INVALID',
        `A classic-control problem has one task, {}, found ${JSON.stringify(task)}. ` +
          'For tasks with other masses and lengths use cart-pole-varied or pendulum-varied.',
      );
    }
    return new ControlEnvironment(this.dynamics(), this.timeLimit);
  }
}

function optionsOf({ timeLimit }: ControlProblem) {
  return z.strictObject({ timeLimit: timeLimitOption(timeLimit) });
}

/** `tasks: { use: cart-pole }`, `pendulum`, `acrobot`, `mountain-car` and `mountain-car-continuous`. */
export const classicControlComponents = (Object.keys(CONTROL_PROBLEMS) as ControlProblemName[]).map((name) => {
  const problem: ControlProblem = CONTROL_PROBLEMS[name];
  return defineComponent({
    kind: 'tasks',
    name,
    summary: problem.summary,
    choose: problem.choose,
    options: optionsOf(problem),
    create: (options) => new ClassicControl(name, options),
  });
});
