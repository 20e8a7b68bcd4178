import {
  type Actor,
  collectTrajectories,
  type Environment,
  joinTrajectories,
  randomStream,
  type TaskDistribution,
  type Trajectories,
} from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { type Amount, collectEpisodes } from '../src/index.js';

const SPACES = {
  observationSpace: { kind: 'box', low: [0, 0], high: [50, 50] },
  actionSpace: { kind: 'discrete', count: 3 },
} as const;

/** Episodes of 1 to 12 steps, by the stream of their reset; beyond `horizon` they are cut. */
function tasks(horizon: number): TaskDistribution {
  return {
    ...SPACES,
    horizon,
    sample: () => [null],
    create(): Environment {
      let [length, t] = [0, 0];
      return {
        ...SPACES,
        reset(random) {
          [length, t] = [1 + random.integer(12), 0];
          return [length, 0];
        },
        step(action) {
          t += 1;
          return { observation: [length, t], reward: action as number, terminated: t >= length, truncated: false };
        },
      };
    },
  };
}

/** Chooses at random, whatever it sees. */
const actor: Actor = {
  act(_observations, count, randoms, actions, logProbabilities) {
    for (let row = 0; row < count; row++) {
      actions[row] = randoms?.[row]?.integer(3) ?? 0;
      logProbabilities[row] = -Math.log(3);
    }
  },
};

const random = (rollout: number) => randomStream({ seed: 5, purpose: 'train', rollout });
const collect = (amount: Amount, horizon = 8) =>
  collectEpisodes({ distribution: tasks(horizon), task: null, actor, policy: { actionSize: 1 }, amount, random });

/** One episode after the other. */
function oneByOne(enough: (steps: number, episodes: number) => boolean, horizon: number): Trajectories[] {
  const list: Trajectories[] = [];
  let steps = 0;
  while (!enough(steps, list.length)) {
    const request = { distribution: tasks(horizon), task: null, actor, rollouts: 1, observationSize: 2, actionSize: 1 };
    const episode = collectTrajectories({ ...request, randoms: [random(list.length)] });
    steps += episode.rewards.length;
    list.push(episode);
  }
  return list;
}

describe('collecting so many steps', () => {
  it.each([
    [1, 8],
    [9, 8],
    [100, 8],
    [333, 12],
    [50, 100],
  ])('of %i with a horizon of %i gives the episodes that one after the other gives', (least, horizon) => {
    const found = collect({ steps: least }, horizon);
    const expected = oneByOne((steps) => steps >= least, horizon);
    expect(found).toEqual(joinTrajectories(expected));
    // Enough, and not without the last episode.
    const lengths = expected.map(({ rewards }) => rewards.length);
    expect(found.rewards.length).toBeGreaterThanOrEqual(least);
    expect(found.rewards.length - (lengths.at(-1) as number)).toBeLessThan(least);
  });
});

describe('collecting so many episodes', () => {
  it('gives them, whatever their steps', () => {
    const found = collect({ episodes: 7 });
    expect(found.ends).toHaveLength(7);
    expect(found).toEqual(joinTrajectories(oneByOne((_, episodes) => episodes >= 7, 8)));
  });
});

describe('joining trajectories', () => {
  it('puts episodes one after another', () => {
    const part = (lengths: number[], first: number): Trajectories => {
      const steps = lengths.reduce((total, length) => total + length, 0);
      const numbers = Array.from({ length: steps }, (_, i) => first + i);
      return {
        observations: Float32Array.from(numbers.flatMap((n) => [n, -n])),
        actions: Float32Array.from(numbers),
        rewards: Float64Array.from(numbers),
        logProbabilities: Float64Array.from(numbers, (n) => -n),
        offsets: Int32Array.from([0, ...lengths.map((_, e) => lengths.slice(0, e + 1).reduce((a, b) => a + b, 0))]),
        ends: lengths.map((length) => (length > 1 ? 'truncated' : 'terminated')),
        finalObservations: Float32Array.from(lengths.flatMap((length) => [length, length])),
      };
    };
    const joined = joinTrajectories([part([2, 1], 10), part([3], 20)]);
    expect([...joined.rewards]).toEqual([10, 11, 12, 20, 21, 22]);
    expect([...joined.observations]).toEqual([10, -10, 11, -11, 12, -12, 20, -20, 21, -21, 22, -22]);
    expect([...joined.offsets]).toEqual([0, 2, 3, 6]);
    expect(joined.ends).toEqual(['truncated', 'terminated', 'truncated']);
    expect([...joined.finalObservations]).toEqual([2, 2, 1, 1, 3, 3]);
    expect([...joined.logProbabilities]).toEqual([-10, -11, -12, -20, -21, -22]);
    expect([...joined.actions]).toEqual([10, 11, 12, 20, 21, 22]);
  });
});
