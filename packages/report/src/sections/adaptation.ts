import { isOneTask } from '@innerloop/core';
import type { Comparison, FinalEvaluation } from '../data/schemas.js';
import { type AdaptationRow, adaptationFigure, adaptationRows, stepsOf } from '../figures/adaptation.js';
import { responsive } from '../figures/plot.js';
import { legend } from '../figures/styles.js';
import { count, interval } from '../page/format.js';
import { type Html, html } from '../page/html.js';

/** Return against adaptation steps, or the return of a policy that does not adapt, with other runs and published results beside it, as a figure and as a table. */
export function adaptation(evaluation: FinalEvaluation, comparisons: readonly Comparison[] = []): Html {
  const rows = adaptationRows(evaluation, comparisons);
  const sizes = evaluation.stepSizes;
  if (stepsOf(rows).length === 1) {
    return html`<section><h2>Return</h2>
<p>Mean over ${measurements(evaluation)} ${actionsInWords(evaluation)}, with 95 % intervals (1.96 standard deviations over the root of their number).</p>
${table(rows)}
${sources(rows, comparisons.length > 0)}</section>`;
  }
  return html`<section><h2>Return against adaptation steps</h2>
<p>Mean over ${measurements(evaluation)}, with 95 % intervals (1.96 standard deviations over the root of their number).
${sizes && `Step sizes: ${sizes.join(', ')}${sizes.length < evaluation.result.steps.length - 1 ? ', the last one repeated' : ''}.`}</p>
<figure>${legend(rows)}${responsive((width) => adaptationFigure(rows, width))}</figure>
${table(rows)}
${sources(rows, comparisons.length > 0)}</section>`;
}

function table(rows: readonly AdaptationRow[]): Html {
  const steps = stepsOf(rows);
  const cells = ({ points }: AdaptationRow) =>
    steps.map((step) => {
      const point = points.find((candidate) => candidate.step === step);
      return html`<td>${point ? interval(point.value, point.ci95) : '–'}</td>`;
    });
  const zero = steps.length === 1 ? 'return' : 'before';
  const head = steps.map((step) => html`<th scope="col">${step === 0 ? zero : count(step, 'step')}</th>`);
  const body = rows.map((row) => html`<tr><th scope="row">${row.label}</th>${cells(row)}</tr>`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of returns by adaptation steps"><table>
<caption>Mean return and half-width of its 95 % interval</caption>
<thead><tr><th scope="col">Result</th>${head}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** For example `40 tasks`. */
function measurements({ tasks }: FinalEvaluation): string {
  return isOneTask(tasks) ? `${count(tasks.length, 'measurement')} of one task` : count(tasks.length, 'task');
}

/** For example `with sampled actions`. */
export function actionsInWords({ greedy }: FinalEvaluation): string {
  return greedy ? 'with greedy actions' : 'with sampled actions';
}

/** Where the other rows were read, below the table: such sentences would make its rows as high as they are long. */
function sources(rows: readonly AdaptationRow[], compared: boolean): Html | string {
  const others = rows.filter((row) => row.source !== null);
  if (others.length === 0) return '';
  return html`<details><summary>Sources of the ${compared ? 'other' : 'published'} rows</summary><dl>
${others.map((row) => html`<dt>${row.label}</dt><dd>${linked(row.source ?? '')}</dd>`)}</dl></details>`;
}

function linked(text: string): Html | string {
  return /^https?:\/\/\S+$/.test(text) ? html`<a href="${text}">${text}</a>` : text;
}
