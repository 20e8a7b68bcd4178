import { describe, expect, it } from 'vitest';
import { solveRidge } from '../src/baselines/ridge.js';
import {
  LinearFeatureBaseline,
  linearFeatureComponent,
  prepareBatch,
  RewardToGo,
  randomStream,
  type States,
  TimeDependentMeanBaseline,
  timeDependentMeanComponent,
  ZeroBaselineFactory,
  zeroBaselineComponent,
} from '../src/index.js';

function randomStates(count: number, observationSize: number, scale = 1): States {
  const random = randomStream({ seed: 11, purpose: 'user' });
  return {
    observations: Float32Array.from({ length: count * observationSize }, () => scale * random.normal()),
    times: Int32Array.from({ length: count }, (_, i) => i % 50),
  };
}

/** The features written out for one state of length 2. */
function features({ observations, times }: States, i: number): number[] {
  const [x, y, t] = [observations[2 * i] as number, observations[2 * i + 1] as number, (times[i] as number) / 100];
  return [x, y, x ** 2, y ** 2, t, t ** 2, t ** 3, 1];
}

const WEIGHTS = [0.5, -2, 1.5, 0.25, -3, 4, 7, -1];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);

describe('linear-feature', () => {
  it('recovers a value function that is linear in its features', () => {
    const states = randomStates(500, 2);
    const returns = Float64Array.from(states.times, (_, i) => dot(features(states, i), WEIGHTS));
    const baseline = new LinearFeatureBaseline(2, { ridge: 1e-9, clip: null });
    expect([...baseline.predict(states)].every((value) => value === 0)).toBe(true); // not fitted yet
    baseline.fit(states, returns);
    expect(baseline.ridge).toBe(1e-9);
    expect(baseline.predict(states)).toBeAllClose(returns, { rtol: 1e-6 });
    // One more, not among those fitted: x = 2, y = −1, t = 0.3.
    // 0.5·2 + 2 + 1.5·4 + 0.25 − 3·0.3 + 4·0.09 + 7·0.027 − 1 = 7.899
    const unseen = { observations: Float32Array.of(2, -1), times: Int32Array.of(30) };
    expect(baseline.predict(unseen)[0]).toBeAllClose(7.899, { rtol: 1e-5 });
  });

  it('minimises squared error plus ridge: moving any weight makes it worse', () => {
    const states = randomStates(40, 2);
    const random = randomStream({ seed: 12, purpose: 'user' });
    const returns = Float64Array.from(states.times, () => random.normal());
    const ridge = 2;
    const baseline = new LinearFeatureBaseline(2, { ridge, clip: null });
    baseline.fit(states, returns);
    // The weights, read off by predicting: at x = y = t = 0 only the constant is left, and so on.
    const at = (x: number, y: number, t: number) =>
      baseline.predict({ observations: Float32Array.of(x, y), times: Int32Array.of(t) })[0] as number;
    const c = at(0, 0, 0);
    const [t1, t2, t3] = [at(0, 0, 100) - c, at(0, 0, 200) - c, at(0, 0, -100) - c]; // a+b+d, 2a+4b+8d, −a+b−d
    const b = (t1 + t3) / 2;
    const d = (t2 - 2 * t1 - 2 * b) / 6; // 2a+4b+8d − 2(a+b+d) = 2b + 6d
    const weights = [
      (at(1, 0, 0) - at(-1, 0, 0)) / 2,
      (at(0, 1, 0) - at(0, -1, 0)) / 2,
      (at(1, 0, 0) + at(-1, 0, 0)) / 2 - c,
      (at(0, 1, 0) + at(0, -1, 0)) / 2 - c,
      t1 - b - d,
      b,
      d,
      c,
    ];
    const cost = (w: readonly number[]) =>
      returns.reduce((total, value, i) => total + (value - dot(features(states, i), w)) ** 2, 0) + ridge * dot(w, w);
    const best = cost(weights);
    for (let i = 0; i < weights.length; i++) {
      for (const change of [-0.01, 0.01]) {
        expect(cost(weights.map((w, j) => (i === j ? w + change : w)))).toBeGreaterThan(best);
      }
    }
  });

  it('clips observations at 10 by default', () => {
    const states = randomStates(100, 2, 8);
    const baseline = linearFeatureComponent.create(linearFeatureComponent.options.parse({}), {}).create(2);
    baseline.fit(
      states,
      Float64Array.from(states.times, (_, i) => i),
    );
    const at = (x: number, y: number) =>
      baseline.predict({ observations: Float32Array.of(x, y), times: Int32Array.of(3) })[0];
    expect(at(37, -12)).toBe(at(10, -10));
    expect(at(37, -12)).not.toBe(at(9.9, -10));
  });

  it('takes a stronger ridge when features are huge and equal', () => {
    // Both components are x or −x of 2^13: o is ±8192 twice, o² is 2^26 twice. Each Gram entry of o² is 64 · 2^52 = 2^58, whose
    // unit in the last place is 2^6: a ridge of 1 is lost in it, and the two equal columns leave a zero pivot. 10 and 100 are
    // still within rounding error (8 · 2⁻⁵² · 2^58 = 512); 1000 is not.
    const observations = Float32Array.from({ length: 128 }, (_, i) => (i % 4 < 2 ? 8192 : -8192));
    const states = { observations, times: Int32Array.from({ length: 64 }, (_, i) => i) };
    const returns = Float64Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : 3));
    const baseline = new LinearFeatureBaseline(2, { ridge: 1, clip: null });
    baseline.fit(states, returns);
    expect(baseline.ridge).toBe(1000);
    // x > 0 has return 1 and x < 0 has 3: 2 − x/8192 fits that exactly.
    expect(baseline.predict(states)).toBeAllClose(returns, { rtol: 0.01 });
  });

  it('says so when every ridge fails', () => {
    // As above with x = 2^20: entries of 64 · 2^80 = 2^86; rounding error 8 · 2⁻⁵² · 2^86 = 2^37 is far above 0.1.
    const observations = new Float32Array(128).fill(2 ** 20);
    const states = { observations, times: new Int32Array(64) };
    const fit = () => new LinearFeatureBaseline(2, { ridge: 1e-5, clip: null }).fit(states, new Float64Array(64));
    expect(fit).toThrow(expect.objectContaining({ code: 'NUMBERS_NOT_FINITE' }));
    expect(fit).toThrow(/any ridge from 0\.00001 to 0\.1 \(5 tries\)/);
  });

  it('says so when returns are not finite', () => {
    const baseline = new LinearFeatureBaseline(2);
    expect(() => baseline.fit(randomStates(10, 2), new Float64Array(10).fill(Number.NaN))).toThrow('linear-feature');
  });

  it('keeps nothing from one batch to the next', () => {
    expect(new LinearFeatureBaseline(2).state()).toBeNull();
  });
});

