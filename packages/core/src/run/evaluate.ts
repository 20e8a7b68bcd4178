import type { ReferenceRow, TaskDistribution, TaskView } from '../contracts/environment.js';
import type { Json } from '../contracts/json.js';
import type { EvaluationResult, Trainer } from '../contracts/trainer.js';
import { InnerloopError } from '../errors.js';
import { randomStream } from '../numerics/random.js';
import { didYouMean, quoteAll } from '../plugins/nearest.js';
import { sampleTasks } from '../rollouts/sample-tasks.js';
import type { CheckpointName } from './checkpoint.js';

/** What to evaluate on, and how. */
export interface EvaluationPlan {
  /** How many tasks to draw, or the name of one of the distribution's task sets. */
  readonly tasks: number | string;
  /** Adaptation steps. */
  readonly steps: number;
  /** Episodes per task and adaptation step. */
  readonly rollouts: number;
  /** Seeds the draw of the tasks and every stream of the evaluation. */
  readonly seed: number;
  /** Whether the mode of the policy is measured in place of sampled actions; no if left out. */
  readonly greedy?: boolean | undefined;
  /** Replaces the inner step size at each step. */
  readonly stepSizes?: readonly number[] | undefined;
  /** How many tasks to keep example episodes of. */
  readonly examples?: number;
}

/** `evaluation.json`. */
export interface EvaluationRecord {
  readonly tasks: readonly Json[];
  /** The name of the task set, `null` if the tasks were drawn. */
  readonly taskSet: string | null;
  readonly seed: number;
  readonly rollouts: number;
  /** Whether the mode of the policy was measured in place of sampled actions. */
  readonly greedy: boolean;
  readonly stepSizes: readonly number[] | null;
  /** Which parameters were evaluated. */
  readonly checkpoint: CheckpointName;
  /** The iteration after which they were saved. */
  readonly iteration: number;
  /** Published results on the same distribution. */
  readonly references: readonly ReferenceRow[];
  /** How to draw each example's task; `null` where the distribution does not say. */
  readonly views: readonly (TaskView | null)[];
  readonly result: EvaluationResult;
}

/** The parameters to evaluate, and where they come from. */
export interface EvaluatedParameters {
  readonly parameters: Float64Array;
  /** The trainer's state that belongs to them; its present one if left out. */
  readonly state?: Json;
  readonly checkpoint: CheckpointName;
  readonly iteration: number;
}

/** What an evaluation needs of an experiment. */
export interface EvaluableExperiment {
  readonly trainer: Trainer;
  /** With the config's wrappers applied. */
  readonly tasks: TaskDistribution;
}

/**
 * The tasks of an evaluation: a named set, or so many drawn with a stream of their own, which training never uses.
 *
 * @param place Where the choice was made, for messages.
 * @throws InnerloopError if there is no set of that name (`CONFIG_INVALID` or `OPTION_INVALID`, by `place`); lists those there are.
 * @throws InnerloopError `ENVIRONMENT_INVALID` if the distribution does not draw the tasks as it should.
 */
export function chooseTasks(
  distribution: TaskDistribution,
  { tasks, seed }: Pick<EvaluationPlan, 'tasks' | 'seed'>,
  place: 'evaluation.final.tasks' | '--tasks' = '--tasks',
): { readonly tasks: readonly Json[]; readonly taskSet: string | null } {
  if (typeof tasks === 'number') {
    return {
      tasks: sampleTasks(distribution, randomStream({ seed, purpose: 'validation-tasks' }), tasks),
      taskSet: null,
    };
  }
  const sets = distribution.taskSets ?? {};
  const set = Object.hasOwn(sets, tasks) ? sets[tasks] : undefined;
  if (set) return { tasks: set, taskSet: tasks };
  const names = Object.keys(sets);
  const known =
    names.length > 0 ? `a number or one of ${quoteAll(names)}` : 'a number, as these tasks have no named sets';
  throw new InnerloopError(
    place === '--tasks' ? 'OPTION_INVALID' : 'CONFIG_INVALID',
    `${place}: expected ${known}, found '${tasks}'${didYouMean(tasks, names)}`,
  );
}

/**
 * Evaluates parameters: the final evaluation of a run and the `evaluate` command both end here.
 *
 * @param onProgress Called after each task.
 * @throws InnerloopError `NUMBERS_NOT_FINITE` if a return is not a finite number.
 */
export async function evaluateRun(
  { trainer, tasks: distribution }: EvaluableExperiment,
  plan: EvaluationPlan,
  { parameters, state, checkpoint, iteration }: EvaluatedParameters,
  options: {
    readonly place?: 'evaluation.final.tasks' | '--tasks';
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  } = {},
): Promise<EvaluationRecord> {
  const { tasks, taskSet } = chooseTasks(distribution, plan, options.place);
  const { steps, rollouts, seed, greedy = false, stepSizes, examples } = plan;
  const result = await trainer.evaluate(
    {
      tasks,
      steps,
      rollouts,
      seed,
      greedy,
      ...(stepSizes && { stepSizes }),
      ...(examples !== undefined && { examples }),
      ...(options.onProgress && { onProgress: options.onProgress }),
    },
    parameters,
    state,
  );
  assertFiniteReturns(result);
  return {
    tasks,
    taskSet,
    seed,
    rollouts,
    greedy,
    stepSizes: stepSizes ?? null,
    checkpoint,
    iteration,
    references: distribution.references ?? [],
    views: result.examples.map(({ task }) => distribution.view?.(task) ?? null),
    result,
  };
}

function assertFiniteReturns({ steps }: EvaluationResult): void {
  for (const { step, returns } of steps) {
    const task = returns.findIndex((value) => !Number.isFinite(value));
    if (task < 0) continue;
    throw new InnerloopError(
      'NUMBERS_NOT_FINITE',
      `The return of task ${task} after ${step} adaptation steps is ${returns[task]}. ` +
        'Adaptation diverges: try smaller step sizes.',
    );
  }
}
