import { isOneTask, meanOf, measuredOtherwise, totalReturn } from '@innerloop/core';
import { adapts } from '../data/examples.js';
import type { FinalEvaluation, ReportConfig, ReportData } from '../data/schemas.js';
import { numberOf, returnNames, series } from '../data/series.js';
import { changesInWords, taskChanges } from '../figures/task-changes.js';
import { count, duration, interval, number } from '../page/format.js';
import { type Html, html } from '../page/html.js';

/** What ran, and the headline numbers in plain words. */
export function overview(data: ReportData): Html {
  const { config, evaluation, metrics } = data;
  const unfinished = metrics.length < data.iterations;
  return html`<header>
<p class="kicker">Innerloop report</p>
<h1>${config.run.name}</h1>
<p class="lead">${config.trainer.use} on ${config.tasks.use}, ${count(metrics.length, 'iteration')}, seed ${config.run.seed}</p>
</header>
${unfinished && unfinishedNote(data)}
${evaluation ? evaluationHeadline(data) : trainingHeadline(data)}
${whatRan(data)}`;
}

function unfinishedNote({ iterations, metrics }: ReportData): Html {
  const done =
    metrics.length === 0 ? 'no iteration has finished yet' : `${metrics.length} of ${iterations} iterations are done`;
  return html`<p class="note" role="note"><strong>Unfinished run:</strong> ${done}. The last section says how to go on.</p>`;
}

function card(label: string, value: string, detail: string): Html {
  return html`<div class="card"><p class="label">${label}</p><p class="value">${value}</p><p class="detail">${detail}</p></div>`;
}

function evaluationHeadline(data: ReportData): Html | null {
  const { evaluation } = data;
  if (!evaluation) return null;
  const { steps } = evaluation.result;
  const cards = steps
    .filter((_, index) => index < 2 || index === steps.length - 1)
    .map(({ step, meanReturn, ci95 }) => {
      const zero = adapts(evaluation) ? 'Return before adaptation' : 'Return';
      const label = step === 0 ? zero : `Return after ${count(step, 'step')}`;
      return card(label, number(meanReturn), `± ${number(ci95)} (95 % interval)`);
    });
  const last = taskChanges(evaluation).at(-1);
  return html`<div class="cards">${cards}</div>
<p>Measured on ${tasksInWords(evaluation)}, with ${count(evaluation.rollouts, 'episode')} ${isOneTask(evaluation.tasks) ? 'a time' : 'a task'}${adapts(evaluation) ? ' and number of steps' : ''}${evaluation.greedy ? ', greedy actions' : ''}, from the
${evaluation.checkpoint} checkpoint, iteration ${evaluation.iteration}. A return is the sum of the rewards of an episode. ${last && changesInWords(last)}
${referencesInWords(data)} ${totalInWords(data)}</p>`;
}

/** For example `4 unseen tasks (task set paper)`; the only task of a problem may be measured many times. */
function tasksInWords({ tasks, taskSet }: FinalEvaluation): string {
  if (isOneTask(tasks)) return `one task, ${count(tasks.length, 'time')}`;
  const unseen = tasks.length > 1 ? 'unseen ' : '';
  return `${count(tasks.length, `${unseen}task`)}${taskSet === null ? '' : ` (task set ${taskSet})`}`;
}

/** The published returns after the same numbers of steps, without a verdict: settings may differ. */
function referencesInWords({ evaluation }: ReportData): string | null {
  const [row] = evaluation?.references ?? [];
  const last = evaluation?.result.steps.at(-1)?.step;
  if (!row || last === undefined) return null;
  const step = Math.min(last, row.meanReturn.length - 1);
  const value = row.meanReturn[step];
  if (value === undefined) return null;
  const after = adapts(evaluation as FinalEvaluation) ? ` after ${count(step, 'step')}` : '';
  const otherwise = measuredOtherwise(evaluation as FinalEvaluation, row);
  return `For comparison, ${row.label} has ${interval(value, row.ci95?.[step])}${after}${otherwise ? ` (${otherwise})` : ''}.`;
}

/** The total of all episodes, where the config says that it is what counts. */
function totalInWords({ config, evaluation }: ReportData): string | null {
  if (!evaluation || evaluation.greedy || config.evaluation?.score !== 'total') return null;
  const { episodes, mean, ci95 } = totalReturn(evaluation);
  return `All ${count(episodes, 'episode')} of a task, those adapted to included, earned ${interval(mean, ci95)} together.`;
}

/** Without an evaluation: the last tenth of training. */
function trainingHeadline({ metrics }: ReportData): Html {
  const tail = metrics.slice(-Math.max(1, Math.round(metrics.length / 10)));
  const labels: Record<string, string> = {
    'return/before': 'Training return before adaptation',
    'return/after': 'Training return after adaptation',
    'return/mean': 'Training return',
  };
  const cards = returnNames(metrics).flatMap((name) => {
    const values = series(tail, name).map(({ value }) => value);
    const detail = values.length === 1 ? 'last iteration' : `mean of the last ${values.length} iterations`;
    return values.length === 0 ? [] : [card(labels[name] ?? name, number(meanOf(values)), detail)];
  });
  return html`${cards.length > 0 && html`<div class="cards">${cards}</div>`}<p>This run has no final evaluation yet.</p>`;
}

const SLOTS = ['objective', 'policy', 'inner', 'meta', 'optimizer', 'advantages', 'baseline'] as const;

function components(config: ReportConfig): string {
  const wrappers = (config.wrappers ?? []).map(({ use }) => `wrapper ${use}`);
  return [...wrappers, ...SLOTS.flatMap((slot) => (config[slot] ? [`${slot} ${config[slot].use}`] : []))].join(', ');
}

function pluginName(plugin: unknown): string {
  if (typeof plugin === 'string') return plugin;
  if (typeof plugin === 'object' && plugin !== null && 'name' in plugin) {
    const version = 'version' in plugin ? ` ${String(plugin.version)}` : '';
    return `${String(plugin.name)}${version}`;
  }
  return JSON.stringify(plugin);
}

function iterationsInWords(done: number, iterations: number, first: number): string {
  const further = iterations > first ? `, taken further from ${first}` : '';
  return `${done} of ${iterations}${further}`;
}

function whatRan({ config, run, iterations, metrics }: ReportData): Html {
  const seconds = metrics.map((line) => numberOf(line, 'time/iteration') ?? 0).reduce((a, b) => a + b, 0);
  const rows: [string, string][] = [
    ['Trainer', config.trainer.use],
    ['Tasks', config.tasks.use],
    ['Components', components(config)],
    ['Seed', String(config.run.seed)],
    ['Iterations', iterationsInWords(metrics.length, iterations, config.run.iterations)],
    ['Time training', seconds > 0 ? duration(seconds) : 'not recorded'],
    ['Backend', `${run.backend.name} (${run.backend.reason})`],
    ['Versions', `innerloop ${run.innerloop}, node ${run.node}`],
    ['Plugins', run.plugins.map(pluginName).join(', ') || 'none'],
    ['Created', run.created],
    ['Config', run.source ?? 'from code'],
  ];
  return html`<h2>What ran</h2>
<dl>${rows.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}
