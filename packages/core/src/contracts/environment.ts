import type { Random } from '../numerics/random.js';
import type { Json } from './json.js';

/** A box of real vectors: one lower and one upper bound for each dimension. Bounds may be infinite. */
export interface BoxSpace {
  readonly kind: 'box';
  /** Lower bounds, `[dim]`. */
  readonly low: readonly number[];
  /** Upper bounds, `[dim]`. */
  readonly high: readonly number[];
}

/** The integers `0 … count − 1`. */
export interface DiscreteSpace {
  readonly kind: 'discrete';
  /** How many choices there are. */
  readonly count: number;
}

/** What an action is: a real vector, or one of a number of choices. */
export type ActionSpace = BoxSpace | DiscreteSpace;

/** An action as an environment receives it: `[actDim]` for a box, an integer for a discrete space. */
export type Action = Float32Array | number;

/** What an environment is seen and steered through. */
export interface Spaces {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: ActionSpace;
}

/** What one step returns, with Gymnasium's meaning of the two flags. */
export interface Step {
  /** The observation after the step, `[obsDim]`. Copied at once, so it may be reused. */
  readonly observation: ArrayLike<number>;
  /** The reward of this step. */
  readonly reward: number;
  /** A terminal state of the MDP was reached; its value is 0. */
  readonly terminated: boolean;
  /** The episode was cut off though the MDP goes on; its last state still has a value. */
  readonly truncated: boolean;
  /**
   * The undiscounted return of the episode so far, this step included, where it is not the sum of `reward`: what metrics and evaluations
   * report if wrappers have changed the rewards since. The wrapper `episode-statistics` sets it; other wrappers pass it on.
   */
  readonly episodeReturn?: number | undefined;
}

/**
 * One environment, in one state. All randomness comes from the `random` given at reset, so that an episode is a
 * function of its seed and its actions.
 */
export interface Environment extends Spaces {
  /** Starts an episode and returns its first observation, `[obsDim]`. */
  reset(random: Random): ArrayLike<number>;
  /** Takes one step. Not called again after a terminated or truncated step until the next reset. */
  step(action: Action): Step;
}

/** How the states of a task can be drawn in a plane. */
export interface TaskView {
  /** Which two components of the observation are the horizontal and vertical position. */
  readonly axes: readonly [number, number];
  /** A point to mark, for example the goal. */
  readonly target?: readonly [number, number];
}

/** A published result to set beside ours. */
export interface ReferenceRow {
  /** For example `MAML (Finn et al. 2017)`. */
  readonly label: string;
  /** Mean return after 0, 1, 2, … adaptation steps. */
  readonly meanReturn: readonly number[];
  /** Half-widths of the 95 % intervals, where published. */
  readonly ci95?: readonly number[];
  /** Where it was read. */
  readonly source: string;
  /** The task set that it was measured on. Absent: tasks drawn from the distribution. */
  readonly taskSet?: string;
  /** Whether the mode of the policy was measured, or sampled actions. Absent: not known. */
  readonly greedy?: boolean;
}

/**
 * A distribution over tasks (MDPs) that share their spaces and horizon. A single-task problem is a distribution with
 * one task.
 *
 * @typeParam Task The parameters of one task: plain JSON, since tasks cross thread boundaries and are saved.
 */
export interface TaskDistribution<Task extends Json = Json> extends Spaces {
  /** H: an episode ends after this many steps, with terminal value 0, since the horizon is part of the MDP. */
  readonly horizon: number;
  /** Draws tasks. */
  sample(random: Random, count: number): readonly Task[];
  /** Makes the environment of a task. */
  create(task: Task): Environment;
  /** Named fixed lists of tasks, for example the ones that a paper evaluated on. */
  readonly taskSets?: Readonly<Record<string, readonly Task[]>>;
  /** Published results on these tasks. */
  readonly references?: readonly ReferenceRow[];
  /** How to draw a task in the report; without it the report shows rewards over time instead. */
  view?(task: Task): TaskView;
}

/** Changes environments from outside: scales actions, limits time, and so on. */
export interface Wrapper {
  /**
   * The spaces after wrapping. One that it leaves as it is must be the same object: tasks are drawn in the report only where every wrapper hands the
   * observation space on, since equal bounds may hold other observations.
   */
  spaces(spaces: Spaces): Spaces;
  /** The wrapped environment; its spaces equal `this.spaces(environment)`. */
  wrap(environment: Environment): Environment;
  /**
   * What it does to the returns that are reported: `rewards` are others from here on, `episodes` end elsewhere, or the returns are `kept` as they
   * are here whatever later wrappers make of the rewards. Absent: none of these. Published results are set beside the tasks' own returns alone.
   */
  readonly returns?: 'rewards' | 'episodes' | 'kept';
  /** What it learns from the environments that it wraps, such as running statistics. Absent: nothing. */
  readonly learned?: LearnedWrapping;
}

/**
 * What a wrapper learns. It changes at one moment only, so that all episodes of a batch, and those of an evaluation, are wrapped in the same
 * way: what environments show between `begin` and `end` is counted, and takes effect at `end`.
 */
export interface LearnedWrapping {
  /** A batch of training is about to be collected. */
  begin(): void;
  /** It has been collected. */
  end(): void;
  /** What a checkpoint must hold. */
  state(): Json;
  /** Puts back what {@link state} returned. */
  restore(state: Json): void;
}
