import * as Plot from '@observablehq/plot';
import { series } from '../data/series.js';
import { type Drawing, returnOverIterations } from '../figures/plot.js';
import { STYLES } from '../figures/styles.js';
import { number } from '../page/format.js';
import { band, type SeedRun } from './aggregate.js';

/** Return against iteration: a thin line for each seed, the mean over seeds, and its 95 % interval as a band. */
export function seedsCurve(runs: readonly SeedRun[], metric: string, width: number): Drawing {
  const points = band(runs, metric);
  const { color } = STYLES.after;
  const lines = runs.map(({ seed, data }) =>
    Plot.line(series(data?.metrics ?? [], metric), {
      x: 'iteration',
      y: 'value',
      stroke: color,
      strokeWidth: 1,
      strokeOpacity: 0.3,
      className: `seed-${seed}`,
    }),
  );
  const [first, last] = [points[0], points.at(-1)];
  const course =
    first && last
      ? `: the mean goes from ${number(first.mean)} at iteration ${first.iteration} to ${number(last.mean)} at iteration ${last.iteration}`
      : '';
  return {
    options: {
      ...returnOverIterations(width),
      marks: [
        Plot.gridY({ strokeOpacity: 0.12 }),
        Plot.areaY(points, { x: 'iteration', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.2, className: 'band' }),
        ...lines,
        Plot.line(points, { x: 'iteration', y: 'mean', stroke: color, strokeWidth: 2.25, className: 'mean' }),
      ],
    },
    label: `Line chart of the return against the iteration for ${runs.length} seeds${course}.`,
  };
}
