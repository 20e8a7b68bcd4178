import { overSeeds } from '@innerloop/core';
import type { FinalEvaluation, ReportData } from '../data/schemas.js';
import { numberOf } from '../data/series.js';

/** One seed's run, as far as it has come. */
export interface SeedRun {
  readonly seed: number;
  /** The run's folder, from the folder of all seeds. */
  readonly folder: string;
  /** `null` if the run has not begun. */
  readonly data: ReportData | null;
  /** The evaluation with sampled actions, where the run's own is greedy. */
  readonly sampled: FinalEvaluation | null;
}

/** Returns after one number of adaptation steps. */
export interface AggregateStep {
  readonly step: number;
  /** Mean over seeds of each seed's mean return. */
  readonly mean: number;
  /** Half-width of the 95 % interval over seeds, Student's t; `null` for one seed. */
  readonly ci95: number | null;
  /** Each finished seed's mean return, in the order of `finished`. */
  readonly values: readonly number[];
}

/** `aggregate.json`. */
export interface Aggregate {
  readonly name: string;
  readonly seeds: readonly number[];
  /** The seeds whose evaluation is there. */
  readonly finished: readonly number[];
  /** Whether `steps` are of greedy actions. */
  readonly greedy: boolean;
  readonly steps: readonly AggregateStep[];
  /** The same of sampled actions where `steps` are greedy and every finished seed has both, else `null`. */
  readonly sampled: readonly AggregateStep[] | null;
  readonly runs: readonly {
    readonly seed: number;
    readonly folder: string;
    readonly iterations: number;
    /** Environment steps of training; those of the policy, which are fewer, where a wrapper repeats actions. */
    readonly environmentSteps: number;
    /** Seconds of training, pauses, validation and evaluation not counted. */
    readonly seconds: number;
    /** Iteration of the checkpoint that was evaluated; `null` if the seed is not finished. */
    readonly checkpoint: number | null;
  }[];
}

/** Puts the runs of several seeds together. Seeds without an evaluation are listed, and not averaged. */
export function aggregate(name: string, runs: readonly SeedRun[]): Aggregate {
  const finished = runs.filter(({ data }) => data?.evaluation);
  const evaluations = finished.flatMap(({ data }) => (data?.evaluation ? [data.evaluation] : []));
  const sampled = finished.flatMap((run) => (run.sampled ? [run.sampled] : []));
  return {
    name,
    seeds: runs.map(({ seed }) => seed),
    finished: finished.map(({ seed }) => seed),
    greedy: evaluations[0]?.greedy ?? false,
    steps: stepsOver(evaluations),
    sampled: sampled.length > 0 && sampled.length === finished.length ? stepsOver(sampled) : null,
    runs: runs.map(({ seed, folder, data }) => ({
      seed,
      folder,
      iterations: data?.metrics.length ?? 0,
      environmentSteps: total(data, 'steps'),
      seconds: total(data, 'time/iteration'),
      checkpoint: data?.evaluation?.iteration ?? null,
    })),
  };
}

function stepsOver(evaluations: readonly FinalEvaluation[]): AggregateStep[] {
  const steps = Math.min(...evaluations.map(({ result }) => result.steps.length));
  if (!Number.isFinite(steps)) return [];
  return Array.from({ length: steps }, (_, step) => {
    const values = evaluations.flatMap(({ result }) => result.steps[step]?.meanReturn ?? []);
    const { mean, half } = overSeeds(values);
    return { step, mean, ci95: half, values };
  });
}

function total(data: ReportData | null, name: string): number {
  return (data?.metrics ?? []).reduce((sum, line) => sum + (numberOf(line, name) ?? 0), 0);
}

/** A metric over seeds at one iteration. */
export interface BandPoint {
  readonly iteration: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean and 95 % interval of a metric at each iteration that every seed with metrics has. */
export function band(runs: readonly SeedRun[], metric: string): BandPoint[] {
  const begun = runs.flatMap(({ data }) => (data && data.metrics.length > 0 ? [data.metrics] : []));
  const [first = []] = begun;
  const byIteration = begun.map((metrics) => new Map(metrics.map((line) => [line.iteration, numberOf(line, metric)])));
  return first.flatMap(({ iteration }) => {
    const values = byIteration.flatMap((seed) => seed.get(iteration) ?? []);
    if (values.length < begun.length) return [];
    const { mean, half } = overSeeds(values);
    return [{ iteration, mean, low: mean - (half ?? 0), high: mean + (half ?? 0) }];
  });
}
