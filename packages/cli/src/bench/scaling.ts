import { availableParallelism } from 'node:os';
import type { ComponentConfig, Experiment, ExperimentConfig, ResolvedConfig } from '@innerloop/core';
import { type Measurement, type MeasureOptions, measureExperiment } from './measure.js';

/** Least seconds of an iteration at one size. */
export interface GrowthPoint {
  readonly size: number;
  /** D, D′ and the inner steps. */
  readonly collect: number;
  readonly update: number;
  readonly iteration: number;
}

/** How time grows with one quantity, the others being as in the config. */
export interface Growth {
  readonly quantity: 'tasks' | 'rollouts' | 'steps' | 'hidden size' | 'workers';
  readonly points: readonly GrowthPoint[];
  /** p in time ∝ sizeᵖ, by least squares on logarithms: 1 is proportional. */
  readonly exponent: number;
}

/** One variation of a config. */
interface Variation {
  readonly size: number;
  readonly config: ExperimentConfig;
}

/** The factors by which a quantity is changed. */
const FACTORS = [0.5, 1, 2] as const;

/** Measures how an iteration's time grows; with the workers only if the experiment uses some. `create` builds an experiment; each is closed again. */
export async function measureScaling(
  { config, workers }: Pick<Experiment, 'config' | 'workers'>,
  create: (config: ExperimentConfig) => Promise<Experiment>,
  options: MeasureOptions,
): Promise<Growth[]> {
  const growths: Growth[] = [];
  const all = [...variationsOf(config), ...(workers.count > 0 ? [workerVariations(config)] : [])];
  for (const [quantity, variations] of all) {
    const points: GrowthPoint[] = [];
    for (const variation of variations) {
      const experiment = await create(variation.config);
      try {
        points.push(pointOf(variation.size, await measureExperiment(experiment, options)));
      } finally {
        await experiment.close();
      }
    }
    growths.push({ quantity, points, exponent: exponentOf(points) });
  }
  return growths;
}

function variationsOf(config: ResolvedConfig): [Growth['quantity'], Variation[]][] {
  const trainer = (key: string): Variation[] =>
    scaled(config.trainer[key] as number).map((size) => vary(size, config, 'trainer', { [key]: size }));
  const { rolloutsPerTask, episodesPerIteration } = config.trainer;
  const all: [Growth['quantity'], Variation[]][] =
    rolloutsPerTask !== undefined
      ? [
          ['tasks', trainer('tasksPerIteration')],
          ['rollouts', trainer('rolloutsPerTask')],
        ]
      : [
          typeof episodesPerIteration === 'number'
            ? ['rollouts', trainer('episodesPerIteration')]
            : ['steps', trainer('stepsPerIteration')],
        ];
  const { hiddenSizes } = config.policy;
  if (Array.isArray(hiddenSizes) && hiddenSizes.length > 0) {
    const widths = hiddenSizes as readonly number[];
    const variations = scaled(widths[0] as number).map((size) => {
      const factor = size / (widths[0] as number);
      const sizes = widths.map((width) => Math.max(1, Math.round(width * factor)));
      return vary(size, config, 'policy', { hiddenSizes: sizes });
    });
    all.push(['hidden size', variations]);
  }
  return all;
}

/** One thread, two, and so on by doubling, as far as there are cores and tasks. */
function workerVariations(config: ResolvedConfig): [Growth['quantity'], Variation[]] {
  const most = Math.min(availableParallelism(), config.trainer.tasksPerIteration as number);
  const sizes = [1, 2, 4, 8, 16].filter((size) => size <= Math.max(most, 1));
  const variations = sizes.map((size) => {
    const varied = { ...config, run: { ...config.run, workers: size } };
    return { size, config: varied as unknown as ExperimentConfig };
  });
  return ['workers', variations];
}

function scaled(size: number): number[] {
  return [...new Set(FACTORS.map((factor) => Math.max(1, Math.round(size * factor))))];
}

function vary(
  size: number,
  config: ResolvedConfig,
  slot: 'trainer' | 'policy',
  options: Omit<ComponentConfig, 'use'>,
): Variation {
  const varied = { ...config, [slot]: { ...config[slot], ...options } };
  return { size, config: varied as unknown as ExperimentConfig };
}

function pointOf(size: number, { runs }: Measurement): GrowthPoint {
  const least = (of: (run: Measurement['runs'][number]) => number) => Math.min(...runs.map(of));
  return {
    size,
    collect: least((run) => run.sample + (run.adapt ?? 0)),
    update: least((run) => run.gradient + run.curvature + run.lineSearch),
    iteration: least((run) => run.iteration),
  };
}

/** The slope of log time over log size; NaN for fewer than two sizes. */
export function exponentOf(points: readonly Pick<GrowthPoint, 'size' | 'iteration'>[]): number {
  const x = points.map(({ size }) => Math.log(size));
  const y = points.map(({ iteration }) => Math.log(iteration));
  const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((total, value, i) => total + (value - meanX) * ((y[i] as number) - meanY), 0);
  const variance = x.reduce((total, value) => total + (value - meanX) ** 2, 0);
  return covariance / variance;
}
