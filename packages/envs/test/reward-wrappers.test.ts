import {
  collectTrajectories,
  type Environment,
  episodeReturns,
  randomStream,
  type Wrapper,
  wrapDistribution,
} from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  EpisodeStatistics,
  episodeStatisticsComponent,
  RewardScaling,
  rewardScalingComponent,
  TimeLimit,
} from '../src/index.js';

const SPACES = {
  observationSpace: { kind: 'box', low: [0], high: [9] },
  actionSpace: { kind: 'discrete', count: 2 },
} as const;
const random = () => randomStream({ seed: 1, purpose: 'user' });

/** Rewards 1, 2, 3, …; the observation is the time. */
function growing(): Environment {
  let t = 0;
  return {
    ...SPACES,
    reset: () => {
      t = 0;
      return [t];
    },
    step: () => ({ observation: [++t], reward: t, terminated: t === 4, truncated: false }),
  };
}

/** Two episodes of at most 3 steps. */
function collect(wrappers: readonly Wrapper[]) {
  const distribution = { ...SPACES, horizon: 3, sample: () => [], create: growing };
  return collectTrajectories({
    distribution: wrapDistribution(distribution, wrappers),
    task: null,
    actor: { act: (_observations, _count, _randoms, actions) => void actions.fill(0) },
    rollouts: 2,
    randoms: [random(), random()],
    observationSize: 1,
    actionSize: 1,
  });
}

describe('reward-scaling', () => {
  it('gives factor · (reward + shift)', () => {
    const { rewards } = collect([new RewardScaling({ factor: 0.5, shift: -3 })]);
    expect([...rewards]).toEqual([-1, -0.5, 0, -1, -0.5, 0]); // (1 − 3)/2, (2 − 3)/2, (3 − 3)/2
    expect([...collect([new RewardScaling()]).rewards]).toBeAllClose([0.1, 0.2, 0.3, 0.1, 0.2, 0.3]);
  });

  it('leaves all else as it is', () => {
    const environment = new RewardScaling({ factor: 2 }).wrap(growing());
    expect(environment.reset(random())).toEqual([0]);
    const steps = [1, 2, 3, 4].map(() => environment.step(0));
    expect(steps[0]).toEqual({ observation: [1], reward: 2, terminated: false, truncated: false });
    expect(steps[3]).toEqual({ observation: [4], reward: 8, terminated: true, truncated: false });
    expect(new RewardScaling().spaces(SPACES)).toBe(SPACES);
  });

  it.each([{ factor: 0 }, { factor: -1 }, { scale: 2 }])('refuses options %j', (options) => {
    expect(rewardScalingComponent.options.safeParse(options).success).toBe(false);
  });
});

describe('episode-statistics', () => {
  const scaling = new RewardScaling({ factor: 10 });
  const statistics = episodeStatisticsComponent.create({}, {});

  it('reports returns before they are scaled, and learning sees the scaled rewards', () => {
    const trajectories = collect([statistics, scaling]);
    expect([...trajectories.rewards]).toEqual([10, 20, 30, 10, 20, 30]);
    expect([...episodeReturns(trajectories)]).toEqual([6, 6]); // 1 + 2 + 3, up to the horizon
  });

  it('counts in what comes before it', () => {
    expect([...episodeReturns(collect([scaling, statistics]))]).toEqual([60, 60]);
    expect([...episodeReturns(collect([scaling]))]).toEqual([60, 60]); // no statistics: the sums
  });

  it('comes through wrappers that follow', () => {
    const trajectories = collect([statistics, scaling, new TimeLimit({ steps: 2 })]);
    expect([...episodeReturns(trajectories)]).toEqual([3, 3]); // 1 + 2
    expect(trajectories.ends).toEqual(['truncated', 'truncated']);
  });

  it('starts anew at each reset', () => {
    const environment = new EpisodeStatistics().wrap(growing());
    const returns = () => [environment.reset(random()), environment.step(0), environment.step(0)].slice(1);
    expect(returns()).toMatchObject([{ episodeReturn: 1 }, { episodeReturn: 3 }]);
    expect(returns()).toMatchObject([{ episodeReturn: 1 }, { episodeReturn: 3 }]);
  });
});
