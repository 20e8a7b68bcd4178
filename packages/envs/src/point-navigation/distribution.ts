import {
  type BoxSpace,
  defineComponent,
  InnerloopError,
  type Random,
  type ReferenceRow,
  type TaskDistribution,
  type TaskView,
} from '@innerloop/core';
import { z } from 'zod';
import { PointNavigationEnvironment, type PointNavigationTask } from './environment.js';
import { PAPER_GOALS } from './paper-goals.js';
import { POINT_NAVIGATION_REFERENCES } from './references.js';

const pointNavigationOptions = z.strictObject({
  horizon: z.int().min(1).default(100).describe('H: steps after which an episode ends, at least 1'),
  goalRange: z
    .number()
    .positive()
    .default(0.5)
    .describe('Goals are uniform on the square [-goalRange, goalRange]^2, above 0'),
  stepLimit: z.number().positive().default(0.1).describe('Longest move along each axis in one step, above 0'),
  goalRadius: z
    .number()
    .min(0)
    .default(0.01)
    .describe('An episode terminates when the goal is nearer than this along both axes, at least 0'),
  observeGoal: z
    .boolean()
    .default(false)
    .describe('Whether the observation also holds the goal, [x, y, goalX, goalY]: for an oracle that need not adapt'),
});

/** Options of {@link PointNavigation}; any may be left out. */
export type PointNavigationOptions = z.input<typeof pointNavigationOptions>;

const DEFAULTS = pointNavigationOptions.parse({});

/** The goals of the task set `paper` lie in [−0.5, 0.5]², whatever the range of the distribution. */
const PAPER_RANGE = 0.5;

/**
 * 2D navigation: one task for each goal, uniform on a square (Finn et al. 2017). Actions are `[2]`; so are observations, or `[4]`
 * if they hold the goal. The task set `paper` holds the 40 goals of the paper's figure.
 */
export class PointNavigation implements TaskDistribution<PointNavigationTask> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly taskSets: Readonly<Record<'paper', readonly PointNavigationTask[]>> = {
    paper: PAPER_GOALS.map((goal) => ({ goal })),
  };
  /** The paper's results; empty unless all options have their defaults, since they hold for no other MDP. */
  readonly references: readonly ReferenceRow[];
  private readonly options: z.output<typeof pointNavigationOptions>;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: PointNavigationOptions = {}) {
    this.options = pointNavigationOptions.parse(options);
    const { horizon, stepLimit, goalRange, observeGoal } = this.options;
    this.horizon = horizon;
    this.actionSpace = square(stepLimit);
    const position = square(horizon * stepLimit); // as far as it can go
    this.observationSpace = observeGoal ? joined(position, square(Math.max(goalRange, PAPER_RANGE))) : position;
    const isPaper = Object.entries(DEFAULTS).every(
      ([key, value]) => this.options[key as keyof typeof DEFAULTS] === value,
    );
    this.references = isPaper ? POINT_NAVIGATION_REFERENCES : [];
  }

  sample(random: Random, count: number): PointNavigationTask[] {
    const { goalRange } = this.options;
    const coordinate = () => goalRange * (2 * random.uniform() - 1);
    return Array.from({ length: count }, () => ({ goal: [coordinate(), coordinate()] }));
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task is not `{ goal: [x, y] }` with finite numbers. */
  create(task: PointNavigationTask): PointNavigationEnvironment {
    const goal: unknown = (task as Partial<PointNavigationTask> | null)?.goal;
    if (!Array.isArray(goal) || goal.length !== 2 || !goal.every(Number.isFinite)) {
      throw new InnerloopError(
        'ENVIRONMENT_INVALID',
        `A task of point-navigation must be { "goal": [x, y] } with two finite numbers, found ${JSON.stringify(task)}.`,
      );
    }
    const { observationSpace, actionSpace } = this;
    const { stepLimit, goalRadius, observeGoal } = this.options;
    const dynamics = { observationSpace, actionSpace, stepLimit, goalRadius, observeGoal };
    return new PointNavigationEnvironment(task, dynamics);
  }

  view(task: PointNavigationTask): TaskView {
    return { axes: [0, 1], target: task.goal };
  }
}

function square(limit: number): BoxSpace {
  return { kind: 'box', low: [-limit, -limit], high: [limit, limit] };
}

function joined(a: BoxSpace, b: BoxSpace): BoxSpace {
  return { kind: 'box', low: [...a.low, ...b.low], high: [...a.high, ...b.high] };
}

/** `tasks: { use: point-navigation }` */
export const pointNavigationComponent = defineComponent({
  kind: 'tasks',
  name: 'point-navigation',
  summary: 'A point in the plane that must reach a goal it cannot see; one task for each goal',
  choose:
    'The first problem for meta-learning: small and quick, the policy must adapt since it cannot see the goal, and ' +
    'the task set `paper` has published results. Take `gaussian-mlp` and `action-scaling`, since a move is at most ' +
    '0.1 along each axis; `observeGoal` makes the oracle that need not adapt. Rewards are dense, so it does not ' +
    'test exploration: `point-corner` does.',
  options: pointNavigationOptions,
  create: (options) => new PointNavigation(options),
});
