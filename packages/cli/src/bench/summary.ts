import { cpus, loadavg, totalmem } from 'node:os';
import { type Experiment, type ResolvedConfig, VERSION } from '@innerloop/core';
import { COUNTING_RULE, type UpdateFlops, updateFlops, weightShapes } from './flops.js';
import { backendMatrixRate, kernelMatrixRate, type MatrixRate } from './matrix-rate.js';
import type { IterationNumbers, IterationSeconds, Measurement } from './measure.js';
import type { Growth } from './scaling.js';

/** The parts of an iteration that are timed one by one, in their order. */
export const PHASES = ['sample', 'adapt', 'gradient', 'curvature', 'lineSearch', 'other'] as const;

/** The parts of an iteration that make up the update. */
export const UPDATE_PHASES = ['gradient', 'curvature', 'lineSearch'] as const;

/** Seconds: the least and the median of the repetitions. */
export interface Spread {
  readonly best: number;
  readonly median: number;
}

/** What the arithmetic of the update comes to. */
export interface Arithmetic {
  /** How flops are counted. */
  readonly counted: string;
  readonly flops: UpdateFlops;
  /** Flops over the least time of each phase, in 10⁹ a second. */
  readonly gflops: UpdateFlops;
  /** The rate of the largest layer's matrix product, asked from one thread: on the tensor backend, and on the kernels if they serve. */
  readonly matrixProduct: { readonly backend: MatrixRate; readonly kernels?: MatrixRate };
  /** gflops.update over the rate of what served (the kernels, or else the backend) times the threads at work. */
  readonly share: number;
}

/** Everything that `bench --json` prints. */
export interface BenchReport {
  readonly innerloop: string;
  readonly node: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory: number;
    readonly platform: string;
    /** Mean number of running processes over the minute before the bench. */
    readonly load: number;
  };
  readonly backend: Experiment['backend'];
  readonly config: ResolvedConfig;
  readonly workers: Experiment['workers'];
  /** What computed the update: recorded graphs on the backend, or written-out derivatives on the SIMD kernels. */
  readonly engine: 'graph' | 'kernels';
  readonly work: Measurement['work'] & { readonly parameters: number };
  readonly seconds: Readonly<Record<(typeof PHASES)[number] | 'iteration' | 'update', Spread>> & {
    /** D, D′ and the inner steps together. */
    readonly collect: Spread;
    /** `null` where worker threads adapt; then `sample` holds it. */
    readonly adapt: Spread | null;
    /** Fitting the value function after the step; absent where the trainer has none. */
    readonly value?: Spread;
  };
  readonly stepsPerSecond: { readonly sample: number; readonly iteration: number };
  /** Absent where the policy is not a multilayer perceptron, the inner step not `vpg` or the objective not `maml`. */
  readonly arithmetic?: Arithmetic;
  /** Bytes. */
  readonly memory: { readonly peakRss: number };
  readonly numbers: IterationNumbers;
  readonly runs: readonly IterationSeconds[];
  readonly scaling?: readonly Growth[];
}

/** The machine as it is now; asked before the bench loads it. */
export function describeMachine(): BenchReport['machine'] {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memory: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? 0,
  };
}

/** Puts a measurement into the form of a report. */
export function summarize(
  experiment: Experiment,
  measurement: Measurement,
  machine: BenchReport['machine'],
): BenchReport {
  const { runs, work, numbers, layout } = measurement;
  const peakRss = process.resourceUsage().maxRSS * 1024; // before anything else adds to it
  const adapts = runs.every(({ adapt }) => adapt !== null);
  const fitsValue = runs.every(({ value }) => value !== undefined);
  const spreads = [...PHASES, ...(fitsValue ? ['value' as const] : []), 'iteration' as const].map((phase) => {
    return [phase, phase === 'adapt' && !adapts ? null : spread(runs.map((run) => run[phase] as number))];
  });
  const collect = spread(runs.map(({ sample, adapt }) => sample + (adapt ?? 0)));
  const update = spread(runs.map((run) => UPDATE_PHASES.reduce((total, phase) => total + run[phase], 0)));
  const seconds = { ...Object.fromEntries(spreads), collect, update } as BenchReport['seconds'];
  const steps = work.steps.reduce((total, n) => total + n, 0);
  const arithmetic = arithmeticOf(experiment, measurement, seconds);
  return {
    innerloop: VERSION,
    node: process.version,
    machine,
    backend: experiment.backend,
    config: experiment.config,
    workers: experiment.workers,
    engine: measurement.engine,
    work: { ...work, parameters: layout.size },
    seconds,
    stepsPerSecond: { sample: steps / seconds.sample.best, iteration: steps / seconds.iteration.best },
    ...(arithmetic && { arithmetic }),
    memory: { peakRss },
    numbers,
    runs,
  };
}

function arithmeticOf(
  experiment: Experiment,
  { work, layout, engine }: Measurement,
  seconds: BenchReport['seconds'],
): Arithmetic | undefined {
  const { config, workers } = experiment;
  const counted = config.inner === undefined || (config.inner.use === 'vpg' && config.objective?.use === 'maml');
  if (!['gaussian-mlp', 'categorical-mlp'].includes(config.policy.use) || !counted) return undefined;
  const weights = weightShapes(layout.parts);
  const flops = updateFlops(weights, work);
  const largest = weights.reduce((a, b) => (b[0] * b[1] > a[0] * a[1] ? b : a));
  const rows = Math.round((work.steps.at(-1) ?? 0) / work.tasks);
  const backend = backendMatrixRate([rows, ...largest]);
  const matrixProduct = engine === 'kernels' ? { backend, kernels: kernelMatrixRate([rows, ...largest]) } : { backend };
  const served = (matrixProduct.kernels ?? backend).gflops * Math.max(1, workers.count);
  const rate = (phase: keyof UpdateFlops) => flops[phase] / seconds[phase].best / 1e9;
  const gflops = {
    gradient: rate('gradient'),
    curvature: rate('curvature'),
    lineSearch: rate('lineSearch'),
    update: rate('update'),
  };
  return { counted: COUNTING_RULE, flops, gflops, matrixProduct, share: gflops.update / served };
}

/** The least of some values and their median. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
  return { best: sorted[0] as number, median };
}
