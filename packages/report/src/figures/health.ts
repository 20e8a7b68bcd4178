import { meanOf } from '@innerloop/core';
import * as Plot from '@observablehq/plot';
import type { MetricsLine } from '../data/schemas.js';
import { numberOf, type SeriesPoint, series } from '../data/series.js';
import { number } from '../page/format.js';
import { CENTRED, type Drawing, MARGINS, wholeNumber } from './plot.js';
import { type LegendEntry, type SeriesStyle, STYLES, stroke } from './styles.js';

/** A small panel about how the optimisation went. */
export interface HealthPanel {
  readonly title: string;
  readonly drawing: Drawing;
  readonly legend: readonly LegendEntry[];
}

/** The panels for which a run has numbers. `maxKl` is the limit of the meta-step's KL, if the config has one. */
export function healthPanels(metrics: readonly MetricsLine[], maxKl: number | null): HealthPanel[] {
  return [
    stepKl(metrics, maxKl),
    single(metrics, 'kl/adaptation', 'KL of adaptation', 'KL (nats)'),
    surrogate(metrics),
    single(metrics, 'gradientNorm', 'Norm of the gradient', 'norm'),
    single(metrics, 'entropy', 'Entropy of the policy', 'entropy (nats)'),
    single(metrics, 'value/explainedVariance', 'Variance that the value function explains', 'share'),
    backtracks(metrics),
    times(metrics),
  ].filter((panel) => panel !== null);
}

const at = { x: 'iteration', y: 'value', z: null } as const;

function frame(label: string, marks: Plot.Markish[]): Plot.PlotOptions {
  return {
    ...MARGINS,
    width: 320,
    height: 220,
    x: { ...CENTRED, label: 'iteration', ticks: 5, tickFormat: wholeNumber },
    y: { label, nice: true, ticks: 5 },
    marks: [Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }), ...marks],
  };
}

function zero() {
  return Plot.ruleY([0], { strokeOpacity: 0.3 });
}

/** A thin line; a dot if there is one point only, since a line through that cannot be seen. */
function thinLine(data: readonly SeriesPoint[], style: SeriesStyle, className: string) {
  if (data.length === 1) return Plot.dot(data, { ...at, fill: style.color, symbol: style.symbol, className });
  return Plot.line(data, { ...at, ...stroke(style), strokeWidth: 1.5, className });
}

function summary(data: readonly SeriesPoint[]): string {
  if (data.length === 0) return 'No values.';
  const values = data.map(({ value }) => value).sort((a, b) => a - b);
  return `Mean ${number(meanOf(values))}, from ${number(values[0] as number)} to ${number(values.at(-1) as number)}.`;
}

/** Splits points by whether the step of their iteration was taken. */
function byAcceptance(metrics: readonly MetricsLine[], data: readonly SeriesPoint[]) {
  const refused = new Set(metrics.filter((line) => line.accepted === false).map(({ iteration }) => iteration));
  return {
    taken: data.filter(({ iteration }) => !refused.has(iteration)),
    notTaken: data.filter(({ iteration }) => refused.has(iteration)),
  };
}

function crosses(data: readonly SeriesPoint[]) {
  const { color, symbol, width } = STYLES.refused;
  return Plot.dot(data, { ...at, symbol, stroke: color, strokeWidth: width, r: 4, className: 'not-taken' });
}

function stepKl(metrics: readonly MetricsLine[], maxKl: number | null): HealthPanel | null {
  const ofPolicy = series(metrics, 'kl/policy');
  const data = ofPolicy.length > 0 ? ofPolicy : series(metrics, 'kl/meta');
  if (data.length === 0) return null;
  const title = `KL of the ${ofPolicy.length > 0 ? 'policy step' : 'meta-step'}`;
  const { notTaken } = byAcceptance(metrics, data);
  const limit = maxKl === null ? null : Plot.ruleY([maxKl], { ...stroke(STYLES.before), className: 'limit' });
  const bound = maxKl === null ? '' : ` The limit is ${number(maxKl)}.`;
  const entries: LegendEntry[] = [{ label: 'KL', style: STYLES.after, show: 'line' }];
  if (maxKl !== null) entries.push({ label: `limit, ${number(maxKl)}`, style: STYLES.before, show: 'line' });
  if (notTaken.length > 0) entries.push({ label: 'step not taken', style: STYLES.refused, show: 'symbol' });
  return {
    title,
    drawing: {
      options: frame('KL (nats)', [zero(), limit, thinLine(data, STYLES.after, 'kl-step'), crosses(notTaken)]),
      label: `${title} at each iteration. ${summary(data)}${bound}`,
    },
    legend: entries,
  };
}

