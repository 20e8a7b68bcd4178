import { describe, expect, it } from 'vitest';
import { explainedVariance, momentsOf, standardize } from '../src/advantages/statistics.js';
import {
  type AdvantageInput,
  type Baseline,
  discountedReturns,
  type EpisodeEnd,
  GeneralizedAdvantageEstimation,
  gaeComponent,
  LinearFeatureBaseline,
  NStepAdvantage,
  nStepComponent,
  prepareBatch,
  RewardToGo,
  randomStream,
  rewardToGoComponent,
  type States,
  TdResidual,
  TimeDependentMeanBaseline,
  type Trajectories,
  tdResidualComponent,
  ZeroBaseline,
} from '../src/index.js';

const random = randomStream({ seed: 21, purpose: 'user' });
const normals = (length: number) => Float64Array.from({ length }, () => random.normal());

/** Three episodes, one of each end, of 4, 1 and 6 steps. */
const ENDS: readonly EpisodeEnd[] = ['terminated', 'truncated', 'horizon'];
const OFFSETS = Int32Array.of(0, 4, 5, 11);
const INPUT: AdvantageInput = {
  rewards: normals(11),
  values: normals(11),
  finalValues: Float64Array.of(0, 1.7, 0),
  offsets: OFFSETS,
  ends: ENDS,
};

/** Equation 16 as a double sum, O(T²). */
function naiveGae(
  { rewards, values, finalValues, offsets }: AdvantageInput,
  discount: number,
  lambda: number,
): number[] {
  return [...finalValues].flatMap((finalValue, e) => {
    const [start, stop] = [offsets[e] as number, offsets[e + 1] as number];
    const r = [...rewards.slice(start, stop)];
    const v = [...values.slice(start, stop), finalValue];
    const delta = r.map((reward, t) => reward + discount * (v[t + 1] as number) - (v[t] as number));
    return delta.map((_, t) => delta.slice(t).reduce((sum, d, l) => sum + (discount * lambda) ** l * d, 0));
  });
}

describe('discountedReturns', () => {
  it('by hand', () => {
    // γ = 0.5. Episode 1: 1 + 0.5·(2 + 0.5·4) = 3, 4, 4. Episode 2, tail 8: 1 + 0.5·(2 + 0.5·8) = 4, 6.
    const rewards = Float64Array.of(1, 2, 4, 1, 2);
    const input = { rewards, offsets: Int32Array.of(0, 3, 5), finalValues: Float64Array.of(0, 8) };
    expect([...discountedReturns(input, 0.5)]).toEqual([3, 4, 4, 4, 6]);
  });
});

