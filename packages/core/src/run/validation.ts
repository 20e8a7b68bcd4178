import type { Json } from '../contracts/json.js';
import type { EvaluationResult } from '../contracts/trainer.js';
import type { BestScore } from './checkpoint.js';
import { chooseTasks, type EvaluatedParameters } from './evaluate.js';
import { scoreOf } from './total-return.js';
import type { RunnableExperiment } from './train.js';

/** A periodic evaluation, judged. */
export interface ValidationOutcome {
  readonly result: EvaluationResult;
  /** What `evaluation.score` says. */
  readonly score: number;
  /** Whether it is the best so far. */
  readonly best: boolean;
}

/** Evaluates the trainer on the same validation tasks every so many iterations, and remembers the best. */
export class Validation {
  /** The best score so far; from a checkpoint when a run goes on. */
  best: BestScore | null = null;
  /** The parameters that had it, if they are to be kept. */
  bestParameters: EvaluatedParameters | undefined;
  private tasks: readonly Json[] | undefined;

  constructor(private readonly experiment: Pick<RunnableExperiment, 'config' | 'trainer' | 'tasks'>) {}

  /** The evaluation after this iteration, if it has one. */
  async after(iteration: number): Promise<ValidationOutcome | undefined> {
    const { config, trainer, tasks: distribution } = this.experiment;
    const { every, tasks, steps, rollouts, seed, greedy, stepSizes, keepBest } = config.evaluation;
    if (every === 0 || iteration % every !== 0) return undefined;
    this.tasks ??= chooseTasks(distribution, { tasks, seed }).tasks;
    const request = { tasks: this.tasks, steps, rollouts, seed, greedy, ...(stepSizes && { stepSizes }) };
    const result = await trainer.evaluate(request);
    const score = scoreOf(result, config.evaluation);
    const best = Number.isFinite(score) && (this.best === null || score > this.best.score);
    if (best) {
      this.best = { iteration, score };
      if (keepBest) this.keep(trainer.parameters, trainer.state(), iteration);
    }
    return { result, score, best };
  }
  /** Keeps the parameters of the best score, with the trainer's state that belongs to them. */
  keep(parameters: Float64Array, state: Json, iteration: number): void {
    this.bestParameters = { parameters: parameters.slice(), state, checkpoint: 'best', iteration };
  }
}
