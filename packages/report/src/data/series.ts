import type { MetricsLine } from './schemas.js';

/** A value of one iteration. */
export interface SeriesPoint {
  readonly iteration: number;
  readonly value: number;
}

/** A metric as a number; `null` where it is absent or has no finite value. */
export function numberOf(line: MetricsLine, name: string): number | null {
  const value = line[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The points of a metric, iterations without a value left out. */
export function series(metrics: readonly MetricsLine[], name: string): SeriesPoint[] {
  return metrics.flatMap((line) => {
    const value = numberOf(line, name);
    return value === null ? [] : [{ iteration: line.iteration, value }];
  });
}

/** The middle value (of an even number, the mean of the middle two); NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The names of training returns in a run: `return/before` and `return/after`, or `return/mean`, first, then others. */
export function returnNames(metrics: readonly MetricsLine[]): string[] {
  const names = new Set(metrics.flatMap((line) => Object.keys(line).filter((name) => /^return(\/|$)/.test(name))));
  const first = ['return/before', 'return/after', 'return/mean'].filter((name) => names.delete(name));
  return [...first, ...[...names].sort()];
}

/** The numbers of adaptation steps that validation measured, ascending. */
export function validationSteps(metrics: readonly MetricsLine[]): number[] {
  const steps = new Set<number>();
  for (const line of metrics) {
    for (const name of Object.keys(line)) {
      const match = /^evaluation\/return\/(\d+)$/.exec(name);
      if (match) steps.add(Number(match[1]));
    }
  }
  return [...steps].sort((a, b) => a - b);
}
