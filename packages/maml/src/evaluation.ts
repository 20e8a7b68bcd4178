import {
  deal,
  type EvaluationRequest,
  type EvaluationResult,
  type Json,
  overTasks,
  type TaskEvaluation,
  type TaskShard,
} from '@innerloop/core';
import { indexTasks } from './shard.js';

/** Joins the tasks' evaluations: mean over tasks and 1.96 · sd / √tasks (sample standard deviation) at each step. */
export function summarize(evaluations: readonly TaskEvaluation[], tasks: readonly Json[]): EvaluationResult {
  const count = evaluations[0]?.returns.length ?? 0;
  const steps = Array.from({ length: count }, (_, step) => {
    const returns = evaluations.map((evaluation) => evaluation.returns[step] as number);
    const { mean, half } = overTasks(returns);
    return { step, meanReturn: mean, ci95: half, returns };
  });
  const examples = evaluations.flatMap(({ index, episodes }) =>
    episodes.length > 0 ? [{ task: tasks[index] as Json, episodes }] : [],
  );
  return { steps, examples };
}

/** Measures adaptation from `parameters`, the tasks dealt out to shards. Each task's numbers depend only on its index. */
export async function evaluateOnShards(
  shards: readonly TaskShard[],
  request: EvaluationRequest,
  parameters: Float64Array,
): Promise<EvaluationResult> {
  const { tasks, onProgress, examples = 0, ...rest } = request;
  const indexed = indexTasks(tasks);
  let done = 0;
  let failed = false;
  // Task by task, so that progress can be shown.
  const evaluateMine = async (shard: TaskShard, mine: typeof indexed) => {
    const evaluations: TaskEvaluation[] = [];
    for (const task of mine) {
      if (failed) break; // another shard did: nobody waits for the rest
      evaluations.push(...(await shard.evaluate({ ...rest, parameters, tasks: [task], examples })));
      done += 1;
      onProgress?.(done, tasks.length);
    }
    return evaluations;
  };
  const dealt = deal(indexed, shards.length);
  const answers = await Promise.all(
    shards.map((shard, s) =>
      evaluateMine(shard, dealt[s] as typeof indexed).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  return summarize(answers.flat(), tasks);
}
