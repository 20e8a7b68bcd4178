import type { ReportData } from '../data/schemas.js';
import {
  bestIteration,
  learningCurve,
  SMOOTH_ABOVE,
  smoothingWindow,
  trainingSeries,
  validationSeries,
} from '../figures/learning-curve.js';
import { responsive } from '../figures/plot.js';
import { legend } from '../figures/styles.js';
import { type Html, html } from '../page/html.js';

/** The learning curve. */
export function learning({ metrics }: ReportData): Html {
  const training = trainingSeries(metrics);
  const validation = validationSeries(metrics);
  if (training.length + validation.length === 0) {
    return html`<section><h2>Learning curve</h2><p>No returns have been recorded yet.</p></section>`;
  }
  const best = bestIteration(metrics);
  const notes = [
    metrics.length > SMOOTH_ABOVE &&
      `Thin lines are single iterations, thick ones moving averages over ${smoothingWindow(metrics.length)}.`,
    validation.length > 0 && 'Open symbols are validation tasks with 95 % intervals.',
    best !== undefined && `The dotted upright line is the best checkpoint by validation, iteration ${best}.`,
  ].filter((note) => note !== false);
  return html`<section><h2>Learning curve</h2>
<p>Mean return of an episode at each iteration, on the tasks of training.</p>
<figure>${legend([...training, ...validation])}${responsive((width) => learningCurve(metrics, width))}
<figcaption>${notes.join(' ')}</figcaption></figure></section>`;
}
