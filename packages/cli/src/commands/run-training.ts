import {
  type CheckpointName,
  type Experiment,
  type RunDirectory,
  runTraining,
  type TrainingResult,
} from '@innerloop/core';
import { writeReport } from '@innerloop/report';
import { INTERRUPTED_EXIT_CODE, Interruption } from '../interrupt.js';
import { evaluationText } from '../output/returns-table.js';
import { commandLine, displayPath, print } from '../output/text.js';
import { EvaluationProgress } from '../progress/evaluation-progress.js';

/** How `train` and `resume` run. */
export interface RunOptions {
  /** The config file, to be shown. */
  readonly config: string;
  readonly resume?: boolean;
  readonly iterations?: number;
  readonly checkpoint?: CheckpointName;
  /** Given for one of several runs: the caller holds the signals, and tells how to go on. */
  readonly interruption?: Interruption;
}

/** What the first Ctrl-C is answered with. */
export const STOPPING = 'Stopping after this iteration. Press Ctrl-C again to leave at once.';

/** Says what is about to be run. */
function announce({ config, backend, workers, notices }: Experiment, directory: RunDirectory, source: string): void {
  for (const notice of notices) print(`note: ${notice}`);
  print(`run      ${config.run.name}: ${config.trainer.use} on ${config.tasks.use}, seed ${config.run.seed}`);
  print(`config   ${displayPath(source)}`);
  print(`backend  ${backend.name} (${backend.reason})`);
  print(`workers  ${workers.count} (${workers.reason})`);
  print(`into     ${displayPath(directory.path)}\n`);
}

/**
 * Trains into a run directory, evaluates, writes the report, and tells the user how it went and how to go on.
 *
 * @returns The exit code.
 */
export async function runIntoDirectory(
  experiment: Experiment,
  directory: RunDirectory,
  { config, interruption: shared, ...options }: RunOptions,
): Promise<number> {
  const place = displayPath(directory.path);
  const interruption = shared ?? new Interruption(STOPPING);
  const progress = new EvaluationProgress(process.stdout);
  announce(experiment, directory, config);
  try {
    const result = await runTraining(experiment, {
      ...options,
      directory,
      signal: interruption.signal,
      onEvaluationProgress: (done, total) => progress.update(done, total),
    });
    progress.stop();
    return await conclude(result, experiment, directory, { place, alone: !shared });
  } finally {
    progress.stop();
    if (!shared) interruption.dispose();
    await experiment.close();
  }
}

async function conclude(
  result: TrainingResult,
  experiment: Experiment,
  directory: RunDirectory,
  { place, alone }: { readonly place: string; readonly alone: boolean },
): Promise<number> {
  const { reason, detail, evaluation, iteration } = result;
  print(reason === 'already-finished' ? `${detail}\n` : reason === 'finished' ? '' : `\n${detail}`);
  if (reason === 'interrupted' || reason === 'stopped') {
    print(`Saved in ${place}.`);
    if (alone) print(`Resume:    ${commandLine('resume', place)}`);
    return reason === 'interrupted' ? INTERRUPTED_EXIT_CODE : 1;
  }
  if (evaluation) print(`${evaluationText(evaluation, experiment.config.evaluation.score)}\n`);
  const report = await writeReport(directory.path);
  print(`Report:    ${displayPath(report)}`);
  if (!alone) return 0;
  const { rollouts, steps: most } = experiment.config.evaluation.final;
  const steps = evaluation?.result.steps.length === 1 ? [] : ['--steps', String(most)];
  const request = ['--tasks', '40', ...steps, '--rollouts', String(rollouts), '--seed', '7'];
  print(`Evaluate:  ${commandLine('evaluate', place, ...request)}`);
  print(`Go on:     ${commandLine('resume', place, '--iterations', String(Math.max(1, 2 * iteration)))}`);
  return 0;
}
