/** How the step size changes over a run. */
export type Schedule = 'constant' | 'linear' | 'cosine';

/**
 * What the step size is multiplied by in step k of K: 1 in the first step whatever the schedule.
 *
 *     constant   1
 *     linear     1 − k / K
 *     cosine     ½ (1 + cos(π k / K))      (Loshchilov and Hutter 2017, "SGDR", arXiv:1608.03983, eq. 5, without restarts)
 *
 * Both come to 0 in step K, which is one after the last. A run that goes on for longer than its config said keeps the factor of its last
 * step, K − 1.
 *
 * @param k From 0.
 * @param count K, at least 1.
 */
export function scheduleFactor(schedule: Schedule, k: number, count: number): number {
  const share = Math.min(k, count - 1) / count;
  switch (schedule) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - share;
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * share));
    default:
      return schedule satisfies never;
  }
}
