import { meanOf } from '@innerloop/core';
import type { MetricsLine, ReportConfig, ReportData } from '../data/schemas.js';
import { median, numberOf } from '../data/series.js';
import { healthPanels, type Phases, phases, WORTH_TELLING } from '../figures/health.js';
import { draw } from '../figures/plot.js';
import { legend } from '../figures/styles.js';
import { count, duration, list } from '../page/format.js';
import { type Html, html } from '../page/html.js';

/** How the optimisation went: steps, KL, surrogate, gradient and time. */
export function health({ metrics: all, config }: ReportData): Html | null {
  const metrics = searches(config) ? all : all.map(withoutBacktracks);
  const panels = healthPanels(metrics, limitOf(config));
  if (panels.length === 0) return null;
  const figures = panels.map(
    ({ title, drawing, legend: entries }) => html`<figure><h3>${title}</h3>${legend(entries)}${draw(drawing)}</figure>`,
  );
  return html`<section><h2>Optimisation health</h2>
<p>${stepsInWords(metrics)} ${timeInWords(metrics)}</p>
<div class="panels">${figures}</div>${reasons(metrics)}</section>`;
}

/** Whether the outer optimizer has a line search, or may have one of which the config does not tell. */
function searches(config: ReportConfig): boolean {
  return (config.meta ?? config.optimizer)?.use !== 'gradient';
}

/** A step that is not searched for has 0 backtracks, which tell nothing. */
function withoutBacktracks(line: MetricsLine): MetricsLine {
  const { backtracks, ...others } = line;
  return backtracks === 0 ? others : line;
}

/** The KL limit of the outer optimizer, where it has one. */
function limitOf(config: ReportConfig): number | null {
  const limit = (config.meta ?? config.optimizer)?.maxKl;
  return typeof limit === 'number' ? limit : null;
}

function stepsInWords(metrics: readonly MetricsLine[]): string | null {
  const judged = metrics.filter((line) => typeof line.accepted === 'boolean');
  if (judged.length === 0) return null;
  const taken = judged.filter((line) => line.accepted === true).length;
  const tries = metrics.map((line) => numberOf(line, 'backtracks')).filter((value) => value !== null);
  const most = tries.reduce((a, b) => Math.max(a, b), 0);
  const backtracked = tries.filter((value) => value > 0).length;
  const search =
    tries.length === 0
      ? ''
      : ` The line search backtracked in ${count(backtracked, 'iteration')}${most > 0 ? `, ${count(most, 'time')} at most` : ''}.`;
  return `${taken} of ${count(judged.length, 'step')} were taken.${search}`;
}

function timeInWords(metrics: readonly MetricsLine[]): string | null {
  const split = metrics.map(phases).filter((value) => value !== null);
  if (split.length === 0) return null;
  const total = (phase: keyof Phases) => meanOf(split.map((row) => row[phase]));
  const [sample, update, value] = [total('sample'), total('update'), total('value')];
  const whole = sample + update + value + total('rest');
  const typical = median(split.map((row) => row.sample + row.update + row.value + row.rest));
  if (whole === 0) return null;
  const share = (part: number) => `${Math.round((100 * part) / whole)} %`;
  const parts = [
    `${share(update)} to the update`,
    ...(value >= WORTH_TELLING * whole ? [`${share(value)} to the value function`] : []),
  ];
  return `A typical iteration took ${duration(typical)}; ${list([`${share(sample)} of all time went to sampling`, ...parts])}.`;
}

/** Why steps were not taken, with how often. */
function reasons(metrics: readonly MetricsLine[]): Html | null {
  const counts = new Map<string, number>();
  for (const line of metrics) {
    if (line.accepted !== false) continue;
    const reason = typeof line.reason === 'string' ? line.reason : 'no reason was recorded';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  const rows = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return html`<h3>Why steps were not taken</h3><ul>${rows.map(([reason, times]) => html`<li>${reason} (${count(times, 'time')})</li>`)}</ul>`;
}
