import {
  type Experiment,
  InnerloopError,
  type Json,
  type Metrics,
  NO_WORKERS,
  type ParameterLayout,
  startWorkerShards,
  type TaskData,
  type TaskReport,
  TOKENS,
  type WorkerPlan,
} from '@innerloop/core';
import { LocalShard, MamlTrainer, type ShardSettings } from '@innerloop/maml';
import { PhaseClock } from './clock.js';
import type { UpdateWork } from './flops.js';
import { type Questions, TimedAdapter, timedShard, WatchedObjective, WatchedOptimizer } from './instrument.js';

/** Seconds of one meta-iteration. The phases add up to `iteration`. */
export interface IterationSeconds {
  readonly iteration: number;
  /** Episodes, baselines and advantages, before and after adaptation. */
  readonly sample: number;
  /** The inner steps on D, and freezing D′ at θ_k; `null` where worker threads do it, and `sample` holds it. */
  readonly adapt: number | null;
  /** The meta-gradient at θ_k. */
  readonly gradient: number;
  /** The products of conjugate gradient. */
  readonly curvature: number;
  /** Every surrogate and KL that was asked for. */
  readonly lineSearch: number;
  /** What is left: vector arithmetic, events, checks. */
  readonly other: number;
}

/** What an iteration came to. Every repetition gives the same. */
export interface IterationNumbers {
  readonly gradientNorm: number;
  readonly surrogateBefore: number;
  readonly surrogateAfter: number;
  readonly kl: number;
  readonly accepted: boolean;
  readonly backtracks: number;
  readonly returnBefore: number;
  readonly returnAfter: number;
}

/** An iteration that was measured a few times. */
export interface Measurement {
  readonly runs: readonly IterationSeconds[];
  readonly numbers: IterationNumbers;
  readonly work: UpdateWork & { readonly tasks: number; readonly episodes: number };
  readonly layout: ParameterLayout;
  /** What the optimizer asked and was told. */
  readonly questions: Questions;
  /** θ_k. */
  readonly parameters: Float64Array;
}

/** An iteration's frozen data and what became of them. */
export interface CapturedUpdate extends Measurement {
  /** Each task's batches, in task order. */
  readonly data: readonly TaskData[];
}

/** How to measure. */
export interface MeasureOptions {
  /** Repetitions that are thrown away first, since code gets faster as it runs. */
  readonly warmups: number;
  /** Repetitions that are measured. */
  readonly iterations: number;
  /** Called before each repetition, warm-ups included. */
  readonly onRepetition?: () => void;
}

/** Which iteration is measured, again and again from the same θ and with the same streams. */
const ITERATION = 1;

/**
 * Measures one meta-iteration of an experiment: the first, from the initial θ, where no episode ends early.
 *
 * @throws InnerloopError OPTION_INVALID if the experiment's trainer is not `maml`.
 */
export async function measureExperiment(experiment: Experiment, options: MeasureOptions): Promise<Measurement> {
  const bench = new Bench(experiment, experiment.get(TOKENS.workers));
  try {
    const runs: IterationSeconds[] = [];
    for (let repetition = 0; repetition < options.warmups + options.iterations; repetition++) {
      options.onRepetition?.();
      const seconds = await bench.repeat();
      if (repetition >= options.warmups) runs.push(seconds);
    }
    return bench.conclude(runs);
  } finally {
    await bench.close();
  }
}

/**
 * Runs the iteration that {@link measureExperiment} measures once more, in this thread, and keeps its data. The numbers are the same for any
 * number of workers.
 */
export async function captureUpdate(experiment: Experiment): Promise<CapturedUpdate> {
  const bench = new Bench(experiment, NO_WORKERS);
  try {
    const run = await bench.repeat();
    return { ...bench.conclude([run]), data: bench.data };
  } finally {
    await bench.close();
  }
}

/** The trainer of an experiment with a clock in its shards. */
class Bench {
  private readonly clock = new PhaseClock();
  private readonly objective: WatchedObjective;
  private readonly optimizer: WatchedOptimizer;
  private readonly trainer: MamlTrainer;
  private readonly start: Float64Array;
  private readonly initialState: Json;
  private reports: TaskReport[] = [];
  private metrics: Metrics = {};