describe('time-dependent-mean', () => {
  /** Blind to observations, so their length is of no interest. */
  const at = (...times: number[]): States => ({
    observations: new Float32Array(times.length),
    times: Int32Array.from(times),
  });

  it('by hand', () => {
    // Three episodes of 3, 1 and 2 steps: at t = 0 the returns 6, 9, 3 (mean 6), at t = 1 the returns 5 and 2 (3.5), at t = 2 only 4.
    const states = at(0, 1, 2, 0, 0, 1);
    const baseline = new TimeDependentMeanBaseline();
    expect([...baseline.predict(at(0, 7))]).toEqual([0, 0]); // not fitted yet
    baseline.fit(states, Float64Array.of(6, 5, 4, 9, 3, 2));
    expect([...baseline.predict(states)]).toEqual([6, 3.5, 4, 6, 6, 3.5]);
    expect([...baseline.predict(at(3, 1000))]).toEqual([4, 4]); // past the longest episode: as at its last step
    baseline.fit(at(0, 1), Float64Array.of(1, 2));
    expect([...baseline.predict(at(0, 1, 2))]).toEqual([1, 2, 2]); // nothing is left of the batch before
  });

  it('against a filter over all pairs, for episodes of random lengths', () => {
    const random = randomStream({ seed: 13, purpose: 'user' });
    const times = Array.from({ length: 30 }, () => 1 + random.integer(20)).flatMap((length) => [
      ...Array(length).keys(),
    ]);
    const returns = Float64Array.from(times, () => random.normal());
    const baseline = new TimeDependentMeanBaseline();
    baseline.fit(at(...times), returns);
    const expected = times.map((t) => {
      const same = [...returns].filter((_, i) => times[i] === t);
      return same.reduce((total, value) => total + value, 0) / same.length;
    });
    expect(baseline.predict(at(...times))).toBeAllClose(expected, { rtol: 1e-14 });
  });

  it('takes the nearest earlier time step where there are no returns', () => {
    const baseline = new TimeDependentMeanBaseline();
    baseline.fit(at(1, 4), Float64Array.of(10, 40));
    expect([...baseline.predict(at(0, 1, 2, 3, 4, 5))]).toEqual([0, 10, 10, 10, 40, 40]);
  });

  it.each([
    ['terminated', [0, 0, 0, 0]],
    // γ = 0.5. First fit, tail 0: b = 3.25, 4.5, 5, 2; the tail is then 2. Second fit: b = 3.375, 4.75, 5.5, 3; the tail is then 3.
    // The value at the cut is 1 more than that of the second fit, so Â = 0.5⁴, 0.5³, 0.5², 0.5.
    ['truncated', [0.0625, 0.125, 0.25, 0.5]],
  ] as const)('leaves nothing of the actions in the advantages of a single episode: %s', (end, expected) => {
    const one = {
      ...{ observations: new Float32Array(4), actions: new Float32Array(4), logProbabilities: new Float64Array(4) },
      ...{ rewards: Float64Array.of(1, 2, 4, 2), offsets: Int32Array.of(0, 4), ends: [end] },
      finalObservations: new Float32Array(1),
    };
    const estimator = new RewardToGo({ discount: 0.5, normalize: false });
    expect([...prepareBatch(one, new TimeDependentMeanBaseline(), estimator, 'before-advantages').advantages]).toEqual(
      expected,
    );
  });

  it('is fitted to each batch, and keeps nothing', () => {
    const factory = timeDependentMeanComponent.create({}, {});
    expect(factory.fitted).toBe('before-advantages');
    expect(factory.create(3).state()).toBeNull();
  });
});

