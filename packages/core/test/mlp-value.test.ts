import { describe, expect, it, vi } from 'vitest';
import {
  type Json,
  kernels,
  MlpValueBaseline,
  MlpValueBaselineFactory,
  mlpValueComponent,
  randomStream,
  type States,
  ValueNetwork,
} from '../src/index.js';
import { naiveAdam, naiveMlp } from './support/naive-value.js';

const OPTIONS = mlpValueComponent.options.parse({});
const throughJson = (value: Json): Json => JSON.parse(JSON.stringify(value));

function randomStates(count: number, size: number, seed = 21): States {
  const random = randomStream({ seed, purpose: 'user' });
  return {
    observations: Float32Array.from({ length: count * size }, () => random.normal()),
    times: new Int32Array(count),
  };
}

const normals = (count: number, seed: number, scale = 1) => {
  const random = randomStream({ seed, purpose: 'user' });
  return Float64Array.from({ length: count }, () => scale * random.normal());
};

const row = ({ observations }: States, i: number, size: number) => [...observations.subarray(i * size, (i + 1) * size)];

describe('the value network', () => {
  it.each([
    { hidden: [5, 3], activation: 'tanh' },
    { hidden: [4], activation: 'sigmoid' },
    { hidden: [], activation: 'tanh' },
    { hidden: [6, 6], activation: 'relu' },
  ] as const)('with hidden layers $hidden and $activation is what a naive loop computes', ({ hidden, activation }) => {
    const network = new ValueNetwork(3, hidden, activation);
    const phi = normals(network.size, 22, 0.5);
    const states = randomStates(70, 3); // more rows than a tile of the kernels
    const expected = Array.from({ length: 70 }, (_, i) =>
      naiveMlp(phi, [3, ...hidden, 1], activation, row(states, i, 3)),
    );
    expect(network.outputs(phi, states.observations)).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
  });

  it('has the gradient of its mean squared error', () => {
    const network = new ValueNetwork(2, [5, 4], 'tanh');
    const phi = normals(network.size, 23, 0.5);
    const data = { inputs: randomStates(90, 2).observations, targets: normals(90, 24, 2) };
    network.onData(data, (at) => {
      const { gradient } = at(phi);
      // Central differences of a float32 loss near 4: rounding is about 1e-7 · 4 / 2e-2 = 2e-5, truncation about (1e-2)² of a third derivative.
      const differences = phi.map((_, i) => {
        const moved = (by: number) => at(phi.map((value, j) => (i === j ? value + by : value))).loss;
        return (moved(1e-2) - moved(-1e-2)) / 2e-2;
      });
      expect(gradient).toBeAllClose(differences, { rtol: 2e-3, atol: 3e-4 });
      expect(gradient.some((value) => Math.abs(value) > 0.5)).toBe(true);
    });
  });

  it('gives back the memory that it took', () => {
    const network = new ValueNetwork(2, [5], 'tanh');
    const phi = normals(network.size, 25);
    const run = () => {
      network.outputs(phi, randomStates(8, 2).observations);
      network.onData({ inputs: randomStates(8, 2).observations, targets: new Float64Array(8) }, (at) => at(phi).loss);
    };
    run();
    const before = kernels().allocated;
    run();
    expect(kernels().allocated).toBe(before);
  });

  it('gives it back too where an allocation fails or the fit throws', () => {
    const network = new ValueNetwork(2, [5], 'tanh');
    const phi = normals(network.size, 25);
    const inputs = randomStates(8, 2).observations;
    const [before, real] = [kernels().allocated, kernels().allocate.bind(kernels())];
    let calls = 0;
    let failing = 0;
    const allocate = vi.spyOn(kernels(), 'allocate').mockImplementation((count) => {
      if (++calls === failing) throw new RangeError('no memory');
      return real(count);
    });
    // Two layers: 3 arrays of activations and 2 · 3 of parameters for outputs, which are the first 9 of 3 + 2 + 1 + 6 + 6 for the data of a fit.
    for (failing = 1; failing <= 18; failing++) {
      calls = 0;
      if (failing <= 9) expect(() => network.outputs(phi, inputs)).toThrow('no memory');
      calls = 0;
      expect(() => network.onData({ inputs, targets: new Float64Array(8) }, (at) => at(phi))).toThrow('no memory');
      expect(kernels().allocated).toBe(before);
    }
    allocate.mockRestore();
    const visit = () => {
      throw new Error('of the visitor');
    };
    expect(() => network.onData({ inputs, targets: new Float64Array(8) }, visit)).toThrow('of the visitor');
    expect(kernels().allocated).toBe(before);
  });
});

