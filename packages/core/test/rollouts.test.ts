import { describe, expect, it } from 'vitest';
import { type Action, collectTrajectories, type Random } from '../src/index.js';
import { collect, counting, HORIZON, noisyActor, type Plan, streams } from './support/counting-environment.js';

const PLANS: readonly Plan[] = [
  { length: 3, end: 'terminated' },
  { length: HORIZON + 1, end: 'never' },
  { length: 1, end: 'truncated' },
  { length: 140, end: 'both' },
  { length: HORIZON, end: 'terminated' },
  { length: HORIZON, end: 'truncated' },
];
const LENGTHS = [3, HORIZON, 1, 140, HORIZON, HORIZON];

describe('collectTrajectories', () => {
  it('says why each episode ended; terminated wins, then the horizon', () => {
    const { trajectories } = collect(PLANS);
    expect(trajectories.ends).toEqual(['terminated', 'horizon', 'truncated', 'terminated', 'terminated', 'horizon']);
  });

  it('packs episodes of different lengths one after another', () => {
    const { trajectories, received } = collect(PLANS);
    // 3, 300, 1, 140, 300, 300
    expect([...trajectories.offsets]).toEqual([0, 3, 303, 304, 444, 744, 1044]);
    LENGTHS.forEach((length, e) => {
      expect(received[e]).toHaveLength(length);
      const random = streams(PLANS.length)[e] as Random;
      for (let t = 0; t < length; t++) {
        const i = (trajectories.offsets[e] as number) + t;
        const noise = random.uniform();
        expect([...trajectories.observations.subarray(2 * i, 2 * i + 2)]).toEqual([e, t]);
        expect([...trajectories.actions.subarray(2 * i, 2 * i + 2)]).toEqual([e + 10 * t, Math.fround(noise)]);
        expect([...((received[e] as Action[])[t] as Float32Array)]).toEqual([e + 10 * t, Math.fround(noise)]);
        expect(trajectories.rewards[i]).toBe(1000 * e + t);
        expect(trajectories.logProbabilities[i]).toBe(-noise);
      }
      expect([...trajectories.finalObservations.subarray(2 * e, 2 * e + 2)]).toEqual([e, length]);
    });
  });

  it('takes the mode when greedy', () => {
    const { trajectories } = collect([{ length: 4, end: 'terminated' }], true);
    expect([...trajectories.logProbabilities].every((value) => value === 0)).toBe(true);
  });

  it('asks the policy once for each time step', () => {
    const counts: number[] = [];
    const { distribution } = counting(PLANS.slice(0, 3));
    collectTrajectories({
      distribution,
      task: null,
      actor: {
        act(observations, count, randoms, ...rest) {
          counts.push(count);
          expect(randoms).toHaveLength(count);
          noisyActor.act(observations, count, randoms, ...rest);
        },
      },
      rollouts: 3,
      randoms: streams(3),
      observationSize: 2,
      actionSize: 2,
    });
    // Lengths 3, 300 and 1: all three at t = 0, two at t = 1 and 2, one from then on.
    expect(counts).toEqual([3, 2, 2, ...new Array<number>(HORIZON - 3).fill(1)]);
  });

  it('hands discrete actions over as numbers', () => {
    const { distribution, received } = counting([{ length: 2, end: 'terminated' }], { kind: 'discrete', count: 5 });
    const trajectories = collectTrajectories({
      distribution,
      task: null,
      actor: {
        act(_observations, _count, _randoms, actions, logProbabilities) {
          actions[0] = 4;
          logProbabilities[0] = 0;
        },
      },
      rollouts: 1,
      randoms: streams(1),
      observationSize: 2,
      actionSize: 1,
    });
    expect(received[0]).toEqual([4, 4]);
    expect([...trajectories.actions]).toEqual([4, 4]);
  });
});
