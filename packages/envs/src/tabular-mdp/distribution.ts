import {
  type BoxSpace,
  type DiscreteSpace,
  defineComponent,
  InnerloopError,
  type Random,
  type TaskDistribution,
} from '@innerloop/core';
import { z } from 'zod';
import { TabularMdpEnvironment } from './environment.js';
import { type TabularMdpTables, tabularMdpTables } from './tables.js';

const tabularMdpOptions = z.strictObject({
  states: z.int().min(2).max(1000).default(10).describe('S: how many states there are, at least 2'),
  actions: z.int().min(2).max(1000).default(5).describe('A: how many actions there are, at least 2'),
  horizon: z.int().min(1).default(10).describe('H: steps after which an episode ends, at least 1'),
});

/** Options of {@link TabularMdp}; any may be left out. */
export type TabularMdpOptions = z.input<typeof tabularMdpOptions>;

/**
 * Which MDP. The tables follow from the seed by {@link tabularMdpTables}: 550 numbers of a task would be 10 kB of JSON, and tasks are sent
 * to threads and saved with every evaluation.
 */
export type TabularMdpTask = {
  /** 0 … 2³² − 1. */
  readonly seed: number;
};

const SEEDS = 2 ** 32;

/**
 * Random MDPs with tables (Duan et al. 2016, arXiv:1611.02779, section 3.2). By default 10 states, 5 actions and H 10; the best policy of an
 * MDP then earns 21.85 an episode on average, and random actions 10.
 */
export class TabularMdp implements TaskDistribution<TabularMdpTask> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  private readonly options: z.output<typeof tabularMdpOptions>;
  /** The task asked for last: a rollout makes an environment for each of its episodes. */
  private last: { readonly seed: number; readonly tables: TabularMdpTables } | undefined;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: TabularMdpOptions = {}) {
    this.options = tabularMdpOptions.parse(options);
    const { states, actions, horizon } = this.options;
    this.horizon = horizon;
    const all = (bound: number) => new Array<number>(states).fill(bound);
    this.observationSpace = { kind: 'box', low: all(0), high: all(1) };
    this.actionSpace = { kind: 'discrete', count: actions };
  }

  sample(random: Random, count: number): TabularMdpTask[] {
    return Array.from({ length: count }, () => ({ seed: random.integer(SEEDS) }));
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task is not `{ seed }` with a whole number from 0 to 2³² − 1. */
  create(task: TabularMdpTask): TabularMdpEnvironment {
    return new TabularMdpEnvironment(this.tables(task), this);
  }

  /**
   * The tables of a task, for oracles. Not to be written to.
   *
   * @throws InnerloopError as {@link create} does.
   */
  tables(task: TabularMdpTask): TabularMdpTables {
    const seed: unknown = (task as Partial<TabularMdpTask> | null)?.seed;
    if (!Number.isInteger(seed) || (seed as number) < 0 || (seed as number) >= SEEDS) {
      throw new InnerloopError(
        'ENVIRONMENT_INVALID',
        `A task of tabular-mdp must be { "seed": n } with a whole number from 0 to 2^32 - 1, found ${JSON.stringify(task)}.`,
      );
    }
    if (this.last?.seed !== task.seed) {
      this.last = { seed: task.seed, tables: tabularMdpTables(task.seed, this.options) };
    }
    return this.last.tables;
  }
}

/** `tasks: { use: tabular-mdp }` */
export const tabularMdpComponent = defineComponent({
  kind: 'tasks',
  name: 'tabular-mdp',
  summary: 'Small random MDPs with tables of transitions and rewards that differ from task to task',
  choose:
    'For discrete actions (`categorical-mlp`) and exact answers: tables give the best return of every task, by ' +
    'backward induction. Most of that is won by the reward at once, so a `discount` of 0 serves and it hardly tests ' +
    'looking ahead; for that take the classic-control problems.',
  options: tabularMdpOptions,
  create: (options) => new TabularMdp(options),
});