describe('solveRidge', () => {
  it('solves by hand', () => {
    // ([3 1; 1 3] + I) w = [9, 6]: determinant 15, w = [(4·9 − 6)/15, (4·6 − 9)/15] = [2, 1].
    const { weights, ridge } = solveRidge(Float64Array.of(3, 1, 1, 3), Float64Array.of(9, 6), 1);
    expect(weights).toBeAllClose([2, 1], { rtol: 1e-15 });
    expect(ridge).toBe(1);
  });

  it('makes the ridge ten times stronger until the matrix is positive definite', () => {
    // [−50 0; 0 1] needs a ridge above 50: 1, 10, 100.
    const { weights, ridge } = solveRidge(Float64Array.of(-50, 0, 0, 1), Float64Array.of(100, 101), 1);
    expect(ridge).toBe(100);
    expect(weights).toBeAllClose([2, 1], { rtol: 1e-15 }); // 100 / (−50 + 100), 101 / (1 + 100)
  });

  it('makes it stronger when the solution overflows', () => {
    // w = 1e300 / ridge is infinite for 1e-10, 1e-9 and finite from 1e-8 on (1e308).
    const { ridge } = solveRidge(Float64Array.of(0), Float64Array.of(1e300), 1e-10);
    expect(ridge).toBeAllClose(1e-8, { rtol: 1e-12 });
  });

  it('tries five strengths: the fifth still counts, a sixth would be needed here', () => {
    // Ridges 1, 10, 100, 1000, 10000 against −9999 and −10001.
    expect(solveRidge(Float64Array.of(-9999), Float64Array.of(1), 1).ridge).toBe(10000);
    expect(() => solveRidge(Float64Array.of(-10001), Float64Array.of(1), 1)).toThrow('from 1 to 10000 (5 tries)');
  });
});

describe('zero', () => {
  it('is zero, fitted or not', () => {
    const baseline = new ZeroBaselineFactory().create();
    const states = randomStates(3, 2);
    baseline.fit();
    expect([...baseline.predict(states)]).toEqual([0, 0, 0]);
    expect(baseline.state()).toBeNull();
  });
});

describe('components', () => {
  it('are baselines with strict options', () => {
    expect(zeroBaselineComponent.create({}, {}).fitted).toBe('before-advantages');
    expect(linearFeatureComponent.options.parse({})).toEqual({ ridge: 1e-5, clip: 10 });
    expect(linearFeatureComponent.options.parse({ clip: null })).toEqual({ ridge: 1e-5, clip: null });
    expect(linearFeatureComponent.options.safeParse({ ridge: 0 }).success).toBe(false);
    expect(linearFeatureComponent.options.safeParse({ rigde: 1 }).success).toBe(false);
    expect(zeroBaselineComponent.options.safeParse({ ridge: 1 }).success).toBe(false);
  });
});
