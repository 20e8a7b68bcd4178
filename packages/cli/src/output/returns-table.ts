import { type EvaluationRecord, isOneTask, measuredOtherwise, totalReturn } from '@innerloop/core';
import { formatReturn, table } from './text.js';

/** The return after each number of adaptation steps with its 95 % interval, and the first published row beside it. */
function returnsTable({ result, references }: Pick<EvaluationRecord, 'result' | 'references'>): string {
  const [reference] = references;
  // Without adaptation there is one row, and no number of steps to tell it by.
  const adapts = result.steps.length > 1;
  const header = [
    ...(adapts ? ['adaptation steps'] : []),
    'return',
    '95 % interval',
    ...(reference ? [reference.label] : []),
  ];
  const rows = result.steps.map(({ step, meanReturn, ci95 }) => {
    const interval = `${formatReturn(meanReturn - ci95)} to ${formatReturn(meanReturn + ci95)}`;
    const published = reference?.meanReturn[step];
    const beside = reference ? [published === undefined ? '' : formatReturn(published)] : [];
    return [...(adapts ? [String(step)] : []), formatReturn(meanReturn), interval, ...beside];
  });
  return table([header, ...rows], [0, 1, 2, 3]);
}

/** What was evaluated, in one sentence. */
function evaluationSentence(record: EvaluationRecord): string {
  const { tasks, taskSet, rollouts, seed, checkpoint, iteration, stepSizes, greedy } = record;
  const which = isOneTask(tasks)
    ? `one task, ${tasks.length} times`
    : taskSet === null
      ? `${tasks.length} unseen tasks`
      : `the ${tasks.length} tasks of '${taskSet}'`;
  const sizes = stepSizes ? `, step sizes ${stepSizes.join(', ')}` : '';
  const actions = greedy ? ', greedy actions' : '';
  const each = rollouts === 1 ? '1 episode' : `${rollouts} episodes`;
  return `Return on ${which} (${each} each, seed ${seed}${sizes}${actions}), ${checkpoint} checkpoint, iteration ${iteration}:`;
}

/** What all episodes of a task earned together, in one sentence. */
function totalSentence(record: EvaluationRecord): string {
  const { episodes, mean, ci95 } = totalReturn(record);
  const interval = `${formatReturn(mean - ci95)} to ${formatReturn(mean + ci95)}`;
  const adapted = record.result.steps.length > 1 ? ', those adapted to included' : '';
  return `Total of the first ${episodes} episodes of a task${adapted}: ${formatReturn(mean)} (95 % interval ${interval}).`;
}

/** What the published row beside the returns was measured on, where that differs. */
function referenceNote(record: EvaluationRecord): string {
  const [reference] = record.references;
  const otherwise = reference && measuredOtherwise(record, reference);
  return otherwise ? `\n\n${reference.label} was measured ${otherwise}.` : '';
}

/** All that is printed of an evaluation. `score` is `evaluation.score` of the config; greedy episodes have no total. */
export function evaluationText(record: EvaluationRecord, score: 'adapted' | 'total'): string {
  const total = score === 'total' && !record.greedy ? `\n\n${totalSentence(record)}` : '';
  return `${evaluationSentence(record)}\n\n${returnsTable(record)}${referenceNote(record)}${total}`;
}
