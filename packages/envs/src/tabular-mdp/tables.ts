import { type Random, randomStream } from '@innerloop/core';

/** How many states and actions a tabular MDP has. */
export interface TabularSize {
  /** S. */
  readonly states: number;
  /** A. */
  readonly actions: number;
}

/** A tabular MDP. The pair (s, a) has row `s · A + a` of each table. */
export interface TabularMdpTables extends TabularSize {
  /** P(s′ | s, a), `[S · A, S]`, row-major. */
  readonly transitions: Float64Array;
  /** Mean reward of each pair, `[S · A]`. */
  readonly meanRewards: Float64Array;
}

/**
 * The MDP of a seed: each row of P is uniform on the simplex, Dirichlet(1, …, 1), and each mean reward is normal with mean 1 and standard
 * deviation 1 (Osband et al. 2013; Duan et al. 2016, arXiv:1611.02779, section 3.2).
 *
 * @param seed 0 … 2³² − 1. One seed gives one MDP of each size.
 */
export function tabularMdpTables(seed: number, { states, actions }: TabularSize): TabularMdpTables {
  const random = randomStream({ seed, purpose: 'user' });
  const pairs = states * actions;
  const transitions = new Float64Array(pairs * states);
  for (let pair = 0; pair < pairs; pair++)
    drawSimplex(random, transitions.subarray(pair * states, (pair + 1) * states));
  const meanRewards = Float64Array.from({ length: pairs }, () => 1 + random.normal());
  return { states, actions, transitions, meanRewards };
}

/** Exponential variates divided by their sum are uniform on the simplex. */
function drawSimplex(random: Random, row: Float64Array): void {
  let total = 0;
  for (let s = 0; s < row.length; s++) {
    const weight = -Math.log(1 - random.uniform()); // 1 − u is in (0, 1]
    row[s] = weight;
    total += weight;
  }
  for (let s = 0; s < row.length; s++) row[s] = (row[s] as number) / total;
}
