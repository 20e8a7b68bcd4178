import type { EvaluationResult, Json, TaskEvaluation } from '@innerloop/core';

/** Two-sided 95 % quantile of the standard normal distribution. */
const Z95 = 1.96;

/** Joins the tasks' evaluations: mean over tasks and 1.96 · sd / √tasks (sample standard deviation) at each step. */
export function summarize(evaluations: readonly TaskEvaluation[], tasks: readonly Json[]): EvaluationResult {
  const count = evaluations[0]?.returns.length ?? 0;
  const steps = Array.from({ length: count }, (_, step) => {
    const returns = evaluations.map((evaluation) => evaluation.returns[step] as number);
    const meanReturn = returns.reduce((total, value) => total + value, 0) / returns.length;
    const squares = returns.reduce((total, value) => total + (value - meanReturn) ** 2, 0);
    const sd = returns.length > 1 ? Math.sqrt(squares / (returns.length - 1)) : 0;
    return { step, meanReturn, ci95: (Z95 * sd) / Math.sqrt(returns.length), returns };
  });
  const examples = evaluations.flatMap(({ index, episodes }) =>
    episodes.length > 0 ? [{ task: tasks[index] as Json, episodes }] : [],
  );
  return { steps, examples };
}
