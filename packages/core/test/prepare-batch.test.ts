import { describe, expect, it } from 'vitest';
import {
  type Baseline,
  discountedReturns,
  type EpisodeEnd,
  LinearFeatureBaseline,
  prepareBatch,
  RewardToGo,
  randomStream,
  type States,
  TimeDependentMeanBaseline,
  type Trajectories,
  ZeroBaseline,
} from '../src/index.js';

const random = randomStream({ seed: 21, purpose: 'user' });

/** Trajectories with observation o_t = [10 e + t] and the given rewards, of episodes with the given ends. */
function trajectories(rewards: readonly (readonly number[])[], ends: readonly EpisodeEnd[]): Trajectories {
  const offsets = [0];
  for (const episode of rewards) offsets.push((offsets.at(-1) as number) + episode.length);
  const steps = offsets.at(-1) as number;
  return {
    observations: Float32Array.from(rewards.flatMap((episode, e) => episode.map((_, t) => 10 * e + t))),
    actions: new Float32Array(steps).fill(0.5),
    rewards: Float64Array.from(rewards.flat()),
    logProbabilities: new Float64Array(steps).fill(-1),
    offsets: Int32Array.from(offsets),
    ends,
    finalObservations: Float32Array.from(rewards, (episode, e) => 10 * e + episode.length),
  };
}

/** V(s_t) = 100 + o + t / 1000, whatever it is fitted to; remembers what it was fitted to. */
class KnownBaseline implements Baseline {
  readonly fits: number[][] = [];

  predict({ observations, times }: States): Float64Array {
    return Float64Array.from(times, (t, i) => 100 + (observations[i] as number) + t / 1000);
  }
  fit(_states: States, returns: Float64Array): void {
    this.fits.push([...returns]);
  }
  state(): null {
    return null;
  }
  restore(): void {}
}

const PLAIN = new RewardToGo({ discount: 0.5, normalize: false });

