import type { Json } from '../contracts/json.js';
import type { Metrics } from '../contracts/trainer.js';
import { InnerloopError, messageOf } from '../errors.js';
import { type Checkpoint, type CheckpointName, hasCheckpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { chooseTasks, type EvaluatedParameters, type EvaluationRecord, evaluateRun } from './evaluate.js';
import { restoreTrainer } from './load.js';
import { assertFiniteParameters, evaluationMetrics, finiteOrNull } from './metrics.js';
import type { RunnableExperiment, TrainingOptions, TrainingResult } from './train.js';
import { Validation } from './validation.js';

/** Thrown to leave a final evaluation whose run is to end. */
class EvaluationInterrupted extends Error {}

/** One call of `runTraining`: where the run stands, and the steps that move it on. */
export class TrainingRun {
  /** How many iterations are done. */
  iteration = 0;
  private target: number;
  private metricsLines = 0;
  private metrics: Metrics | null = null;
  private readonly validation: Validation;
  /** Of this iteration's evaluation, if it had one. */
  private score: number | undefined;
  /** The iteration that `last.json` leads to. */
  private savedAt = -1;
  /** Whether `last` is the best so far, and `best.json` does not lead there yet. */
  private bestIsMissing = false;
  /** What to tell the listeners once there are some. */
  private readonly notices: string[] = [];

  constructor(
    private readonly experiment: RunnableExperiment,
    private readonly options: TrainingOptions,
  ) {
    this.target = options.iterations ?? experiment.config.run.iterations;
    this.validation = new Validation(experiment);
  }

  /** Restores the checkpoint to go on from, and finds what is wrong before any iteration is run. */
  async prepare(): Promise<void> {
    const { config, tasks } = this.experiment;
    chooseTasks(tasks, config.evaluation.final, 'evaluation.final.tasks');
    const { directory, resume = false, checkpoint: name = 'last' } = this.options;
    if (!resume) {
      if (directory && (await hasCheckpoint(directory.checkpoints, 'last'))) {
        throw new InnerloopError(
          'RUN_EXISTS',
          `${directory.path} has already been trained. Resume it, or choose another --out.`,
        );
      }
      return;
    }
    if (!directory) throw new InnerloopError('OPTION_INVALID', 'resume: expected a run directory, found none.');
    if (!(await this.hasNotBegun()))
      await this.restore(await loadCheckpoint(directory.checkpoints, name, this.experiment.trainer.layout));
  }

  /** The result of a run that is complete, evaluation and all; otherwise nothing. */
  async alreadyFinished(): Promise<TrainingResult | undefined> {
    const { directory, resume = false } = this.options;
    if (!resume || !directory || this.iteration < this.target) return undefined;
    const evaluation = await directory.readEvaluation();
    const { checkpoint, iteration } = this.parametersToEvaluate();
    if (evaluation?.checkpoint !== checkpoint || evaluation.iteration !== iteration) return undefined;
    this.metrics = (await directory.readMetrics()).at(-1) ?? null;
    const detail = `The run is already finished: it has all of its ${this.iteration} iterations. To go on, ask for more iterations.`;
    return this.end('already-finished', detail, evaluation);
  }

  /** Everything from `run:start` to the last file. */
  async execute(): Promise<TrainingResult> {
    const { config, events } = this.experiment;
    const { directory, signal, resume = false } = this.options;
    const { iteration, target: iterations } = this;
    const { name } = config.run;
    events.emit('run:start', {
      name,
      directory: directory?.path ?? null,
      iteration,
      iterations,
      config: config as Json,
    });
    for (const message of this.notices) events.emit('error', { source: 'resume', message, fatal: false });
    // A checkpoint of iteration 0 too, so that a run can be resumed whenever it is killed.
    if (this.bestIsMissing) await this.save(['last', 'best']);
    else if (this.savedAt < 0) await this.save(['last']);
    if (resume) await this.cutMetrics();
    while (this.iteration < this.target && !signal?.aborted) {
      const stop = await this.iterate(this.iteration + 1);
      if (stop !== undefined) return this.end('stopped', stop);
    }
    if (this.savedAt < this.iteration) await this.save(['last']);
    if (signal?.aborted)
      return this.end('interrupted', `Interrupted after iteration ${this.iteration} of ${this.target}.`);
    try {
      return this.end('finished', `All ${this.iteration} iterations are done.`, await this.evaluateFinally());
    } catch (error) {
      if (!(error instanceof EvaluationInterrupted)) throw error;
      return this.end('interrupted', 'The final evaluation was interrupted. All iterations are saved.');
    }
  }

  /** Whether a run was killed before its first checkpoint, so that nothing of it can be lost. */
  private async hasNotBegun(): Promise<boolean> {
    const { directory } = this.options;
    if (!directory) return true;
    for (const name of ['last', 'best'] as const) {
      if (await hasCheckpoint(directory.checkpoints, name)) return false;
    }
    return (await directory.readMetrics()).length === 0;
  }

  private async restore(checkpoint: Checkpoint): Promise<void> {
    const { name, record } = checkpoint;
    const { trainer, config } = this.experiment;
    const { iterations = Number.POSITIVE_INFINITY } = this.options;
    if (iterations < record.iteration) {
      throw new InnerloopError(
        'OPTION_INVALID',
        `iterations: expected at least ${record.iteration}, since the run has done so many already, found ${iterations}. Nothing was changed.`,
      );
    }
    restoreTrainer(trainer, checkpoint);
    this.iteration = record.iteration;
    this.metricsLines = record.metricsLines;
    this.score = record.score;
    this.validation.best = record.evaluation.best;
    this.target = this.options.iterations ?? Math.max(record.iterations, config.run.iterations);
    // Where the pointer says something else than this process goes by, it is written again first.
    if (name === 'last' && this.target === record.iterations) this.savedAt = record.iteration;
    if (this.validation.best && config.evaluation.keepBest) await this.restoreBest(checkpoint);
  }

  private async restoreBest(restored: Checkpoint): Promise<void> {
    const { directory } = this.options;
    if (!directory) return;
    const { iteration, evaluation, sha256, trainer: state } = restored.record;
    const load = () => loadCheckpoint(directory.checkpoints, 'best', this.experiment.trainer.layout);
    if (evaluation.best?.iteration === iteration) {
      this.validation.keep(restored.parameters, state, iteration);
      // `last` is written before `best`: a process killed between the two leaves the best in `last` alone.
      this.bestIsMissing = (await load().catch(() => null))?.record.sha256 !== sha256;
      return;
    }
    try {
      const { record, parameters } = await load();
      const later = `best.json is of iteration ${record.iteration}, which comes after the checkpoint of iteration ${iteration} that the run goes on from.`;
      if (record.iteration > iteration) throw new InnerloopError('CHECKPOINT_UNREADABLE', later);
      this.validation.keep(parameters, record.trainer, record.iteration);
    } catch (error) {
      this.notices.push(`${messageOf(error)} Training goes on without it.`);
    }
  }

  /** Drops the lines that were written after the checkpoint. */
  private async cutMetrics(): Promise<void> {
    const { directory } = this.options;
    if (!directory) return;
    const expected = this.metricsLines;
    this.metricsLines = await directory.truncateMetrics(expected);
    if (this.metricsLines === expected) {
      this.metrics = (await directory.readMetrics()).at(-1) ?? null;
      return;
    }
    const message = `metrics.jsonl has ${this.metricsLines} whole lines where the checkpoint counted ${expected}: earlier iterations are missing from it.`;
    this.experiment.events.emit('error', { source: 'resume', message, fatal: false });
  }

  /** One iteration with all that follows from it. Returns why the run must stop, if it must. */
  private async iterate(iteration: number): Promise<string | undefined> {
    const { config, trainer, events } = this.experiment;
    const { metrics, stop } = await trainer.iterate(iteration);
    assertFiniteParameters(trainer, iteration, this.options.directory ? this.savedAt : undefined);
    const validation = await this.validation.after(iteration);
    this.metrics = finiteOrNull({
      iteration,
      ...metrics,
      ...(validation && evaluationMetrics(validation.result, validation.best)),
    });
    await this.options.directory?.appendMetrics(this.metrics);
    this.metricsLines += 1;
    this.iteration = iteration;
    this.score = Number.isFinite(validation?.score) ? validation?.score : undefined;
    if (validation) {
      events.emit('evaluation:end', { iteration, final: false, best: validation.best, result: validation.result });
    }
    events.emit('iteration:end', { iteration, metrics: this.metrics });
    // `best` never leads ahead of `last`, which is therefore saved too, and first.
    if (validation?.best && config.evaluation.keepBest) await this.save(['last', 'best']);
    else if (stop !== undefined || iteration % config.run.checkpointEvery === 0) await this.save(['last']);
    return stop;
  }

  private async save(names: readonly CheckpointName[]): Promise<void> {
    const { directory } = this.options;
    const { trainer, events } = this.experiment;
    const { iteration, target: iterations, metricsLines, score } = this;
    if (!directory) return;
    await directory.syncMetrics();
    const file = await saveCheckpoint(directory.checkpoints, names, {
      iteration,
      iterations,
      metricsLines,
      evaluation: { best: this.validation.best },
      ...(score !== undefined && { score }),
      trainer: trainer.state(),
      layout: trainer.layout,
      parameters: trainer.parameters,
    });
    if (names.includes('last')) this.savedAt = iteration;
    events.emit('checkpoint:saved', { iteration, file, best: names.includes('best') });
  }

  /** The best parameters where they were kept, else the last. */
  private parametersToEvaluate(): EvaluatedParameters {
    const { parameters } = this.experiment.trainer;
    return this.validation.bestParameters ?? { parameters, checkpoint: 'last', iteration: this.iteration };
  }

  private async evaluateFinally(): Promise<EvaluationRecord> {
    const { config, events } = this.experiment;
    const chosen = this.parametersToEvaluate();
    const { final, greedy } = config.evaluation;
    const record = await evaluateRun(this.experiment, { ...final, greedy }, chosen, {
      place: 'evaluation.final.tasks',
      onProgress: (done, total) => {
        if (this.options.signal?.aborted) throw new EvaluationInterrupted();
        this.options.onEvaluationProgress?.(done, total);
      },
    });
    if (this.iteration === 0) await this.options.directory?.ensureMetrics();
    await this.options.directory?.writeEvaluation(record);
    const { iteration, checkpoint, result } = record;
    events.emit('evaluation:end', { iteration, final: true, best: checkpoint === 'best', result });
    return record;
  }

  private end(reason: TrainingResult['reason'], detail: string, evaluation?: EvaluationRecord): TrainingResult {
    const { directory } = this.options;
    return {
      reason,
      detail,
      iteration: this.iteration,
      metrics: this.metrics,
      ...(directory && { directory: directory.path }),
      ...(evaluation && { evaluation }),
    };
  }
}
