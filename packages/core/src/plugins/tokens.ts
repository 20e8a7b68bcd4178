import type { ServiceIdentifier } from 'inversify';
import type { AdvantageEstimator } from '../contracts/advantages.js';
import type { BaselineFactory } from '../contracts/baseline.js';
import type { Check } from '../contracts/check.js';
import type { TaskDistribution, Wrapper } from '../contracts/environment.js';
import type { EventBus, Logger } from '../contracts/events.js';
import type { InnerOptimizer } from '../contracts/inner-optimizer.js';
import type { MetaObjective } from '../contracts/objective.js';
import type { Policy } from '../contracts/policy.js';
import type { PolicyOptimizer } from '../contracts/policy-optimizer.js';
import type { Trainer } from '../contracts/trainer.js';
import type { WorkerPlan } from '../workers/plan.js';

/** What a component of each kind is, once made. Extend by declaration merging to add a kind. */
export interface ComponentKinds {
  trainer: Trainer;
  objective: MetaObjective;
  tasks: TaskDistribution;
  wrapper: Wrapper;
  policy: Policy;
  'inner-optimizer': InnerOptimizer;
  'policy-optimizer': PolicyOptimizer;
  advantages: AdvantageEstimator;
  baseline: BaselineFactory;
  check: Check;
  logger: Logger;
}

/** The name of a kind of component. */
export type ComponentKind = keyof ComponentKinds;

/** The places of a config that hold one component, and the kind that fits. */
export const SLOTS = {
  trainer: 'trainer',
  objective: 'objective',
  tasks: 'tasks',
  policy: 'policy',
  inner: 'inner-optimizer',
  meta: 'policy-optimizer',
  optimizer: 'policy-optimizer',
  advantages: 'advantages',
  baseline: 'baseline',
} as const satisfies Record<string, ComponentKind>;

/** The name of a place that holds one component. */
export type Slot = keyof typeof SLOTS;

/** The places of a config that hold a list of components, and the kind that fits. */
export const LIST_SLOTS = { wrappers: 'wrapper', checks: 'check', loggers: 'logger' } as const satisfies Record<
  string,
  ComponentKind
>;

/** The name of a place that holds a list of components. */
export type ListSlot = keyof typeof LIST_SLOTS;

/** The settings of `run:` that components may ask for. */
export interface RunSettings {
  /** The run's name. */
  readonly name: string;
  /** Seeds every random stream of training. */
  readonly seed: number;
  /** How many iterations to run. */
  readonly iterations: number;
}

/** A key of the container, typed by what it gives. */
export type Token<T> = ServiceIdentifier<T>;

function token<T>(name: string): Token<T> {
  return Symbol.for(`@innerloop/core:${name}`);
}

/** What a component may ask for in `inject`: the experiment's parts, as its config chose them. */
export const TOKENS = {
  trainer: token<Trainer>('trainer'),
  objective: token<MetaObjective>('objective'),
  /** With the config's wrappers applied. */
  tasks: token<TaskDistribution>('tasks'),
  policy: token<Policy>('policy'),
  inner: token<InnerOptimizer>('inner'),
  meta: token<PolicyOptimizer>('meta'),
  optimizer: token<PolicyOptimizer>('optimizer'),
  advantages: token<AdvantageEstimator>('advantages'),
  baseline: token<BaselineFactory>('baseline'),
  wrappers: token<readonly Wrapper[]>('wrappers'),
  checks: token<readonly Check[]>('checks'),
  loggers: token<readonly Logger[]>('loggers'),
  events: token<EventBus>('events'),
  run: token<RunSettings>('run'),
  /** How many worker threads there are, and how a trainer starts them. */
  workers: token<WorkerPlan>('workers'),
} as const;