describe('estimators against a naive double loop, for each kind of end', () => {
  it.each([
    [0.99, 1],
    [0.9, 0.95],
    [1, 0.5],
    [0.8, 0],
  ])('gae with discount %d and lambda %d', (discount, lambda) => {
    const gae = new GeneralizedAdvantageEstimation({ discount, lambda, normalize: false });
    expect(gae.estimate(INPUT)).toBeAllClose(naiveGae(INPUT, discount, lambda), { rtol: 1e-13 });
  });

  it('reward-to-go', () => {
    const discount = 0.9;
    const expected = [...INPUT.finalValues].flatMap((tail, e) => {
      const [start, stop] = [OFFSETS[e] as number, OFFSETS[e + 1] as number];
      return Array.from({ length: stop - start }, (_, t) => {
        let total = 0;
        for (let i = start + t; i < stop; i++) total += discount ** (i - start - t) * (INPUT.rewards[i] as number);
        return total + discount ** (stop - start - t) * tail - (INPUT.values[start + t] as number);
      });
    });
    expect(new RewardToGo({ discount, normalize: true }).estimate(INPUT)).toBeAllClose(expected, { rtol: 1e-13 });
  });

  it('td-residual', () => {
    const expected = [...INPUT.finalValues].flatMap((tail, e) => {
      const [start, stop] = [OFFSETS[e] as number, OFFSETS[e + 1] as number];
      const v = [...INPUT.values.slice(start, stop), tail];
      return [...INPUT.rewards.slice(start, stop)].map((r, t) => r + 0.9 * (v[t + 1] as number) - (v[t] as number));
    });
    expect(new TdResidual({ discount: 0.9, normalize: true }).estimate(INPUT)).toBeAllClose(expected, { rtol: 1e-15 });
  });

  it('td-residual by hand', () => {
    // γ = 0.5, V = 4, 6 | 2, tails 0 and 8: 1 + 0.5·6 − 4 = 0, 3 + 0 − 6 = −3 | 5 + 0.5·8 − 2 = 7.
    const input = { rewards: Float64Array.of(1, 3, 5), values: Float64Array.of(4, 6, 2) };
    const ends: EpisodeEnd[] = ['horizon', 'truncated'];
    const episodes = { offsets: Int32Array.of(0, 2, 3), finalValues: Float64Array.of(0, 8), ends };
    expect([...new TdResidual({ discount: 0.5, normalize: false }).estimate({ ...input, ...episodes })]).toEqual([
      0, -3, 7,
    ]);
  });

  // The residuals of the next n steps telescope: Σ_{l<k} γ^l δ_{t+l} is the n-step advantage.
  it.each([
    [1, 0.9],
    [2, 0.99],
    [3, 1],
    [4, 0.5],
    [5, 0],
    [100, 0.97],
  ])('n-step with n = %d and discount %d', (n, discount) => {
    const expected = [...INPUT.finalValues].flatMap((tail, e) => {
      const [start, stop] = [OFFSETS[e] as number, OFFSETS[e + 1] as number];
      const v = [...INPUT.values.slice(start, stop), tail];
      const delta = [...INPUT.rewards.slice(start, stop)].map(
        (r, t) => r + discount * (v[t + 1] as number) - (v[t] as number),
      );
      return delta.map((_, t) => delta.slice(t, t + n).reduce((total, d, l) => total + discount ** l * d, 0));
    });
    const estimate = new NStepAdvantage({ discount, normalize: false, n }).estimate(INPUT);
    expect(estimate).toBeAllClose(expected, { rtol: 1e-13 });
  });

  it('n-step by hand', () => {
    // γ = 0.5, n = 2, rewards 1, 2, 4, V = 10, 20, 40, tail 16:
    // 1 + 0.5·2 + 0.25·40 − 10 = 2; 2 + 0.5·4 + 0.25·16 − 20 = −12; 4 + 0.5·16 − 40 = −28.
    const input: AdvantageInput = {
      rewards: Float64Array.of(1, 2, 4),
      values: Float64Array.of(10, 20, 40),
      finalValues: Float64Array.of(16),
      offsets: Int32Array.of(0, 3),
      ends: ['truncated'],
    };
    expect([...new NStepAdvantage({ discount: 0.5, normalize: false, n: 2 }).estimate(input)]).toEqual([2, -12, -28]);
  });

  it('n-step is td-residual for n = 1, and reward-to-go for n from the longest episode on', () => {
    const options = { discount: 0.97, normalize: false };
    const nStep = (n: number) => new NStepAdvantage({ ...options, n }).estimate(INPUT);
    expect(nStep(1)).toBeAllClose(new TdResidual(options).estimate(INPUT), { rtol: 1e-14 });
    for (const n of [6, 7]) expect(nStep(n)).toBeAllClose(new RewardToGo(options).estimate(INPUT), { rtol: 1e-13 });
    expect(nStep(5)).not.toBeAllClose(new RewardToGo(options).estimate(INPUT), { rtol: 1e-3 }); // one step is missing
  });

  it('gae with lambda 1 is reward-to-go', () => {
    const a = new GeneralizedAdvantageEstimation({ discount: 0.97, lambda: 1, normalize: false }).estimate(INPUT);
    const b = new RewardToGo({ discount: 0.97, normalize: false }).estimate(INPUT);
    expect(a).toBeAllClose(b, { rtol: 1e-13 });
  });
});

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

describe('statistics', () => {
  it('by hand', () => {
    const moments = momentsOf(Float64Array.of(1, 3)); // mean 2, deviation 1
    expect(moments).toEqual({ mean: 2, deviation: 1 });
    expect(standardize(Float64Array.of(1, 3), moments)).toBeAllClose([-1, 1], { rtol: 1e-7 });
    // Residuals of [0, 4] from [1, 3] are [−1, 1]: variance 1 of 4, so 3/4 is explained.
    expect(explainedVariance(Float64Array.of(1, 3), Float64Array.of(0, 4))).toBe(0.75);
  });
});

describe('components', () => {
  it('have the documented defaults', () => {
    expect(gaeComponent.options.parse({})).toEqual({ discount: 0.99, lambda: 1, normalize: true });
    expect(rewardToGoComponent.options.parse({})).toEqual({ discount: 0.99, normalize: true });
    expect(tdResidualComponent.options.parse({})).toEqual({ discount: 0.99, normalize: true });
    expect(nStepComponent.options.parse({})).toEqual({ discount: 0.99, n: 5, normalize: true });
    expect(gaeComponent.create({ discount: 0.9, lambda: 0.5, normalize: false }, {})).toMatchObject({ discount: 0.9 });
    expect(rewardToGoComponent.create({ discount: 0.9, normalize: false }, {}).normalize).toBe(false);
  });

  it.each([{ discount: 1.01 }, { lambda: -0.1, n: 0 }, { normalise: true }])('refuse %j', (options) => {
    expect(gaeComponent.options.safeParse(options).success).toBe(false);
    expect(nStepComponent.options.safeParse(options).success).toBe(false);
    expect(tdResidualComponent.options.safeParse(options).success).toBe(false);
  });
});
