import { quoteAll } from '../plugins/nearest.js';

/** What tells how returns were measured. */
interface Measured {
  /** The name of the task set, `null` or absent if the tasks were drawn. */
  readonly taskSet?: string | null | undefined;
  /** Whether the mode of the policy was measured in place of sampled actions; absent if not known. */
  readonly greedy?: boolean | undefined;
}

/**
 * How a published row was measured otherwise than an evaluation that it stands beside, such as `on the task set 'paper', with sampled actions`;
 * `null` where nothing is known to differ.
 */
export function measuredOtherwise(evaluation: Measured, row: Measured): string | null {
  const { taskSet = null, greedy } = row;
  const differences = [
    ...(taskSet !== null && taskSet !== evaluation.taskSet ? [`on the task set ${quoteAll([taskSet])}`] : []),
    ...(greedy !== undefined && greedy !== evaluation.greedy
      ? [greedy ? 'with greedy actions' : 'with sampled actions']
      : []),
  ];
  return differences.length > 0 ? differences.join(', ') : null;
}
