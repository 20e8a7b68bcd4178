import type { TabularMdpTables } from './tables.js';

/**
 * The expected return of the best policy from state 0, which may depend on the time, by backward induction:
 * V_H = 0, V_t(s) = max_a [ r(s, a) + Σ_s′ P(s′ | s, a) V_t+1(s′) ].
 *
 * @param horizon H.
 */
export function optimalReturn(tables: TabularMdpTables, horizon: number): number {
  return backwards(tables, horizon, (values) => Math.max(...values));
}

/**
 * The expected return from state 0 of a policy that does not depend on the time: a mean over actions in place of the maximum.
 *
 * @param policy π(a | s), `[S · A]`.
 * @param horizon H.
 */
export function policyReturn(tables: TabularMdpTables, policy: ArrayLike<number>, horizon: number): number {
  const { actions } = tables;
  return backwards(tables, horizon, (values, s) =>
    values.reduce((total, value, a) => total + value * (policy[s * actions + a] as number), 0),
  );
}

type Choice = (values: Float64Array, state: number) => number;

/** V_0 of state 0, where `choose` makes V(s) of the values of the state's actions. */
function backwards({ states, actions, transitions, meanRewards }: TabularMdpTables, horizon: number, choose: Choice) {
  let next = new Float64Array(states);
  for (let t = horizon - 1; t >= 0; t--) {
    const now = new Float64Array(states);
    for (let s = 0; s < states; s++) {
      const values = Float64Array.from({ length: actions }, (_, a) => {
        const pair = s * actions + a;
        const row = transitions.subarray(pair * states, (pair + 1) * states);
        return row.reduce((total, p, to) => total + p * (next[to] as number), meanRewards[pair] as number);
      });
      now[s] = choose(values, s);
    }
    next = now;
  }
  return next[0] as number;
}