function single(metrics: readonly MetricsLine[], name: string, title: string, label: string): HealthPanel | null {
  const data = series(metrics, name);
  if (data.length === 0) return null;
  const options = frame(label, [zero(), thinLine(data, STYLES.after, name.replace(/\W+/g, '-'))]);
  return { title, drawing: { options, label: `${title} at each iteration. ${summary(data)}` }, legend: [] };
}

function surrogate(metrics: readonly MetricsLine[]): HealthPanel | null {
  const before = series(metrics, 'surrogate/before');
  const after = series(metrics, 'surrogate/after');
  if (before.length === 0 && after.length === 0) return null;
  const lines = [thinLine(before, STYLES.before, 'surrogate-before'), thinLine(after, STYLES.after, 'surrogate-after')];
  const text = `Before: ${summary(before)} After: ${summary(after)}`;
  return {
    title: 'Surrogate loss, lower is better',
    drawing: { options: frame('loss', lines), label: `Surrogate loss around the step of each iteration. ${text}` },
    legend: [
      { label: 'before the step', style: STYLES.before, show: 'line' },
      { label: 'after the step', style: STYLES.after, show: 'line' },
    ],
  };
}

function backtracks(metrics: readonly MetricsLine[]): HealthPanel | null {
  const data = series(metrics, 'backtracks');
  if (data.length === 0) return null;
  const { taken, notTaken } = byAcceptance(metrics, data);
  const { color } = STYLES.after;
  const marks = [
    Plot.ruleX(taken, { x: 'iteration', y: 'value', stroke: color, strokeOpacity: 0.5 }),
    zero(),
    Plot.dot(taken, { ...at, r: 2.5, fill: color, className: 'taken' }),
    crosses(notTaken),
  ];
  const text = `${summary(data)} ${taken.length} steps were taken, ${notTaken.length} were not.`;
  return {
    title: 'Backtracks of the line search',
    drawing: { options: frame('backtracks', marks), label: `Backtracks at each iteration. ${text}` },
    legend: [
      { label: 'step taken', style: STYLES.after, show: 'symbol' },
      { label: 'not taken', style: STYLES.refused, show: 'symbol' },
    ],
  };
}

/** Below this share of the time, the value function is not told apart. */
export const WORTH_TELLING = 0.01;

/** Seconds of an iteration that went to each phase. */
export interface Phases {
  readonly sample: number;
  readonly update: number;
  /** To fitting the value function; 0 where it has no phase of its own. */
  readonly value: number;
  readonly rest: number;
}

/** How the seconds of an iteration were spent; `null` if it does not say. */
export function phases(line: MetricsLine): Phases | null {
  const sample = numberOf(line, 'time/sample');
  const update = numberOf(line, 'time/update');
  if (sample === null || update === null) return null;
  const value = numberOf(line, 'time/value') ?? 0;
  const whole = numberOf(line, 'time/iteration') ?? sample + update + value;
  return { sample, update, value, rest: Math.max(0, whole - sample - update - value) };
}

function times(metrics: readonly MetricsLine[]): HealthPanel | null {
  const rows = metrics.flatMap((line) => {
    const split = phases(line);
    return split ? [{ iteration: line.iteration, ...split }] : [];
  });
  if (rows.length === 0) return null;
  const points = (phase: keyof Phases) => rows.map((row) => ({ iteration: row.iteration, value: row[phase] }));
  const total = (phase: keyof Phases) => rows.reduce((sum, row) => sum + row[phase], 0);
  const hasValue =
    total('value') >= WORTH_TELLING * (total('sample') + total('update') + total('value') + total('rest'));
  const parts = [
    { label: 'sampling', style: STYLES.after, data: points('sample') },
    { label: 'update', style: STYLES.before, data: points('update') },
    ...(hasValue ? [{ label: 'value function', style: STYLES.fourth, data: points('value') }] : []),
    { label: 'all else', style: STYLES.third, data: points('rest') },
  ];
  const text = parts.map(({ label, data }) => `${label}: ${summary(data)}`).join(' ');
  const lines = parts.map(({ label, style, data }) => thinLine(data, style, `time-${label.replace(' ', '-')}`));
  return {
    title: 'Time per phase',
    drawing: {
      options: frame('seconds', [zero(), ...lines]),
      label: `Seconds of each phase at each iteration. ${text}`,
    },
    legend: parts.map(({ label, style }) => ({ label, style, show: 'line' })),
  };
}
