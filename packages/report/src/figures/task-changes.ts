import * as Plot from '@observablehq/plot';
import type { FinalEvaluation } from '../data/schemas.js';
import { count, number, signed } from '../page/format.js';
import { CENTRED, type Drawing, MARGINS } from './plot.js';
import { STYLES } from './styles.js';

/** What adaptation did to one task. */
export interface TaskChange {
  /** Counted from 1, in the order of the evaluation. */
  readonly task: number;
  readonly before: number;
  readonly after: number;
  /** after − before. */
  readonly change: number;
}

/** The changes after one number of steps, from the greatest loss to the greatest gain. */
export interface StepChanges {
  readonly step: number;
  readonly changes: readonly TaskChange[];
  readonly better: number;
  readonly worse: number;
  readonly same: number;
}

/** Change of each task's return after each number of steps; empty if nothing was measured before adaptation. */
export function taskChanges(evaluation: FinalEvaluation): StepChanges[] {
  const before = evaluation.result.steps.find(({ step }) => step === 0);
  if (!before) return [];
  const adapted = evaluation.result.steps.filter(({ step }) => step > 0);
  return adapted.map(({ step, returns }) => {
    const changes = returns.map((after, index): TaskChange => {
      const from = before.returns[index] as number;
      return { task: index + 1, before: from, after, change: after - from };
    });
    changes.sort((a, b) => a.change - b.change);
    const better = changes.filter(({ change }) => change > 0).length;
    const worse = changes.filter(({ change }) => change < 0).length;
    return { step, changes, better, worse, same: changes.length - better - worse };
  });
}

/** In words: how many tasks improved and how many got worse, and which the most. */
export function changesInWords({ step, changes, better, worse, same }: StepChanges): string {
  const worst = changes[0];
  const losses =
    worse === 0 || !worst
      ? 'none got worse'
      : `${worse} got worse (the most: task ${worst.task}, by ${number(-worst.change)})`;
  const unchanged = same > 0 ? `, ${same} stayed the same` : '';
  return `After ${count(step, 'step')}, ${better} of ${count(changes.length, 'task')} improved, ${losses}${unchanged}.`;
}

/**
 * One mark a task, sorted by change: gains are filled circles, losses are open triangles that point down.
 *
 * @param domain The range of changes, shared by the panels of all steps.
 */
export function changesFigure(step: StepChanges, domain: readonly [number, number]): Drawing {
  const ranked = step.changes.map((change, index) => ({ ...change, rank: index + 1 }));
  const gains = ranked.filter(({ change }) => change >= 0);
  const losses = ranked.filter(({ change }) => change < 0);
  const title = (d: TaskChange) =>
    `task ${d.task}: ${signed(d.change)} (from ${number(d.before)} to ${number(d.after)})`;
  const { after, before } = STYLES;
  const at = { x: 'rank', y: 'change' };
  const stem = { ...at, strokeWidth: 1.25, strokeOpacity: 0.5 };
  const open = {
    fill: 'var(--page)',
    stroke: before.color,
    strokeWidth: 1.75,
    symbol: 'triangle',
    rotate: 180,
  } as const;
  const label = 'tasks, from greatest loss to greatest gain';
  return {
    options: {
      ...MARGINS,
      width: 320,
      height: 260,
      marginLeft: 48,
      marginRight: 8,
      marginBottom: 28,
      x: { label, ...CENTRED, labelOffset: 20, domain: [0, ranked.length + 1], ticks: [] },
      y: { label: 'change of return', domain: [...domain], nice: true },
      marks: [
        Plot.gridY({ strokeOpacity: 0.12 }),
        Plot.ruleX(gains, { ...stem, stroke: after.color, className: 'gain-stem' }),
        Plot.ruleX(losses, { ...stem, stroke: before.color, className: 'loss-stem' }),
        Plot.ruleY([0], { className: 'zero' }),
        Plot.dot(gains, { ...at, r: 3.2, fill: after.color, title, className: 'gain' }),
        Plot.dot(losses, { ...at, ...open, r: 4, title, className: 'loss' }),
      ],
    },
    label: `One mark a task, sorted by the change of its return. ${changesInWords(step)}`,
  };
}

/** A range that holds every change and zero. */
export function changesDomain(steps: readonly StepChanges[]): [number, number] {
  const ends = steps.flatMap(({ changes }) => [changes[0]?.change ?? 0, changes.at(-1)?.change ?? 0]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  return low < high ? [low, high] : [-1, 1];
}
