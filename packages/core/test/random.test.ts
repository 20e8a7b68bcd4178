import { describe, expect, it } from 'vitest';
import { PURPOSES, philox, type Random, randomStream, type StreamName } from '../src/index.js';

describe('philox4x32-10', () => {
  // Known answers of the Random123 library (kat_vectors).
  const ones = 0xffffffff;
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j, key %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect([...out]).toEqual(expected);
  });
});

const NAME: StreamName = { seed: 7, purpose: 'user' };
const draw = (name: StreamName, count: number, how: (random: Random) => number = (random) => random.uniform()) => {
  const random = randomStream(name);
  return Array.from({ length: count }, () => how(random));
};
const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
const power = (values: readonly number[], exponent: number) => mean(values.map((value) => value ** exponent));

/** Correlation of two lists of equal length. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - ma) * ((b[i] as number) - mb)));
  const variance = (values: readonly number[], m: number) => mean(values.map((value) => (value - m) ** 2));
  return covariance / Math.sqrt(variance(a, ma) * variance(b, mb));
}

const N = 100_000;

describe('a stream', () => {
  it('starts with the block whose key and counter are its name', () => {
    // Key (seed, purpose); counter (draw, iteration, task · 2¹² + step, rollout).
    const name = { seed: 9, purpose: 'train', iteration: 3, task: 2, step: 1, rollout: 5 } as const;
    const block = new Uint32Array(4);
    const expected: number[] = [];
    for (const index of [0, 1]) {
      philox([index, 3, 2 * 4096 + 1, 5], [9, PURPOSES.indexOf('train')], block);
      expected.push(...Array.from(block, (word) => word / 2 ** 32));
    }
    expect(draw(name, 8)).toEqual(expected);
  });

  it('is uniform on [0, 1)', () => {
    const values = draw(NAME, N);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    // Moments 1/2 and 1/3; standard errors √(1/12/N) = 0.0009 and √(4/45/N) = 0.0009. Five of them.
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(0.0046);
    expect(Math.abs(power(values, 2) - 1 / 3)).toBeLessThan(0.0047);
    // Each tenth holds N / 10 ± √(N · 0.09) = 10000 ± 95.
    const tenths = new Array<number>(10).fill(0);
    for (const value of values) tenths[Math.floor(10 * value)] = (tenths[Math.floor(10 * value)] as number) + 1;
    for (const count of tenths) expect(Math.abs(count - N / 10)).toBeLessThan(475);
  });

  it('is standard normal', () => {
    const values = draw(NAME, N, (random) => random.normal());
    // Moments 0, 1, 0, 3; their variances are 1, 2, 15, 96 over N. Five standard errors.
    expect(Math.abs(mean(values))).toBeLessThan(5 * Math.sqrt(1 / N));
    expect(Math.abs(power(values, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / N));
    expect(Math.abs(power(values, 3))).toBeLessThan(5 * Math.sqrt(15 / N));
    expect(Math.abs(power(values, 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / N));
    // 95 % lie within 1.96: ± √(0.05 · 0.95 / N) = 0.0007.
    const within = values.filter((value) => Math.abs(value) < 1.959964).length / N;
    expect(Math.abs(within - 0.95)).toBeLessThan(0.0035);
  });

  it('has normals that do not depend on the one before', () => {
    const values = draw(NAME, N, (random) => random.normal());
    expect(Math.abs(correlation(values.slice(0, -1), values.slice(1)))).toBeLessThan(5 / Math.sqrt(N));
    const squares = values.map((value) => value ** 2);
    expect(Math.abs(correlation(squares.slice(0, -1), squares.slice(1)))).toBeLessThan(5 / Math.sqrt(N));
  });

  it('draws each integer equally often', () => {
    const values = draw(NAME, 60_000, (random) => random.integer(6));
    for (let face = 0; face < 6; face++) {
      // 10000 ± √(60000 · 5/36) = 91. Five of them.
      expect(Math.abs(values.filter((value) => value === face).length - 10_000)).toBeLessThan(456);
    }
  });

  it('gives the same numbers again', () => {
    expect(draw(NAME, 20)).toEqual(draw({ ...NAME, iteration: 0, task: 0, step: 0, rollout: 0 }, 20));
  });
});

describe('streams of different names', () => {
  const others: StreamName[] = [
    { ...NAME, seed: 8 },
    ...PURPOSES.filter((purpose) => purpose !== 'user').map((purpose) => ({ ...NAME, purpose })),
    { ...NAME, iteration: 1 },
    { ...NAME, task: 1 },
    { ...NAME, step: 1 },
    { ...NAME, rollout: 1 },
    { ...NAME, seed: 2 ** 32 - 1, iteration: 2 ** 32 - 1, task: 2 ** 20 - 1, step: 2 ** 12 - 1, rollout: 2 ** 28 - 1 },
  ];

  it('share no numbers', () => {
    const all = [NAME, ...others].flatMap((name) => draw(name, 20));
    // 260 words of 32 bits: the chance of an accidental pair is 260² / 2³³ = 8e-6.
    expect(new Set(all).size).toBe(all.length);
  });

  it('are uncorrelated', () => {
    const first = draw(NAME, 10_000);
    for (const name of others) {
      expect(Math.abs(correlation(first, draw(name, 10_000)))).toBeLessThan(0.05); // five standard errors of 1/√10000
    }
  });
});

describe('names out of range', () => {
  it.each<[Partial<StreamName>, string]>([
    [{ seed: -1 }, 'seed must be an integer from 0 to 2^32 - 1, found -1'],
    [{ seed: 2 ** 32 }, 'seed must be an integer from 0 to 2^32 - 1, found 4294967296'],
    [{ seed: 0.5 }, 'seed'],
    [{ seed: Number.NaN }, 'seed'],
    [{ iteration: 2 ** 32 }, 'iteration must be an integer from 0 to 2^32 - 1'],
    [{ task: 2 ** 20 }, 'task must be an integer from 0 to 2^20 - 1'],
    [{ step: 2 ** 12 }, 'step must be an integer from 0 to 2^12 - 1'],
    [{ rollout: 2 ** 28 }, 'rollout must be an integer from 0 to 2^28 - 1'],
  ])('%j', (part, text) => {
    expect(() => randomStream({ ...NAME, ...part })).toThrow(RangeError);
    expect(() => randomStream({ ...NAME, ...part })).toThrow(text);
  });
});
