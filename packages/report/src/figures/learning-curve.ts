import * as Plot from '@observablehq/plot';
import type { MetricsLine } from '../data/schemas.js';
import { numberOf, returnNames, series, validationSteps } from '../data/series.js';
import { count, number } from '../page/format.js';
import { type Drawing, returnOverIterations } from './plot.js';
import { type LegendEntry, type SeriesStyle, STYLES, stroke } from './styles.js';

/** Above so many iterations the lines are drawn faintly with a smoothed one on top. */
export const SMOOTH_ABOVE = 40;

/** The training returns of a run and how each is drawn; four at most. */
export function trainingSeries(metrics: readonly MetricsLine[]): (LegendEntry & { readonly name: string })[] {
  const names = returnNames(metrics);
  const { before, after, third, fourth } = STYLES;
  const spare = names.includes('return/after') ? [third, fourth] : [after, third, fourth, before];
  return names.flatMap((name) => {
    if (name === 'return/before') return [{ name, label: 'before adaptation', style: before, show: 'line' as const }];
    if (name === 'return/after') return [{ name, label: 'after adaptation', style: after, show: 'line' as const }];
    const style = spare.shift();
    const label = name === 'return/mean' ? 'training' : name;
    return style ? [{ name, label, style, show: 'line' as const }] : [];
  });
}

/** Validation without adaptation and after the most steps that were measured. */
export function validationSeries(metrics: readonly MetricsLine[]): (LegendEntry & { readonly step: number })[] {
  const steps = validationSteps(metrics);
  const last = steps.at(-1);
  const look = { show: 'symbol', filled: false } as const;
  const before = { ...look, step: 0, label: 'validation, before adaptation', style: STYLES.before };
  if (last === undefined) return [];
  if (last === 0) return [{ ...before, label: 'validation' }];
  const after = { ...look, step: last, label: `validation, after ${count(last, 'step')}`, style: STYLES.after };
  return steps[0] === 0 ? [before, after] : [after];
}

/** The iteration whose checkpoint was the best so far at the end; `undefined` if none was evaluated. */
export function bestIteration(metrics: readonly MetricsLine[]): number | undefined {
  return metrics.findLast((line) => line['evaluation/best'] === true)?.iteration;
}

/** The odd number of iterations in a moving average: about a fifteenth of the run, five at least. */
export function smoothingWindow(iterations: number): number {
  return Math.max(5, 2 * Math.floor(iterations / 30) + 1);
}

/** Return against iteration: training returns as lines, validation returns as symbols with 95 % intervals. */
export function learningCurve(metrics: readonly MetricsLine[], width: number): Drawing {
  const smooth = metrics.length > SMOOTH_ABOVE;
  const lines = trainingSeries(metrics);
  const best = bestIteration(metrics);
  const marks = [
    Plot.gridY({ strokeOpacity: 0.12 }),
    best === undefined ? null : Plot.ruleX([best], { strokeDasharray: '1 3', strokeOpacity: 0.8, className: 'best' }),
    ...lines.flatMap(({ name, style }) => trainingMarks(series(metrics, name), name, style, smooth)),
    ...validationSeries(metrics).flatMap((entry) => validationMarks(metrics, entry)),
  ];
  return {
    options: { ...returnOverIterations(width), marks },
    label: curveLabel(metrics, lines),
  };
}

function trainingMarks(data: ReturnType<typeof series>, name: string, style: SeriesStyle, smooth: boolean) {
  const channels = { x: 'iteration', y: 'value', z: null };
  const className = name.replace(/\W+/g, '-');
  if (!smooth) {
    const symbols = { ...channels, r: 2.5, fill: style.color, symbol: style.symbol };
    return [
      Plot.line(data, { ...channels, ...stroke(style), className }),
      Plot.dot(data, { ...symbols, className: `${className}-dot` }),
    ];
  }
  const raw = { ...channels, stroke: style.color, strokeWidth: 1, strokeOpacity: 0.35, className };
  const averaged = { ...channels, ...stroke(style), className: `${className}-smoothed` };
  const k = smoothingWindow(data.length);
  return [Plot.line(data, raw), Plot.line(data, Plot.windowY({ k, anchor: 'middle' }, averaged))];
}

function validationMarks(
  metrics: readonly MetricsLine[],
  { step, style, label }: ReturnType<typeof validationSeries>[number],
) {
  const data = metrics.flatMap((line) => {
    const value = numberOf(line, `evaluation/return/${step}`);
    if (value === null) return [];
    const ci95 = numberOf(line, `evaluation/ci95/${step}`) ?? 0;
    return [{ iteration: line.iteration, value, low: value - ci95, high: value + ci95 }];
  });
  const title = (d: (typeof data)[number]) => `iteration ${d.iteration}, ${label}: ${number(d.value)}`;
  const bars = { x: 'iteration', y1: 'low', y2: 'high', stroke: style.color, strokeOpacity: 0.7 };
  const symbols = { x: 'iteration', y: 'value', symbol: style.symbol, r: 4.5, fill: 'var(--page)', title };
  return [
    Plot.ruleX(data, { ...bars, className: `validation-${step}-interval` }),
    Plot.dot(data, { ...symbols, stroke: style.color, strokeWidth: 1.75, className: `validation-${step}` }),
  ];
}

function curveLabel(metrics: readonly MetricsLine[], lines: readonly { name: string; label: string }[]): string {
  const parts = lines.flatMap(({ name, label }) => {
    const points = series(metrics, name);
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return [];
    const from = `from ${number(first.value)} at iteration ${first.iteration}`;
    return [`${label}, ${from} to ${number(last.value)} at iteration ${last.iteration}`];
  });
  return `Line chart of the return against the iteration: ${parts.join('; ')}.`;
}
