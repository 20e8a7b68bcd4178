import type { EvaluationConfig } from '../config/schema.js';
import type { EvaluationResult } from '../contracts/trainer.js';
import { overTasks } from '../numerics/mean.js';

/** What all episodes of an evaluation earned together, those that were adapted to included. */
export interface TotalReturn {
  /** How many episodes each task had: rollouts · (steps + 1). */
  readonly episodes: number;
  /** Mean over tasks of the sum of the undiscounted returns of all its episodes. */
  readonly mean: number;
  /** Half-width of the 95 % interval: 1.96 · sd / √tasks (sample standard deviation). */
  readonly ci95: number;
  /** The sum of each task, in the order of the request. */
  readonly totals: readonly number[];
}

/**
 * What the first episodes in a new task earn, as bandits are judged (Duan et al. 2016, arXiv:1611.02779): Σ_j rollouts · (mean return
 * after j adaptation steps), j = 0 … steps. An evaluation in which greedy actions are measured has other episodes to adapt to, and no such total.
 */
export function totalReturn({
  rollouts,
  result: { steps },
}: {
  /** Episodes per task and number of adaptation steps. */
  readonly rollouts: number;
  readonly result: Pick<EvaluationResult, 'steps'>;
}): TotalReturn {
  const totals = (steps[0]?.returns ?? []).map((_, task) =>
    steps.reduce((total, { returns }) => total + rollouts * (returns[task] as number), 0),
  );
  const { mean, half } = overTasks(totals);
  return { episodes: rollouts * steps.length, mean, ci95: half, totals };
}

/**
 * What checkpoints are compared by (`evaluation.score`): the mean return after the last adaptation step, or the total of all episodes. NaN
 * if there are no steps.
 */
export function scoreOf(
  result: Pick<EvaluationResult, 'steps'>,
  { score, rollouts }: Pick<EvaluationConfig, 'score' | 'rollouts'>,
): number {
  if (score === 'total') return totalReturn({ rollouts, result }).mean;
  return result.steps.at(-1)?.meanReturn ?? Number.NaN;
}