  constructor(
    private readonly experiment: Experiment,
    private readonly workers: WorkerPlan,
  ) {
    const { config, events, checks, get, tasks } = experiment;
    if (config.trainer.use !== 'maml') {
      throw new InnerloopError(
        'OPTION_INVALID',
        `bench: expected an experiment whose trainer is 'maml', found '${config.trainer.use}'. Choose another config.`,
      );
    }
    const { clock } = this;
    this.objective = new WatchedObjective(get(TOKENS.objective), clock);
    const parts = {
      tasks,
      objective: this.objective,
      policy: get(TOKENS.policy),
      inner: get(TOKENS.inner),
      advantages: get(TOKENS.advantages),
      baseline: get(TOKENS.baseline),
    };
    const adapter = new TimedAdapter(parts, clock);
    const { tasksPerIteration, rolloutsPerTask, adaptationSteps } = config.trainer as unknown as TrainerOptions;
    const { seed } = config.run;
    this.optimizer = new WatchedOptimizer(get(TOKENS.meta));
    const settings: ShardSettings = { seed, rolloutsPerTask, adaptationSteps };
    const shards =
      workers.count === 0 ? [new LocalShard(adapter, this.objective, settings)] : startWorkerShards(workers, settings);
    const timed = shards.map((shard) => timedShard(shard, clock, (reports) => this.reports.push(...reports)));
    this.trainer = new MamlTrainer(
      { adapter, shards: timed, optimizer: this.optimizer, events, checks },
      { seed, tasksPerIteration },
    );
    this.start = this.trainer.parameters.slice();
    this.initialState = this.trainer.state();
  }

  /** Runs the iteration once more from where it began. */
  async repeat(): Promise<IterationSeconds> {
    const { clock, trainer, objective } = this;
    trainer.restore(this.start, this.initialState);
    objective.forget();
    this.reports = [];
    clock.reset();
    const started = performance.now();
    this.metrics = (await trainer.iterate(ITERATION)).metrics;
    const iteration = (performance.now() - started) / 1000;
    const of = (phase: Parameters<PhaseClock['seconds']>[0]) => clock.seconds(phase) ?? 0;
    const collect = of('collect');
    const adapt = this.workers.count === 0 ? of('adapt') : null;
    const [gradient, curvature, lineSearch] = [of('gradient'), of('curvature'), of('lineSearch')];
    const other = iteration - collect - gradient - curvature - lineSearch;
    return { iteration, sample: collect - (adapt ?? 0), adapt, gradient, curvature, lineSearch, other };
  }

  get data(): readonly TaskData[] {
    return [...this.objective.data];
  }

  conclude(runs: readonly IterationSeconds[]): Measurement {
    const { optimizer, trainer, reports, metrics, experiment } = this;
    const questions = optimizer.questions as Questions;
    const phases = reports[0]?.phases.length ?? 0;
    const steps = Array.from({ length: phases }, (_, phase) =>
      reports.reduce((total, report) => total + (report.phases[phase]?.steps ?? 0), 0),
    );
    const derivative = experiment.config.objective?.derivative === 'first-order' ? 'first-order' : 'exact';
    const { products, trials } = questions;
    return {
      runs,
      numbers: numbersOf(metrics),
      work: { steps, products, trials, derivative, tasks: reports.length, episodes: metrics.episodes as number },
      layout: trainer.layout,
      questions,
      parameters: this.start,
    };
  }

  close(): Promise<void> {
    return this.trainer.close();
  }
}

interface TrainerOptions {
  readonly tasksPerIteration: number;
  readonly rolloutsPerTask: number;
  readonly adaptationSteps: number;
}

function numbersOf(metrics: Metrics): IterationNumbers {
  const number = (name: string) => metrics[name] as number;
  return {
    gradientNorm: number('gradientNorm'),
    surrogateBefore: number('surrogate/before'),
    surrogateAfter: number('surrogate/after'),
    kl: number('kl/meta'),
    accepted: metrics.accepted as boolean,
    backtracks: number('backtracks'),
    returnBefore: number('return/before'),
    returnAfter: number('return/after'),
  };
}
