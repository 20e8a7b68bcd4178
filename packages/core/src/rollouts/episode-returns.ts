import type { Trajectories } from '../contracts/batch.js';

/** The undiscounted return of each episode, `[E]`: as its environment told it, or else the sum of its rewards. */
export function episodeReturns(
  trajectories: Pick<Trajectories, 'rewards' | 'offsets' | 'episodeReturns'>,
): Float64Array {
  const { rewards, offsets, episodeReturns: told } = trajectories;
  if (told) return told;
  const returns = new Float64Array(offsets.length - 1);
  for (let e = 0; e < returns.length; e++) {
    let total = 0;
    for (let i = offsets[e] as number; i < (offsets[e + 1] as number); i++) total += rewards[i] as number;
    returns[e] = total;
  }
  return returns;
}

/** The mean of {@link episodeReturns}. */
export function meanReturn(trajectories: Pick<Trajectories, 'rewards' | 'offsets' | 'episodeReturns'>): number {
  const returns = episodeReturns(trajectories);
  return returns.reduce((total, value) => total + value, 0) / returns.length;
}
