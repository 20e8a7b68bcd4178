import { describe, expect, it } from 'vitest';
import { collectTrajectories, episodeReturns, joinTrajectories, meanReturn } from '../src/index.js';
import { collect, streams } from './support/counting-environment.js';

/** Episodes of 2 and 1 steps, of which the environment tells returns of its own if asked to. */
const told = (returns: readonly (readonly (number | undefined)[])[]) => {
  let created = 0;
  return collectTrajectories({
    distribution: {
      observationSpace: { kind: 'box', low: [0], high: [9] },
      actionSpace: { kind: 'discrete', count: 2 },
      horizon: 2,
      sample: () => [],
      create: () => {
        const mine = returns[created++] as readonly (number | undefined)[];
        let t = 0;
        const [observationSpace, actionSpace] = [
          { kind: 'box', low: [0], high: [9] },
          { kind: 'discrete', count: 2 },
        ] as const;
        return {
          observationSpace,
          actionSpace,
          reset: () => [0],
          step: () => {
            const episodeReturn = mine[t++];
            return { observation: [t], reward: 1, terminated: false, truncated: t >= mine.length, episodeReturn };
          },
        };
      },
    },
    task: null,
    actor: { act: (_observations, _count, _randoms, actions) => void actions.fill(1) },
    rollouts: returns.length,
    randoms: streams(returns.length),
    observationSize: 1,
    actionSize: 1,
  });
};

describe('collectTrajectories', () => {
  it('sums rewards of each episode', () => {
    const { trajectories } = collect([
      { length: 3, end: 'terminated' },
      { length: 2, end: 'truncated' },
    ]);
    // 0 + 1 + 2 = 3 and 1000 + 1001 = 2001; their mean is 1002.
    expect([...episodeReturns(trajectories)]).toEqual([3, 2001]);
    expect(meanReturn(trajectories)).toBe(1002);
  });

  it('takes the returns that environments tell, at the last step of each episode', () => {
    // The first one reaches the horizon of 2, of which its environment knows nothing; the second is truncated at its only step.
    const trajectories = told([[10, 30, 70], [5]]);
    expect([...episodeReturns(trajectories)]).toEqual([30, 5]);
    expect(meanReturn(trajectories)).toBe(17.5);
    expect([...trajectories.rewards]).toEqual([1, 1, 1]); // what is learned from
    expect([...episodeReturns(joinTrajectories([trajectories, trajectories]))]).toEqual([30, 5, 30, 5]);
  });

  it('sums rewards if not every episode was told of', () => {
    const trajectories = told([[10, 30, 70], [undefined]]);
    expect([...episodeReturns(trajectories)]).toEqual([2, 1]);
    const joined = joinTrajectories([told([[10, 30, 70], [5]]), trajectories]);
    expect([...episodeReturns(joined)]).toEqual([2, 1, 2, 1]);
  });

  it('refuses a return that is no number', () => {
    expect(() => told([[Number.NaN]])).toThrow('invalid `episodeReturn` (task null, episode 0, step 0)');
  });
});
