import * as Plot from '@observablehq/plot';
import type { DrawnTask, Point } from '../data/examples.js';
import { count, list, number } from '../page/format.js';
import { CENTRED, type Drawing, MARGINS } from './plot.js';
import { type LegendEntry, type SeriesStyle, STYLES, stroke } from './styles.js';

/** How each drawn number of steps looks: 0 as "before", the last as "after", those between in their own ways. */
function styleOf(step: number, task: DrawnTask): SeriesStyle {
  const index = task.episodes.findIndex((episode) => episode.step === step);
  if (step === 0) return STYLES.before;
  if (index === task.episodes.length - 1) return STYLES.after;
  return index === 1 ? STYLES.fourth : STYLES.third;
}

/** What the lines mean. */
export function stepsLegend(task: DrawnTask, show?: 'line'): LegendEntry[] {
  return task.episodes.map(({ step }) => ({
    label: step === 0 ? 'before adaptation' : `after ${count(step, 'step')}`,
    style: styleOf(step, task),
    filled: step !== 0,
    ...(show ? { show } : {}),
  }));
}

/** The lowest and the highest of some numbers. */
function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** The ranges of the two axes of all panels; they are equally long. */
export interface Square {
  readonly x: [number, number];
  readonly y: [number, number];
}

/** The square that holds every path and target with some room, so that all panels have one scale on both axes. */
export function sharedSquare(tasks: readonly DrawnTask[]): Square {
  const points: Point[] = tasks.flatMap(({ target, episodes }) => [
    ...(target ? [target] : []),
    ...episodes.flatMap(({ path }) => path ?? []),
  ]);
  const x = extent(points.map((point) => point[0]));
  const y = extent(points.map((point) => point[1]));
  const half = (Math.max(x[1] - x[0], y[1] - y[0]) / 2) * 1.1 || 1;
  const around = ([low, high]: [number, number]): [number, number] => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ];
  return { x: around(x), y: around(y) };
}

const PANEL = { width: 300, marginTop: 12, marginRight: 12, marginBottom: 28, marginLeft: 44 } as const;

/** A task's paths in the plane and its target. The drawing area is a square. */
export function pathFigure(task: DrawnTask, square: Square): Drawing {
  const side = PANEL.width - PANEL.marginLeft - PANEL.marginRight;
  const start = task.episodes[0]?.path?.[0];
  const ink = { stroke: 'var(--ink)', strokeWidth: 1 };
  const origin = { ...ink, symbol: 'plus', r: 5, strokeWidth: 1.75, className: 'start' } as const;
  const goal = { ...ink, symbol: 'star', r: 5.5, fill: 'var(--goal)', className: 'target' } as const;
  return {
    options: {
      ...PANEL,
      height: side + PANEL.marginTop + PANEL.marginBottom,
      x: { label: null, domain: square.x, ticks: 5 },
      y: { label: null, domain: square.y, ticks: 5 },
      marks: [
        Plot.gridX({ ticks: 5, strokeOpacity: 0.1 }),
        Plot.gridY({ ticks: 5, strokeOpacity: 0.1 }),
        Plot.frame({ strokeOpacity: 0.25 }),
        ...pathMarks(task),
        Plot.dot(start ? [start] : [], { ...origin, x: '0', y: '1' }),
        Plot.dot(task.target ? [task.target] : [], { ...goal, x: '0', y: '1' }),
      ],
    },
    label: pathText(task),
  };
}

function pathMarks(task: DrawnTask) {
  return task.episodes.flatMap(({ step, path }) => {
    const end = path?.at(-1);
    if (!path || !end) return [];
    const style = styleOf(step, task);
    const fill = step === 0 ? 'var(--page)' : style.color;
    const last = { x: '0', y: '1', symbol: style.symbol, r: 3.5, fill, stroke: style.color, strokeWidth: 1.5 };
    return [
      Plot.line(path, { x: '0', y: '1', z: null, ...stroke(style), className: `path step-${step}` }),
      Plot.dot([end], { ...last, className: `end step-${step}` }),
    ];
  });
}

function pathText({ task, target, episodes }: DrawnTask): string {
  const place = (point: Point) => `(${number(point[0])}, ${number(point[1])})`;
  const ends = episodes.flatMap(({ step, path }) => {
    const end = path?.at(-1);
    return end ? [`at ${place(end)} after ${count(step, 'step')}`] : [];
  });
  const goal = target ? `, with the goal at ${place(target)}` : '';
  return `Paths of task ${task} in the plane${goal}. One episode ends ${list(ends)}.`;
}

/** Rewards over time, for tasks that cannot be drawn in a plane. */
export function rewardFigure(task: DrawnTask, domain: readonly [number, number]): Drawing {
  const lines = task.episodes.map(({ step, rewards }) => {
    const points = rewards.map((reward, time) => ({ time, reward }));
    const channels = { x: 'time', y: 'reward', z: null, ...stroke(styleOf(step, task)) };
    return Plot.line(points, { ...channels, className: `rewards step-${step}` });
  });
  const steps = task.episodes.map(({ step }) => String(step));
  return {
    options: {
      ...PANEL,
      ...MARGINS,
      height: 220,
      x: { ...CENTRED, label: 'time step', ticks: 5 },
      y: { label: 'reward', domain: [...domain], nice: true, ticks: 5 },
      marks: [Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }), ...lines],
    },
    label: `Reward at each time step of one episode of task ${task.task}, after ${list(steps)} adaptation steps.`,
  };
}

/** The range of all rewards. */
export function rewardDomain(tasks: readonly DrawnTask[]): [number, number] {
  const rewards = tasks.flatMap(({ episodes }) => episodes.flatMap((episode) => extent(episode.rewards)));
  const [low, high] = extent(rewards.filter(Number.isFinite));
  if (low < high) return [low, high];
  return Number.isFinite(low) ? [low - 1, low + 1] : [0, 1];
}
