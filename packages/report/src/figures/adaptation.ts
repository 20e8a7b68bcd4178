import { isDeepStrictEqual } from 'node:util';
import { measuredOtherwise } from '@innerloop/core';
import * as Plot from '@observablehq/plot';
import type { Comparison, FinalEvaluation } from '../data/schemas.js';
import { count, interval } from '../page/format.js';
import { CENTRED, type Drawing, MARGINS } from './plot.js';
import { type SeriesStyle, STYLES, stroke } from './styles.js';

/** Mean returns after 0, 1, … adaptation steps: of this run, of another, or published. */
export interface AdaptationRow {
  readonly label: string;
  /** Where it was read; `null` for this run. */
  readonly source: string | null;
  readonly style: SeriesStyle;
  readonly points: readonly AdaptationPoint[];
}

/** A mean return and the half-width of its 95 % interval, if known. */
export interface AdaptationPoint {
  readonly step: number;
  readonly value: number;
  readonly ci95?: number;
}

const OTHER_STYLES: readonly SeriesStyle[] = [
  STYLES.third,
  STYLES.fourth,
  { color: 'var(--ink)', dash: '5 3', symbol: 'square', width: 1.5 },
  { color: 'var(--before)', dash: '1 3', symbol: 'circle', width: 1.75 },
  { color: 'var(--third)', dash: '5 3', symbol: 'diamond2', width: 1.75 },
  { color: 'var(--fourth)', dash: '8 3 2 3', symbol: 'times', width: 1.75 },
  { color: 'var(--ink)', dash: '2 3', symbol: 'triangle', width: 1.5 },
];

/** This run first, then those it is compared with, then the published rows. */
export function adaptationRows(
  evaluation: FinalEvaluation,
  comparisons: readonly Comparison[] = [],
): readonly AdaptationRow[] {
  const ours: AdaptationRow = { label: 'this run', source: null, style: STYLES.after, points: pointsOf(evaluation) };
  const others = [
    ...comparisons.map((comparison) => comparedRow(comparison, evaluation)),
    ...publishedRows(evaluation),
  ].map((row, index) => ({ ...row, style: OTHER_STYLES[index % OTHER_STYLES.length] as SeriesStyle }));
  return [ours, ...others];
}

function pointsOf({ result }: FinalEvaluation): AdaptationPoint[] {
  return result.steps.map(({ step, meanReturn, ci95 }) => ({ step, value: meanReturn, ci95 }));
}

function comparedRow({ label, source, evaluation }: Comparison, ours: FinalEvaluation): Omit<AdaptationRow, 'style'> {
  const { tasks, rollouts, seed, stepSizes } = evaluation;
  const same = isDeepStrictEqual(tasks, ours.tasks) ? 'the tasks of this run' : count(tasks.length, 'other task');
  const measured = `on ${same}, ${count(rollouts, 'episode')} each, seed ${seed}`;
  const sizes = stepSizes ? `, step sizes ${stepSizes.join(', ')}` : '';
  return { label, source: `${source}, ${measured}${sizes}`, points: pointsOf(evaluation) };
}

function publishedRows(evaluation: FinalEvaluation): Omit<AdaptationRow, 'style'>[] {
  return evaluation.references.map((row) => {
    const { label, meanReturn, ci95 } = row;
    const otherwise = measuredOtherwise(evaluation, row);
    const source = otherwise ? `${row.source}; measured ${otherwise}` : row.source;
    const points = meanReturn.map((value, step): AdaptationPoint => {
      const half = ci95?.[step];
      return half === undefined ? { step, value } : { step, value, ci95: half };
    });
    return { label, source, points };
  });
}

/** Every number of steps for which some row has a value, ascending. */
export function stepsOf(rows: readonly AdaptationRow[]): number[] {
  return [...new Set(rows.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
}

/** Return against adaptation steps. Rows stand a few pixels beside each other, so that intervals do not hide any. */
export function adaptationFigure(rows: readonly AdaptationRow[], width: number): Drawing {
  const steps = stepsOf(rows);
  const apart = Math.min(8, 56 / rows.length);
  const marks = rows.flatMap((row, index) => rowMarks(row, index, (index - (rows.length - 1) / 2) * apart));
  return {
    options: {
      width,
      height: width < 600 ? 300 : 360,
      ...MARGINS,
      x: {
        ...CENTRED,
        label: 'adaptation steps',
        domain: stepDomain(steps),
        ticks: steps,
        tickFormat: String,
        inset: 24,
      },
      y: { label: 'return', nice: true },
      marks: [Plot.gridY({ strokeOpacity: 0.12 }), ...marks],
    },
    label: `Line chart of the mean return against the number of adaptation steps. ${rows.map(rowText).join(' ')}`,
  };
}

/** A scale needs some width even if there is only one number of steps. */
function stepDomain(steps: readonly number[]): [number, number] {
  const first = steps[0] ?? 0;
  const last = steps.at(-1) ?? 0;
  return first === last ? [first - 1, last + 1] : [first, last];
}

function rowMarks({ style, label, points }: AdaptationRow, index: number, dx: number) {
  const known = points.flatMap(({ step, value, ci95 }) =>
    ci95 === undefined ? [] : [{ step, low: value - ci95, high: value + ci95 }],
  );
  const at = { x: 'step', dx };
  const line = { stroke: style.color, strokeWidth: 1.5 };
  const title = (d: AdaptationPoint) => `${label}, after ${count(d.step, 'step')}: ${interval(d.value, d.ci95)}`;
  const dots = { ...at, y: 'value', r: 4.5, symbol: style.symbol, fill: style.color, title };
  const band = { ...at, y1: 'low', y2: 'high', z: null, fill: style.color, fillOpacity: 0.12 };
  return [
    index === 0 ? Plot.areaY(known, { ...band, className: 'row-0-band' }) : null,
    Plot.line(points, { ...at, y: 'value', z: null, ...stroke(style), className: `row-${index}-line` }),
    Plot.ruleX(known, { ...at, y1: 'low', y2: 'high', ...line, className: `row-${index}-interval` }),
    Plot.dot(points, { ...dots, className: `row-${index}-dot` }),
  ];
}

function rowText({ label, points }: AdaptationRow): string {
  const values = points.map(({ step, value, ci95 }) => `${interval(value, ci95)} after ${step}`);
  return `${label}: ${values.join(', ')}.`;
}