describe('prepareBatch', () => {
  it('bootstraps truncated episodes only, at the final observation and its time', () => {
    const data = trajectories([[1, 1], [1, 1], [1]], ['terminated', 'truncated', 'horizon']);
    const baseline = new KnownBaseline();
    const batch = prepareBatch(data, baseline, PLAIN, 'after-update');
    // Tail of episode 1: o = 12 at t = 2: V = 112.002. R̂ = [1.5, 1 | 1 + 0.5·(1 + 0.5·112.002), 1 + 0.5·112.002 | 1].
    expect(batch.returns).toBeAllClose([1.5, 1, 29.5005, 57.001, 1], { rtol: 1e-12 });
    expect(batch.values).toBeAllClose([100, 101.001, 110, 111.001, 120], { rtol: 1e-12 });
    expect(batch.advantages).toBeAllClose([-98.5, -100.001, -80.4995, -54, -119], { rtol: 1e-12 });
    expect(baseline.fits).toEqual([]); // fitted by the caller, after the update
    expect([...batch.states.times]).toEqual([0, 1, 0, 1, 0]);
    expect([batch.steps, batch.episodes]).toEqual([5, 3]);
    expect(batch.logProbabilities).toBe(data.logProbabilities);
  });

  it('fits once when nothing was truncated', () => {
    const baseline = new KnownBaseline();
    prepareBatch(trajectories([[1, 1], [2]], ['terminated', 'horizon']), baseline, PLAIN, 'before-advantages');
    expect(baseline.fits).toEqual([[1.5, 1, 2]]);
  });

  it('fits with tails of 0, then again with bootstrapped ones, when an episode was truncated', () => {
    const baseline = new KnownBaseline();
    prepareBatch(trajectories([[1, 1], [2]], ['terminated', 'truncated']), baseline, PLAIN, 'before-advantages');
    // V at o = 11, t = 1 is 111.001: 2 + 0.5·111.001 = 57.5005.
    expect(baseline.fits).toEqual([
      [1.5, 1, 2],
      [1.5, 1, 57.5005],
    ]);
  });

  it('bootstraps with the mean over time steps past the longest episode', () => {
    // γ = 0.5. Tails of 0: R̂ = 1.5, 1 | 2, means 1.75, 1, and 1 past the end. With that tail: R̂ = 1.75, 1.5 | 2, means 1.875, 1.5.
    // With 1.5 as the tail of both: R̂ = 1.875, 1.75 | 2, and Â = R̂ − means.
    const data = trajectories([[1, 1], [2]], ['truncated', 'terminated']);
    const batch = prepareBatch(data, new TimeDependentMeanBaseline(), PLAIN, 'before-advantages');
    expect([...batch.values]).toEqual([1.875, 1.5, 1.875]);
    expect([...batch.returns]).toEqual([1.875, 1.75, 2]);
    expect([...batch.advantages]).toEqual([0, 0.25, 0.125]);
  });

  it('uses the values of the second fit for both V(s) and the tail', () => {
    const rewards = Array.from({ length: 5 }, () => Array.from({ length: 8 }, () => random.normal()));
    const ends: EpisodeEnd[] = ['truncated', 'truncated', 'terminated', 'horizon', 'truncated'];
    const data = trajectories(rewards, ends);
    const options = { ridge: 1e-3, clip: null };
    const batch = prepareBatch(data, new LinearFeatureBaseline(1, options), PLAIN, 'before-advantages');

    const oracle = new LinearFeatureBaseline(1, options);
    const final = { observations: data.finalObservations, times: new Int32Array(5).fill(8) };
    const mask = (values: Float64Array) => values.map((value, e) => (ends[e] === 'truncated' ? value : 0));
    oracle.fit(batch.states, discountedReturns({ ...data, finalValues: new Float64Array(5) }, 0.5));
    oracle.fit(batch.states, discountedReturns({ ...data, finalValues: mask(oracle.predict(final)) }, 0.5));
    const expected = discountedReturns({ ...data, finalValues: mask(oracle.predict(final)) }, 0.5);
    const values = oracle.predict(batch.states);
    expect(batch.advantages).toBeAllClose(
      expected.map((value, i) => value - (values[i] as number)),
      { rtol: 1e-12 },
    );
  });

  it('bootstraps towards the value of an endless reward', () => {
    // Reward 1 forever is worth 1 / (1 − 0.5) = 2. Cut after 3 steps with tails of 0, R̂ = 1.75, 1.5, 1, of which a baseline that
    // sees constant observations and (almost) no time has the mean 17/12 = 1.4167; bootstrapped with that the mean is
    // 17/12 + (1/8 + 1/4 + 1/2)/3 · 17/12 = 1.8299.
    const data = { ...trajectories([[1, 1, 1]], ['truncated']), observations: new Float32Array(3) };
    const ending = { ...data, finalObservations: new Float32Array(1) };
    const blind = new LinearFeatureBaseline(1, { ridge: 1e-5, clip: 10 });
    const constant: Baseline = {
      predict: ({ times, ...rest }) => blind.predict({ ...rest, times: new Int32Array(times.length) }),
      fit: ({ times, ...rest }, returns) => blind.fit({ ...rest, times: new Int32Array(times.length) }, returns),
      state: () => null,
      restore() {},
    };
    const batch = prepareBatch(ending, constant, PLAIN, 'before-advantages');
    expect(batch.values).toBeAllClose([1.829861, 1.829861, 1.829861], { rtol: 1e-4 });
  });

  it('normalises with the population standard deviation over the whole batch', () => {
    const estimator = new RewardToGo({ discount: 0, normalize: true });
    const data = trajectories(
      [
        [1, 2],
        [3, 6],
      ],
      ['horizon', 'horizon'],
    );
    const batch = prepareBatch(data, new ZeroBaseline(), estimator, 'before-advantages');
    // Mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5, deviation 1.8708287.
    const sd = 1.8708287 + 1e-8;
    expect(batch.advantages).toBeAllClose([-2 / sd, -1 / sd, 0, 3 / sd], { rtol: 1e-7 });
    expect(batch.diagnostics.advantageMean).toBe(3);
    expect(batch.diagnostics.advantageDeviation).toBeAllClose(1.8708287, { rtol: 1e-7 });
    expect(batch.diagnostics.explainedVariance).toBe(0);
  });

  it('gives zeros when all advantages are equal', () => {
    const estimator = new RewardToGo({ discount: 0, normalize: true });
    const batch = prepareBatch(trajectories([[4, 4]], ['horizon']), new ZeroBaseline(), estimator, 'before-advantages');
    expect([...batch.advantages]).toEqual([0, 0]);
    expect(batch.diagnostics.explainedVariance).toBeNull();
  });

  it('says so when advantages overflow', () => {
    const data = trajectories([[1e308, 1e308]], ['horizon']);
    const estimator = new RewardToGo({ discount: 1, normalize: true });
    const prepare = () => prepareBatch(data, new ZeroBaseline(), estimator, 'before-advantages');
    expect(prepare).toThrow(expect.objectContaining({ code: 'NUMBERS_NOT_FINITE' }));
    expect(prepare).toThrow('Advantage of step 0 of a batch of 2 is Infinity');
  });
});
