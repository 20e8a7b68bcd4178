import type { ResolvedConfig } from '../config/schema.js';
import type { EventBus, Logger } from '../contracts/events.js';
import type { Metrics } from '../contracts/trainer.js';
import { messageOf } from '../errors.js';
import { guardLogger } from '../loggers/guard.js';
import type { CheckpointName } from './checkpoint.js';
import type { RunDirectory } from './directory.js';
import type { EvaluableExperiment, EvaluationRecord } from './evaluate.js';
import { TrainingRun } from './training-run.js';

/** What training needs of an experiment. */
export interface RunnableExperiment extends EvaluableExperiment {
  readonly config: Pick<ResolvedConfig, 'run' | 'evaluation'> & Partial<Pick<ResolvedConfig, 'loggers'>>;
  readonly events: EventBus;
  readonly loggers: readonly Logger[];
}

/** How to run. */
export interface TrainingOptions {
  /** Where the run is kept. Without one nothing is written, and an interrupted run cannot go on. */
  readonly directory?: RunDirectory;
  /** How many iterations the run is to have in all, at least as many as it has. Default: what the checkpoint or the config says. */
  readonly iterations?: number;
  /** Ends the run after the current iteration, with a checkpoint, or after the current task of the final evaluation. */
  readonly signal?: AbortSignal;
  /** Go on from a checkpoint of the directory. */
  readonly resume?: boolean;
  /** Which checkpoint to go on from. From `best`, what came after it is dropped. Default: `last`. */
  readonly checkpoint?: CheckpointName;
  /** Called after each task of the final evaluation. */
  readonly onEvaluationProgress?: (done: number, total: number) => void;
}

/** How a run ended. */
export interface TrainingResult {
  /** `already-finished`: there was nothing to do. */
  readonly reason: 'finished' | 'already-finished' | 'interrupted' | 'stopped';
  /** One sentence for the user. */
  readonly detail: string;
  /** How many iterations have been done in all. */
  readonly iteration: number;
  /** Of the last iteration; `null` if there was none. */
  readonly metrics: Metrics | null;
  /** The path of the run directory, if there is one. */
  readonly directory?: string;
  /** The final evaluation, once the run is finished. */
  readonly evaluation?: EvaluationRecord;
}

/**
 * Trains: iterations, metrics, validation, checkpoints, and the final evaluation. With the same config and seed the
 * metrics (all but `time/*` and `memory/*`) and parameters are the same, bit for bit, however often the run was
 * interrupted, killed and resumed.
 *
 * The experiment's loggers are attached before `run:start` and closed at the end. The experiment itself stays open.
 *
 * The directory is locked until the end, so that no other process trains there.
 *
 * @throws InnerloopError `RUN_LOCKED` if another call, of this process or another one, is training in the directory.
 * @throws InnerloopError `NUMBERS_NOT_FINITE` if an iteration leaves parameters that are not finite; checkpoints are kept.
 * @throws InnerloopError `OPTION_INVALID` if a run that is resumed has more iterations already than it is to have.
 * @throws InnerloopError `CHECKPOINT_UNREADABLE`, `RUN_UNREADABLE`, `RUN_EXISTS` if the directory cannot be used as asked.
 * @throws InnerloopError `FILE_NOT_WRITTEN` if the disk refuses; the last checkpoint is kept.
 * @throws Whatever the trainer throws, after an `error` event, `run:end` and closing the loggers.
 */
export async function runTraining(
  experiment: RunnableExperiment,
  options: TrainingOptions = {},
): Promise<TrainingResult> {
  const release = await options.directory?.lock();
  try {
    return await train(experiment, options);
  } finally {
    await release?.();
  }
}

async function train(experiment: RunnableExperiment, options: TrainingOptions): Promise<TrainingResult> {
  const run = new TrainingRun(experiment, options);
  await run.prepare();
  const done = await run.alreadyFinished();
  if (done) return done;
  const { events } = experiment;
  const loggers = guardedLoggers(experiment);
  for (const logger of loggers) logger.attach(events);
  try {
    const result = await run.execute();
    if (result.reason !== 'already-finished') {
      events.emit('run:end', { iteration: result.iteration, reason: result.reason, detail: result.detail });
    }
    return result;
  } catch (error) {
    const detail = messageOf(error);
    events.emit('error', { source: 'training', message: detail, fatal: true });
    events.emit('run:end', { iteration: run.iteration, reason: 'failed', detail });
    throw error;
  } finally {
    for (const logger of loggers) await logger.close();
  }
}

/** A logger that fails is announced under its name and disturbs nothing. */
function guardedLoggers({ loggers, config, events }: RunnableExperiment): Logger[] {
  return loggers.map((logger, index) => {
    const use = config.loggers?.[index]?.use;
    return guardLogger(logger, use === undefined ? `logger ${index + 1}` : `logger '${use}'`, events);
  });
}
