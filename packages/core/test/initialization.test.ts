import { describe, expect, test } from 'vitest';
import {
  CategoricalMlpPolicy,
  drawWeights,
  type GaussianMlpOptions,
  GaussianMlpPolicy,
  type Initialization,
  randomStream,
  useBackend,
} from '../src/index.js';

await useBackend('cpu');

const random = () => randomStream({ seed: 5, purpose: 'user' });
const box = (n: number) => ({ kind: 'box' as const, low: Array(n).fill(-1), high: Array(n).fill(1) });

/** Mean, and the second and fourth moments about 0. */
function moments(x: Float64Array) {
  const mean = (power: number) => x.reduce((total, value) => total + value ** power, 0) / x.length;
  return { mean: mean(1), variance: mean(2), fourth: mean(4) };
}

describe('the moments of 60 000 weights, 200 in and 300 out', () => {
  // Standard errors, relative: of a variance √((κ − 1)/n), with κ = 1.8 for the uniform and 3 for the normal: below 0.6 %.
  test.each<[Initialization, number, number]>([
    ['xavier-uniform', 2 / 500, 1.8],
    ['xavier-normal', 2 / 500, 3],
    ['he-uniform', 2 / 200, 1.8],
  ])('%s: variance %d, kurtosis %d', (name, variance, kurtosis) => {
    const found = moments(drawWeights(name, 200, 300, random()));
    expect(found.variance).toBeAllClose(variance, { rtol: 0.025 });
    expect(found.fourth / found.variance ** 2).toBeAllClose(kurtosis, { rtol: 0.04 });
    expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / 60_000));
  });

  test.each<[Initialization, number]>([
    ['xavier-uniform', Math.sqrt(6 / 500)],
    ['he-uniform', Math.sqrt(6 / 200)],
  ])('%s stays within its bound and comes near it', (name, bound) => {
    const largest = Math.max(...drawWeights(name, 200, 300, random()).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.999 * bound);
  });
});

describe('orthogonal', () => {
  /** Inner products of rows (or columns) i and j of a matrix `[rows, columns]`. */
  function gram(w: Float64Array, rows: number, columns: number, of: 'rows' | 'columns'): number[] {
    const [count, length] = of === 'rows' ? [rows, columns] : [columns, rows];
    const at = (i: number, k: number) => w[of === 'rows' ? i * columns + k : k * columns + i] as number;
    return Array.from({ length: count * count }, (_, ij) => {
      const [i, j] = [Math.floor(ij / count), ij % count];
      return Array.from({ length }, (_, k) => at(i, k) * at(j, k)).reduce((total, value) => total + value, 0);
    });
  }
  const identity = (n: number) => Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

  test.each([
    [5, 3, 'columns'],
    [3, 5, 'rows'],
    [64, 64, 'columns'],
    [64, 64, 'rows'],
    [1, 4, 'rows'],
  ] as const)('[%d, %d] has orthonormal %s', (rows, columns, of) => {
    const products = gram(drawWeights('orthogonal', rows, columns, random()), rows, columns, of);
    const expected = identity(of === 'rows' ? rows : columns);
    const worst = products.reduce((top, value, i) => Math.max(top, Math.abs(value - (expected[i] as number))), 0);
    expect(worst).toBeLessThan(1e-14);
  });

  test('directions are uniform: entries have mean 0 and variance 1 / in', () => {
    // For a uniform direction in 4 dimensions each entry has variance 1/4 and fourth moment 3 / (4 · 6) = 1/8.
    const entries = Float64Array.from({ length: 20_000 }, (_, rollout) => {
      const w = drawWeights('orthogonal', 4, 2, randomStream({ seed: 8, purpose: 'user', rollout }));
      return w[(rollout % 4) * 2 + 1] as number; // of the second column, which is made orthogonal to the first
    });
    const found = moments(entries);
    expect(Math.abs(found.mean)).toBeLessThan(4 * 0.5 * Math.sqrt(1 / 20_000));
    expect(found.variance).toBeAllClose(0.25, { rtol: 0.03 });
    expect(found.fourth).toBeAllClose(0.125, { rtol: 0.05 });
  });
});

describe('the first parameters of a policy', () => {
  const gaussian = (options: GaussianMlpOptions) =>
    new GaussianMlpPolicy({ observationSpace: box(4), actionSpace: box(2) }, { hiddenSizes: [3], ...options });

  test('by default: weights uniform on ±√(6 / (in + out)), biases 0, log σ = log initialStd, number by number', () => {
    const stream = random();
    const weights = (rows: number, columns: number) =>
      Array.from({ length: rows * columns }, () => Math.sqrt(6 / (rows + columns)) * (2 * stream.uniform() - 1));
    const expected = [...weights(4, 3), 0, 0, 0, ...weights(3, 2), 0, 0, Math.log(0.5), Math.log(0.5)];
    expect([...gaussian({ initialStd: 0.5 }).initialize(random())]).toEqual(expected);
    const categorical = new CategoricalMlpPolicy(
      { observationSpace: box(4), actionSpace: { kind: 'discrete', count: 2 } },
      { hiddenSizes: [3] },
    );
    expect([...categorical.initialize(random())]).toEqual(expected.slice(0, -2));
  });

  test.each<Initialization>(['xavier-normal', 'he-uniform', 'orthogonal'])('%s: layer by layer', (initialization) => {
    const stream = random();
    const hidden = drawWeights(initialization, 4, 3, stream);
    const output = drawWeights(initialization, 3, 2, stream);
    const theta = gaussian({ initialization }).initialize(random());
    expect([...theta]).toEqual([...hidden, 0, 0, 0, ...output, 0, 0, 0, 0]);
  });

  test('outputScale multiplies the last layer and no other', () => {
    const [plain, scaled] = [{}, { outputScale: 0.01 }].map((options) => gaussian(options).initialize(random()));
    expect([...(scaled as Float64Array).subarray(0, 15)]).toEqual([...(plain as Float64Array).subarray(0, 15)]);
    expect(scaled?.subarray(15, 21)).toBeAllClose((plain as Float64Array).subarray(15, 21).map((x) => x / 100));
  });

  test.each([{ outputScale: 0 }, { initialization: 'xavier' }, { logStd: 'none' }])('refuse %j', (options) => {
    expect(() => gaussian(options as GaussianMlpOptions)).toThrow();
  });
});