describe('mlp-value', () => {
  const create = (options: Partial<typeof OPTIONS> = {}, size = 2) =>
    new MlpValueBaselineFactory(1, { ...OPTIONS, ...options }).create(size);

  it('takes the Adam steps that a naive float64 loop takes', () => {
    const sizes = [2, 5, 1];
    const network = new ValueNetwork(2, [5], 'tanh');
    const start = normals(network.size, 26, 0.5);
    const options = { ...OPTIONS, hiddenSizes: [5], iterations: 4, learningRate: 0.01, normalizeReturns: false };
    const baseline = new MlpValueBaseline(network, start.slice(), options);
    const states = randomStates(30, 2);
    const returns = normals(30, 27, 3);
    baseline.fit(states, returns);
    baseline.fit(states, returns); // the moments last
    const rows = Array.from({ length: 30 }, (_, i) => row(states, i, 2));
    const expected = naiveAdam({ phi: start, sizes, activation: 'tanh', rows, targets: returns, steps: 8, rate: 0.01 });
    const { parameters } = baseline.state() as { parameters: number[] };
    // Eight steps of 0.01 move each number by up to 0.08; they agree to float32.
    expect(parameters).toBeAllClose(expected, { rtol: 0, atol: 2e-6 });
  });

  it('learns a value function that it can represent', () => {
    const baseline = create({ iterations: 400, learningRate: 1e-2 });
    const states = randomStates(500, 2);
    const truth = (x: number, y: number) => 300 + 50 * Math.tanh(2 * x - y) - 20 * x * y;
    const returns = Float64Array.from(states.times, (_, i) => {
      const [x, y] = row(states, i, 2) as [number, number];
      return truth(x, y);
    });
    for (let k = 0; k < 5; k++) baseline.fit(states, returns);
    const unseen = randomStates(200, 2, 28);
    const errors = baseline.predict(unseen).map((value, i) => {
      const [x, y] = row(unseen, i, 2) as [number, number];
      return value - truth(x, y);
    });
    const rmse = Math.sqrt(errors.reduce((total, error) => total + error * error, 0) / errors.length);
    // The returns' standard deviation is about 49.
    expect(rmse).toBeLessThan(5);
  });

  it('predicts in the unit of the returns that it was fitted to last', () => {
    // A step so small that f stays as it is: V = μ + σ f, where before V = f.
    const baseline = create({ iterations: 1, learningRate: 1e-12 });
    const states = randomStates(50, 2);
    const f = baseline.predict(states);
    // 25 times 2 and 25 times 6: mean 4, population standard deviation 2.
    baseline.fit(
      states,
      Float64Array.from(f, (_, i) => (i % 2 === 0 ? 2 : 6)),
    );
    expect(baseline.predict(states)).toBeAllClose(
      f.map((value) => 4 + 2 * value),
      { rtol: 1e-6 },
    );
  });

  it('keeps its scale where all returns are equal', () => {
    const baseline = create({ iterations: 300, learningRate: 1e-2 });
    const states = randomStates(20, 2);
    baseline.fit(states, new Float64Array(20).fill(7));
    expect(baseline.state()).toMatchObject({ mean: 7, deviation: 1 });
    expect(baseline.predict(states)).toBeAllClose(new Array<number>(20).fill(7), { rtol: 0, atol: 0.1 });
  });

  it('without normalisation crawls towards large returns, with it does not', () => {
    const states = randomStates(100, 2);
    const returns = normals(100, 30, 100).map((value) => value - 1000);
    const error = (normalizeReturns: boolean) => {
      const baseline = create({ normalizeReturns });
      baseline.fit(states, returns);
      const squares = baseline.predict(states).map((value, i) => (value - (returns[i] as number)) ** 2);
      return Math.sqrt(squares.reduce((total, value) => total + value, 0) / 100);
    };
    expect(error(false)).toBeGreaterThan(900);
    expect(error(true)).toBeLessThan(150);
  });

  it('goes on from its saved state to the same numbers, bit for bit', () => {
    const states = randomStates(40, 2);
    const returns = normals(40, 31, 5);
    const options = { iterations: 5, hiddenSizes: [8] };
    const whole = create(options);
    const first = create(options);
    for (const baseline of [whole, first]) for (let k = 0; k < 2; k++) baseline.fit(states, returns);
    const second = create(options);
    second.restore(throughJson(first.state()));
    expect(second.state()).toEqual(first.state());
    expect([...second.predict(states)]).toEqual([...whole.predict(states)]);
    for (const baseline of [whole, second]) baseline.fit(states, returns);
    expect([...second.predict(states)]).toEqual([...whole.predict(states)]);
    // The moments matter: without them the next fit goes elsewhere.
    const forgetful = create(options);
    forgetful.restore({ ...(first.state() as Record<string, Json>), moments: null });
    forgetful.fit(states, returns);
    expect([...forgetful.predict(states)]).not.toEqual([...whole.predict(states)]);
  });

  it('before it is fitted can be saved and restored', () => {
    const [a, b] = [create(), new MlpValueBaselineFactory(2).create(2)];
    b.restore(throughJson(a.state()));
    expect(b.state()).toEqual(a.state());
  });

  it('depends on the seed and on nothing else', () => {
    const states = randomStates(5, 2);
    const of = (seed: number) => [...new MlpValueBaselineFactory(seed).create(2).predict(states)];
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it.each([[null], [{}], [{ parameters: [1], moments: null, mean: 0, deviation: 1 }]])(
    'refuses the state %j',
    (state) => {
      expect(() => create().restore(state)).toThrow(
        expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE', message: expect.stringContaining("'mlp-value'") }),
      );
    },
  );

  it('refuses returns that no network can follow, and stays as it was', () => {
    const baseline = create();
    const states = randomStates(3, 2);
    const before = baseline.state();
    expect(() => baseline.fit(states, Float64Array.of(1, Number.POSITIVE_INFINITY, 2))).toThrow(
      expect.objectContaining({ code: 'NUMBERS_NOT_FINITE' }),
    );
    expect(baseline.state()).toEqual(before);
  });

  it('has the documented defaults', () => {
    expect(OPTIONS).toEqual({
      hiddenSizes: [64, 64],
      activation: 'tanh',
      learningRate: 1e-3,
      iterations: 80,
      normalizeReturns: true,
    });
    expect(new MlpValueBaselineFactory(1).fitted).toBe('after-update');
  });
});
