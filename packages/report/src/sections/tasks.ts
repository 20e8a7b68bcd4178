import { adapts, drawnTasks, MOST_PANELS } from '../data/examples.js';
import type { FinalEvaluation } from '../data/schemas.js';
import { draw } from '../figures/plot.js';
import { legend, STYLES } from '../figures/styles.js';
import {
  changesDomain,
  changesFigure,
  changesInWords,
  type StepChanges,
  taskChanges,
} from '../figures/task-changes.js';
import { pathFigure, rewardDomain, rewardFigure, sharedSquare, stepsLegend } from '../figures/trajectories.js';
import { count, number, signed } from '../page/format.js';
import { type Html, html } from '../page/html.js';

/** The change of each task. */
export function changes(evaluation: FinalEvaluation): Html | null {
  const steps = taskChanges(evaluation);
  if (steps.length === 0) return null;
  const domain = changesDomain(steps);
  const entries = [
    { label: 'gain', style: STYLES.after, show: 'symbol' },
    { label: 'loss', style: { ...STYLES.before, symbol: 'triangle' }, show: 'symbol', filled: false, turned: true },
  ] as const;
  const panels = steps.map(
    (step) => html`<figure><h3>After ${count(step.step, 'step')}</h3>${draw(changesFigure(step, domain))}
<figcaption>${changesInWords(step)}</figcaption></figure>`,
  );
  return html`<section><h2>Change per task</h2>
<p>Return after adaptation minus return before it, one mark a task, each panel sorted on its own. Returns are means over
${count(evaluation.rollouts, 'episode')}, so a small change may be chance.</p>
${legend(entries)}<div class="panels">${panels}</div>${changesTable(evaluation, steps)}</section>`;
}

function changesTable(evaluation: FinalEvaluation, steps: readonly StepChanges[]): Html {
  const before = evaluation.result.steps.find(({ step }) => step === 0)?.returns ?? [];
  const byTask = steps.map(({ changes }) => new Map(changes.map((change) => [change.task, change.change])));
  const rows = before.map((value, index) => {
    const cells = byTask.map((map) => {
      const change = map.get(index + 1) ?? 0;
      return html`<td>${signed(change)}${change < 0 && ' ▼'}</td>`;
    });
    return html`<tr><th scope="row">${index + 1}</th><td>${number(value)}</td>${cells}</tr>`;
  });
  const head = steps.map(({ step }) => html`<th scope="col">change after ${count(step, 'step')}</th>`);
  return html`<details><summary>Change of every task as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Table of changes by task"><table>
<thead><tr><th scope="col">Task</th><th scope="col">before</th>${head}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** Paths of example tasks, or their rewards over time where they cannot be drawn in a plane. */
export function trajectories(evaluation: FinalEvaluation): Html | null {
  const tasks = drawnTasks(evaluation).filter(({ episodes }) => episodes.length > 0);
  const flat = tasks.filter(({ episodes }) => episodes.every(({ path }) => path !== null));
  const other = tasks.filter((task) => !flat.includes(task));
  const [first] = tasks;
  if (!first) return null;
  const square = sharedSquare(flat);
  const domain = rewardDomain(other);
  const adapting = adapts(evaluation);
  const hidden = evaluation.result.examples.length - tasks.length;
  const panel = (task: (typeof tasks)[number], body: Html) => html`<figure><h3>Task ${task.task}</h3>${body}
<figcaption>return ${number(task.before)}${adapting && ` → ${number(task.after)}`}</figcaption></figure>`;
  const what = adapting
    ? 'One episode of each task after each number of adaptation steps.'
    : 'One episode of each task.';
  const below = adapting
    ? "the task's mean return before adaptation and after the last step"
    : "the task's mean return";
  return html`<section><h2>${flat.length > 0 ? 'Trajectories' : 'Rewards over time'}</h2>
<p>${what} ${flat.length > 0 && 'All panels have the same scale on both axes; the plus is the start, the star the goal.'}
${hidden > 0 && `The first ${MOST_PANELS} examples are drawn.`} Below each panel: ${below}.</p>
${adapting && legend(stepsLegend(first, flat.length === 0 ? 'line' : undefined))}
<div class="panels">${flat.map((task) => panel(task, draw(pathFigure(task, square))))}${other.map((task) => panel(task, draw(rewardFigure(task, domain))))}</div></section>`;
}
