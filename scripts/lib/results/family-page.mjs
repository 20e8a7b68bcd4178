import { overSeeds } from '@innerloop/core';
import { table } from '../markdown-table.mjs';
import { SEED_FAMILIES } from './families.mjs';
import { count, duration, interval, madeWith, number, shell, wholeNumber } from './markdown.mjs';

/**
 * The section of a family whose rows are made by `innerloop train --seeds`.
 *
 * @param {string} family
 * @param {object[]} records Of this family, in the order of its rows and seeds; at least one.
 */
export function familySection(family, records) {
  const { title, measured, rows, prose } = SEED_FAMILIES[family];
  const measuredRows = Object.keys(rows)
    .map((name) => ({ ...rows[name], records: records.filter(({ row }) => row === name) }))
    .filter((row) => row.records.length > 0);
  const parts = [
    `## ${title}`,
    measured,
    overview(SEED_FAMILIES[family], measuredRows),
    ...(prose ? [prose] : []),
    ...references(records),
    'Each seed:',
    seedTable(SEED_FAMILIES[family], measuredRows),
    shell(measuredRows.flatMap((row) => [...new Set(row.records.map(({ command }) => command))])),
    madeWith(records),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The mean return before or after adaptation. */
const meanAfter = (step) => (evaluation) => evaluation.steps.at(step).meanReturn;

/** The total of a task, of all its episodes or of each. */
const totalOf = (per) => (evaluation) => evaluation.total.mean / (per === 'episode' ? evaluation.total.episodes : 1);

/** Mean and interval over the seeds that have it; `–` unless all have. */
function overRecords(records, actions, value) {
  if (records.some((record) => !record[actions])) return '–';
  const { mean, half } = overSeeds(records.map((record) => value(record[actions])));
  return interval(mean, half);
}

function overview({ total, seeds }, rows) {
  const head = total ? ['Earned', 'Random', 'Optimum'] : ['Greedy', 'Sampled'];
  const cells = rows.map(({ label, target, random, optimum, seeds: own = seeds, records }) => {
    const measured = total
      ? [overRecords(records, 'sampled', totalOf(total)), ...[random, optimum].map((value) => number(value, 2))]
      : ['greedy', 'sampled'].map((actions) => overRecords(records, actions, meanAfter(-1)));
    const steps = Math.max(...records.map(({ environmentSteps }) => environmentSteps));
    const seconds = records.reduce((sum, record) => sum + record.seconds.training, 0) / records.length;
    return [
      label,
      count(records.length, 'seed'),
      ...measured,
      wholeNumber(steps),
      duration(seconds),
      targetText(target),
      verdict({ target, total, steps, seeds: own }, records),
    ];
  });
  return table(['Row', 'Seeds', ...head, 'Environment steps', 'Wall time', 'Target', 'Met'], cells);
}

function targetText(target) {
  if (!target) return '–';
  const least = `≥ ${String(target.least).replace('-', '−')}`;
  return target.within === undefined ? least : `${least} within ${wholeNumber(target.within)} steps`;
}

/**
 * Whether the mean reaches the target, with no seed taking more steps than it allows. A target is of greedy actions, or of totals, and of all seeds.
 *
 * @returns {string} `yes`, `no`, or `–` where there is no target or not all that it speaks of.
 */
function verdict({ target, total, steps, seeds }, records) {
  const actions = total ? 'sampled' : 'greedy';
  const complete = seeds.every((seed) => records.some((record) => record.seed === seed && record[actions]));
  if (!target || !complete) return '–';
  const value = total ? totalOf(total) : meanAfter(-1);
  const { mean } = overSeeds(records.map((record) => value(record[actions])));
  return mean >= target.least && steps <= (target.within ?? Number.POSITIVE_INFINITY) ? 'yes' : 'no';
}

/** One line for each row and quantity, one column for each seed. */
function seedTable({ total }, rows) {
  const seeds = [...new Set(rows.flatMap(({ records }) => records.map(({ seed }) => seed)))].sort((a, b) => a - b);
  const quantities = total
    ? [
        ['earned', 'sampled', totalOf(total)],
        ['an episode before', 'sampled', meanAfter(0)],
        ['an episode after', 'sampled', meanAfter(-1)],
      ]
    : [
        ['greedy', 'greedy', meanAfter(-1)],
        ['sampled', 'sampled', meanAfter(-1)],
      ];
  const lines = rows.flatMap(({ label, records }) =>
    quantities.map(([name, actions, value]) => [
      `${label}, ${name}`,
      ...seeds.map((seed) => {
        const evaluation = records.find((record) => record.seed === seed)?.[actions];
        return evaluation ? number(value(evaluation)) : '–';
      }),
    ]),
  );
  return table(['Seed', ...seeds.map(String)], lines);
}

/** Published results on the same tasks, by source. */
function references(records) {
  const all = records.flatMap(({ greedy, sampled }) => [greedy, sampled].flatMap((one) => one?.references ?? []));
  const bySource = new Map();
  for (const { label, meanReturn, source } of all) {
    bySource.set(source, (bySource.get(source) ?? new Set()).add(`${label} ${number(meanReturn.at(-1))}`));
  }
  const lines = [...bySource].map(([source, texts]) => `- ${[...texts].join('; ')}: ${source}.`);
  return lines.length > 0 ? [`Published:\n\n${lines.join('\n')}`] : [];
}
