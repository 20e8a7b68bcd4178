import {
  type Experiment,
  type Json,
  type Metrics,
  NO_WORKERS,
  type ParameterLayout,
  type TaskData,
  TOKENS,
  type WorkerPlan,
} from '@innerloop/core';
import { PhaseClock } from './clock.js';
import type { UpdateWork } from './flops.js';
import type { Questions } from './instrument.js';
import { buildRig, type Rig } from './rig.js';

/** Seconds of one iteration. The phases add up to `iteration`. */
export interface IterationSeconds {
  readonly iteration: number;
  /** Episodes, baselines and advantages, before and after adaptation. */
  readonly sample: number;
  /** The inner steps on D, and freezing D′ at θ_k (without adaptation that alone); `null` where worker threads do it, and `sample` holds it. */
  readonly adapt: number | null;
  /** The meta-gradient at θ_k. */
  readonly gradient: number;
  /** The products of conjugate gradient. */
  readonly curvature: number;
  /** Every surrogate and KL that was asked for. */
  readonly lineSearch: number;
  /** What is left: vector arithmetic, events, checks. */
  readonly other: number;
  /** Fitting the value function after the step; absent where a trainer has none. */
  readonly value?: number;
}

/** What an optimizer's step came to. */
export interface UpdateNumbers {
  readonly gradientNorm: number;
  readonly surrogateBefore: number;
  readonly surrogateAfter: number;
  readonly kl: number;
  readonly accepted: boolean;
  readonly backtracks: number;
}

/** What an iteration came to. Every repetition gives the same. */
export interface IterationNumbers extends UpdateNumbers {
  /** Before and after adaptation; absent without adaptation. */
  readonly returnBefore?: number;
  readonly returnAfter?: number;
  /** Without adaptation. */
  readonly returnMean?: number;
}

/** An iteration that was measured a few times. */
export interface Measurement {
  readonly runs: readonly IterationSeconds[];
  readonly numbers: IterationNumbers;
  readonly work: UpdateWork & { readonly tasks: number; readonly episodes: number };
  /** What computed the update. */
  readonly engine: Rig['engine'];
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
 * Measures one iteration of an experiment: the first, from the initial θ, where no episode ends early.
 *
 * @throws InnerloopError OPTION_INVALID if the experiment's trainer is neither `maml` nor `policy-gradient`.
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

/** An experiment's first iteration, again and again. */
class Bench {
  private readonly clock = new PhaseClock();
  private readonly rig: Rig;
  private readonly start: Float64Array;
  private readonly initialState: Json;
  private metrics: Metrics = {};

  constructor(
    private readonly experiment: Experiment,
    private readonly workers: WorkerPlan,
  ) {
    this.rig = buildRig(experiment, workers, this.clock);
    this.start = this.rig.trainer.parameters.slice();
    this.initialState = this.rig.trainer.state();
  }

  /** Runs the iteration once more from where it began. */
  async repeat(): Promise<IterationSeconds> {
    const { clock, rig } = this;
    rig.trainer.restore(this.start, this.initialState);
    rig.forget();
    clock.reset();
    const started = performance.now();
    this.metrics = (await rig.trainer.iterate(ITERATION)).metrics;
    const iteration = (performance.now() - started) / 1000;
    const of = (phase: Parameters<PhaseClock['seconds']>[0]) => clock.seconds(phase) ?? 0;
    const metric = (name: string) => (this.metrics[name] as number | undefined) ?? 0;
    const adapt = this.workers.count === 0 ? of('adapt') : null;
    const [gradient, curvature, lineSearch] = [of('gradient'), of('curvature'), of('lineSearch')];
    const sample = rig.adaptsWhileCollecting ? of('collect') - (adapt ?? 0) : metric('time/sample');
    const value = metric('time/value');
    const other = iteration - sample - (adapt ?? 0) - gradient - curvature - lineSearch - value;
    const phases = { iteration, sample, adapt, gradient, curvature, lineSearch, other };
    return 'time/value' in this.metrics ? { ...phases, value } : phases;
  }

  get data(): readonly TaskData[] {
    return [...this.rig.objective.data];
  }

  conclude(runs: readonly IterationSeconds[]): Measurement {
    const { rig, metrics, experiment } = this;
    const questions = rig.optimizer.questions as Questions;
    const derivative = experiment.config.objective?.derivative === 'first-order' ? 'first-order' : 'exact';
    const { products, trials } = questions;
    const [steps, episodes] = [rig.steps(metrics), metrics.episodes as number];
    return {
      runs,
      numbers: numbersOf(metrics),
      work: { steps, products, trials, derivative, tasks: rig.tasks, episodes },
      engine: rig.engine,
      layout: rig.trainer.layout,
      questions,
      parameters: this.start,
    };
  }

  close(): Promise<void> {
    return this.rig.trainer.close();
  }
}

function numbersOf(metrics: Metrics): IterationNumbers {
  const number = (name: string) => metrics[name] as number;
  return {
    gradientNorm: number('gradientNorm'),
    surrogateBefore: number('surrogate/before'),
    surrogateAfter: number('surrogate/after'),
    kl: number('kl/policy' in metrics ? 'kl/policy' : 'kl/meta'),
    accepted: metrics.accepted as boolean,
    backtracks: number('backtracks'),
    ...('return/mean' in metrics
      ? { returnMean: number('return/mean') }
      : { returnBefore: number('return/before'), returnAfter: number('return/after') }),
  };
}
