import { type Action, type Environment, type Random, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { ObservationNormalization, observationNormalizationComponent, RewardScaling } from '../src/index.js';
import { RunningMoments } from '../src/wrappers/running-moments.js';

const random = () => randomStream({ seed: 4, purpose: 'user' });

/** Shows the given observations, one after the other, into the same buffer. */
function showing(observations: readonly (readonly number[])[]): Environment {
  const [first] = observations;
  const buffer = new Float64Array(first?.length ?? 0);
  let next = 0;
  const show = () => {
    buffer.set(observations[next++] as readonly number[]);
    return buffer;
  };
  const bound = Array.from(buffer, () => 100);
  return {
    observationSpace: { kind: 'box', low: bound.map((value) => -value), high: bound },
    actionSpace: { kind: 'discrete', count: 2 },
    reset: (_random: Random) => show(),
    step: (_action: Action) => ({
      observation: show(),
      reward: 1,
      terminated: false,
      truncated: false,
      episodeReturn: 7,
    }),
  };
}

/** What the wrapper makes of them. */
function through(wrapper: ObservationNormalization, observations: readonly (readonly number[])[]): number[][] {
  const environment = wrapper.wrap(showing(observations));
  return observations.map((_, i) =>
    Array.from(i === 0 ? environment.reset(random()) : environment.step(0).observation),
  );
}

function learn(wrapper: ObservationNormalization, ...batches: (readonly (readonly number[])[])[]): void {
  for (const batch of batches) {
    wrapper.learned.begin();
    through(wrapper, batch);
    wrapper.learned.end();
  }
}

const vectors = (count: number, size: number, scale: number) => {
  const stream = random();
  return Array.from({ length: count }, () => Array.from({ length: size }, (_, d) => scale * d + stream.normal()));
};

describe('observation-normalization', () => {
  it('by hand', () => {
    const wrapper = new ObservationNormalization({ epsilon: 1, clip: 2 });
    learn(wrapper, [
      [1, 0],
      [5, 0],
    ]);
    // Mean 3 and 0, variance 4 and 0. (7 − 3)/√(4 + 1) = 1.788854; (−1 − 0)/√(0 + 1) = −1; (103 − 3)/√5 clipped to 2.
    expect(through(wrapper, [[7, -1]])[0]).toBeAllClose([1.788854382, -1], { rtol: 1e-9 });
    expect(through(wrapper, [[103, -9]])[0]).toEqual([2, -2]);
  });

  it('is clipping only before the first batch has ended, and stays as it is within a batch', () => {
    const wrapper = new ObservationNormalization({ epsilon: 1e-12, clip: 5 });
    expect(through(wrapper, [[3, -70]])[0]).toBeAllClose([3, -5], { rtol: 1e-12 });
    wrapper.learned.begin();
    expect(
      through(
        wrapper,
        [[3], [4]].map(([x]) => [x as number, 0]),
      ).flat(),
    ).toBeAllClose([3, 0, 4, 0], { rtol: 1e-12 });
    expect(wrapper.learned.state()).toMatchObject({ count: 0 });
    wrapper.learned.end();
    expect(wrapper.learned.state()).toMatchObject({ count: 2, mean: [3.5, 0] });
    expect(through(wrapper, [[4, 0]])[0]).toBeAllClose([1, 0], { rtol: 1e-9 }); // (4 − 3.5)/0.5
  });

  it('counts nothing outside of training batches', () => {
    const wrapper = new ObservationNormalization();
    learn(wrapper, vectors(20, 2, 3));
    const before = wrapper.learned.state();
    through(wrapper, vectors(30, 2, 50));
    expect(wrapper.learned.state()).toEqual(before);
    wrapper.learned.begin();
    wrapper.learned.end(); // a batch without observations
    expect(wrapper.learned.state()).toEqual(before);
  });

  it('adds up batches of different sizes, of several environments, to the moments of all of them', () => {
    const all = vectors(300, 3, 1000);
    const wrapper = new ObservationNormalization();
    learn(wrapper, all.slice(0, 7), all.slice(7, 200));
    wrapper.learned.begin();
    through(wrapper, all.slice(200, 250));
    through(wrapper, all.slice(250));
    wrapper.learned.end();
    const { count, mean, squares } = wrapper.learned.state() as { count: number; mean: number[]; squares: number[] };
    expect(count).toBe(300);
    for (const d of [0, 1, 2]) {
      // In two passes over all of them.
      const average = all.reduce((total, row) => total + (row[d] as number), 0) / 300;
      const spread = all.reduce((total, row) => total + ((row[d] as number) - average) ** 2, 0);
      expect(mean[d]).toBeAllClose(average, { rtol: 1e-13 });
      expect(squares[d]).toBeAllClose(spread, { rtol: 1e-10 });
    }
  });

  it('goes on from its saved state as if it had never stopped', () => {
    const [first, second, test] = [vectors(40, 2, 5), vectors(25, 2, -3), vectors(4, 2, 1)];
    const whole = new ObservationNormalization();
    learn(whole, first, second);
    const before = new ObservationNormalization();
    learn(before, first);
    const after = new ObservationNormalization();
    after.spaces(showing(first));
    after.learned.restore(JSON.parse(JSON.stringify(before.learned.state())));
    learn(after, second);
    expect(after.learned.state()).toEqual(whole.learned.state());
    expect(through(after, test)).toEqual(through(whole, test));
  });

  it('shows its bounds, and leaves all else as it is', () => {
    const wrapper = observationNormalizationComponent.create(observationNormalizationComponent.options.parse({}), {});
    const environment = showing([
      [1, 2],
      [3, 4],
    ]);
    const spaces = wrapper.spaces(environment);
    expect(spaces.observationSpace).toEqual({ kind: 'box', low: [-10, -10], high: [10, 10] });
    expect(spaces.actionSpace).toBe(environment.actionSpace);
    const wrapped = wrapper.wrap(new RewardScaling({ factor: 3 }).wrap(environment));
    expect(wrapped.observationSpace).toEqual(spaces.observationSpace);
    wrapped.reset(random());
    expect(wrapped.step(1)).toMatchObject({ reward: 3, terminated: false, truncated: false, episodeReturn: 7 });
  });

  it('refuses observations that would spoil what is counted', () => {
    const wrapper = new ObservationNormalization();
    wrapper.learned.begin();
    for (const [observation, text] of [
      [[1, Number.POSITIVE_INFINITY], 'found Infinity at index 1'],
      [[Number.NaN, 1], 'found NaN at index 0'],
    ] as const) {
      expect(() => through(wrapper, [observation])).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
      expect(() => through(wrapper, [observation])).toThrow(text);
    }
    const long = { ...showing([[1, 2]]), reset: () => [1, 2, 3] };
    expect(() => wrapper.wrap(long).reset(random())).toThrow('observations of 2 finite numbers, found 3');
    wrapper.learned.end();
    expect(wrapper.learned.state()).toMatchObject({ count: 0 });
  });

  it.each([
    [null, 'expected { count, mean, squares }'],
    [{ count: 1, mean: [1, 2], squares: [1] }, 'expected lengths of 2, found 2 and 1'],
    [{ count: 1, mean: [1], squares: [1] }, 'expected lengths of 2, found 1 and 1'],
    [{ count: 1, mean: [1, 2], squares: [1, -1] }, 'expected { count, mean, squares }'],
  ])('refuses the state %j', (state, text) => {
    const wrapper = new ObservationNormalization();
    wrapper.spaces(showing([[1, 2]]));
    expect(() => wrapper.learned.restore(state)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }));
    expect(() => wrapper.learned.restore(state)).toThrow(text);
  });

  it.each([{ clip: 0 }, { epsilon: 0 }, { window: 3 }])('refuses options %j', (options) => {
    expect(observationNormalizationComponent.options.safeParse(options).success).toBe(false);
  });
});

describe('RunningMoments', () => {
  it('is exact where sums of squares are not', () => {
    // Around 1e9 with deviations of ±1: a sum of squares near 1e18 has units of 128, and knows nothing of a variance of 1.
    const moments = new RunningMoments(1);
    const other = new RunningMoments(1);
    for (let i = 0; i < 100; i++) (i < 50 ? moments : other).add([1e9 + (i % 2 === 0 ? 1 : -1)]);
    moments.merge(other);
    expect(moments.variance(0)).toBeAllClose(1, { rtol: 1e-9 });
  });
});
