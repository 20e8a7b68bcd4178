import { overSeeds } from '@innerloop/core';
import { table } from '../markdown-table.mjs';
import { POINT_NAVIGATION } from './families.mjs';
import { count, duration, interval, madeWith, number, shell } from './markdown.mjs';

const { rows: ROWS, title } = POINT_NAVIGATION;

/**
 * The bar after 1, 2 and 3 steps: the published mean less the half-width of its interval, rounded down to a tenth.
 *
 * @returns {number[]}
 */
export function barOf({ meanReturn, ci95 }) {
  return [1, 2, 3].map((step) => Math.floor((meanReturn[step] - ci95[step]) * 10) / 10);
}

/** Whether means after 0, 1, 2, 3 steps reach the bar; `null` where there is no adaptation. */
export function passes(means, bar) {
  return means.length <= bar.length ? null : bar.every((least, index) => means[index + 1] >= least);
}

/** The section on 2D navigation, from its records in the order of the rows and seeds. */
export function pointNavigationSection(records) {
  const references = records.map(({ evaluation }) => evaluation.references).find(({ length }) => length > 0) ?? [];
  const published = references.find(({ label }) => label.startsWith('MAML'));
  const bar = published && barOf(published);
  const rows = Object.keys(ROWS)
    .map((name) => ({ name, records: records.filter(({ row }) => row === name) }))
    .filter((row) => row.records.length > 0);
  return `## ${title}

The figure of the MAML paper (Finn, Abbeel and Levine 2017, figure 4) again: mean undiscounted return after 0, 1, 2 and 3 steps of
adaptation, on the 40 goals of the paper.

${overviewTable(rows, references, bar)}

± is the half-width of a 95 % interval: of the mean over seeds (Student's t) where there are several, otherwise 1.96 · sd / √tasks, as
in the paper.${barSentence(bar)}

${rows.map(protocol).join('\n')}

The ${ROWS.maml.label} row divides the loss of an inner step by the number of trajectories, the pseudocode's 1/|D|, where the paper's code takes a mean
over steps: α = 0.005 is then what 0.5 is for episodes of 100 steps, and it is halved after the first step, as in the paper. Steps shrink as
episodes shorten, which keeps the later ones from overshooting. Its network is 64-64 with tanh. The row with the settings of the
paper's code has the mean over steps and 100-100 with relu. [Decision 0012](decisions/0012-inner-loss-over-trajectories.md) tells the two apart.
${references[0] ? `\nThe paper's rows: ${references[0].source}.\n` : ''}
### Each seed of ${title}

${seedTable(records, bar)}

± is 1.96 · sd / √tasks. The iteration is the one that did best on validation tasks, of all that were trained. Training is sampling and updates,
without validation.
${keptCheckpoints(records)}
### Commands of ${title}

\`node scripts/results.mjs --only point-navigation\` runs these, for each seed in place of 1 (here for the first of each row):

${shell(rows.flatMap((row) => row.records[0].commands))}

${madeWith(records)}
`;
}

function barSentence(bar) {
  if (!bar) return '';
  const values = bar.map((value) => number(value, 1)).join(', ');
  return ` The bar is the paper's MAML row less the half-width of its interval, rounded down to a\ntenth: ${values} after 1, 2, 3 steps.`;
}

const HEAD = ['before', '1 step', '2 steps', '3 steps'];

function overviewTable(rows, references, bar) {
  const ours = rows.map(({ name, records }) => {
    const steps = records[0].evaluation.result.steps.map(({ ci95 }, step) => {
      const { mean, half } = overSeeds(records.map(({ evaluation }) => evaluation.result.steps[step].meanReturn));
      return interval(mean, half ?? ci95);
    });
    return [ROWS[name].label, count(records.length, 'seed'), ...padded(steps), verdict(records.map(meansOf), bar)];
  });
  const published = references.map(({ label, meanReturn, ci95 }) => {
    const means = meanReturn.slice(0, HEAD.length);
    const cells = means.map((mean, step) => interval(mean, ci95?.[step]));
    return [label, '', ...padded(cells), verdict([means], bar)];
  });
  return table(['Row', 'Seeds', ...HEAD, 'Passes the bar'], [...ours, ...published]);
}

function seedTable(records, bar) {
  const rows = records.map((record) => {
    const cells = record.evaluation.result.steps.map(({ meanReturn, ci95 }) => interval(meanReturn, ci95));
    const { iterations } = record.config.run;
    const chosen = iterations === 0 ? 'initial' : `${record.checkpoint.iteration} of ${iterations}`;
    const { training, evaluation } = record.seconds;
    return [
      ROWS[record.row].label,
      String(record.seed),
      chosen,
      ...padded(cells),
      verdict([meansOf(record)], bar),
      duration(training),
      duration(evaluation),
    ];
  });
  return table(['Row', 'Seed', 'Iteration', ...HEAD, 'Passes the bar', 'Training', 'Evaluation'], rows);
}

function meansOf({ evaluation }) {
  return evaluation.result.steps.map(({ meanReturn }) => meanReturn);
}

/** `yes`, `no`, or how many seeds do. */
function verdict(seeds, bar) {
  const verdicts = seeds.map((means) => (bar ? passes(means, bar) : null));
  if (verdicts.includes(null)) return '–';
  const passing = verdicts.filter(Boolean).length;
  if (passing === 0) return 'no';
  return passing === seeds.length ? 'yes' : `${passing} of ${seeds.length} seeds`;
}

function protocol({ name, records }) {
  const texts = records.map(({ evaluation }) => {
    const { tasks, taskSet, rollouts, stepSizes, seed } = evaluation;
    const on = `${count(tasks.length, 'task')}${taskSet === null ? '' : ` (set ${taskSet})`}`;
    const sizes = stepSizes ? `, step sizes ${stepSizes.join(', ')}` : '';
    return `${on}, ${count(rollouts, 'episode')} a task and step${sizes}, seed ${seed}`;
  });
  return `- ${ROWS[name].label}: ${[...new Set(texts)].join('; ')}.`;
}

function keptCheckpoints(records) {
  const kept = records.filter(({ row }) => ROWS[row].keep);
  if (kept.length === 0) return '';
  const lines = kept.map(({ seed, evaluation }) => {
    const { rollouts, result } = evaluation;
    return `npx innerloop evaluate results/point-navigation/checkpoints/seed-${seed} --tasks paper --steps ${result.steps.length - 1} --rollouts ${rollouts}`;
  });
  return `
The checkpoints of the ${ROWS.maml.label} row are kept beside the results. On the same engine these commands give its numbers again, digit
for digit; where products and sums are fused (Node 22 and later) or another backend serves, to rounding:

${shell(lines)}
`;
}

function padded(cells) {
  return Array.from(HEAD, (_, step) => cells[step] ?? '–');
}
