import type { AdvantageInput } from '../contracts/advantages.js';

/**
 * Discounted rewards-to-go, R̂_t = r_t + γ r_{t+1} + … + γ^{T−t} V(s_{T+1}) (VPG and TRPO pseudocode, line 4), where the
 * last term is the tail of the episode: 0 unless it was truncated.
 *
 * @param finalValues The tails, `[E]`.
 * @param discount γ.
 * @returns R̂, `[N]`.
 */
export function discountedReturns(
  { rewards, offsets, finalValues }: Pick<AdvantageInput, 'rewards' | 'offsets' | 'finalValues'>,
  discount: number,
): Float64Array {
  const returns = new Float64Array(rewards.length);
  for (let e = 0; e < finalValues.length; e++) {
    let next = finalValues[e] as number;
    for (let i = (offsets[e + 1] as number) - 1; i >= (offsets[e] as number); i--) {
      next = (rewards[i] as number) + discount * next;
      returns[i] = next;
    }
  }
  return returns;
}
