import { describe, expect, it } from 'vitest';
import {
  type AdvantageInput,
  discountedReturns,
  type EpisodeEnd,
  GeneralizedAdvantageEstimation,
  gaeComponent,
  NStepAdvantage,
  nStepComponent,
  RewardToGo,
  randomStream,
  rewardToGoComponent,
  TdResidual,
  tdResidualComponent,
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
