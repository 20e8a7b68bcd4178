import { expect, it } from 'vitest';
import { overSeeds, overTasks, studentT975 } from '../src/index.js';

/** ∫ of Student's density from 0 to t by Simpson's rule, over the same integral to 2000: half of P(|T| < t), doubled. */
function inside(t: number, freedom: number): number {
  const density = (x: number) => (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
  const integral = (from: number, to: number, parts: number) => {
    const h = (to - from) / parts;
    let sum = density(from) + density(to);
    for (let i = 1; i < parts; i++) sum += (i % 2 === 1 ? 4 : 2) * density(from + i * h);
    return (sum * h) / 3;
  };
  const [low, high] = [integral(0, t, 2000), integral(t, 2000, 400_000)];
  return low / (low + high);
}

it.each([2, 3, 5, 9, 10, 11, 20, 100])('leaves 5 %% outside of the quantile with %i degrees of freedom', (freedom) => {
  expect(inside(studentT975(freedom), freedom)).toBeCloseTo(0.95, 4);
});

it('gives the mean over seeds with its interval', () => {
  // 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, sd √7; 4.30265 · √(7/3) = 6.5724.
  const { mean, half } = overSeeds([1, 2, 6]);
  expect(mean).toBe(3);
  expect(half).toBeCloseTo(6.5724, 4);
  expect(overSeeds([4])).toEqual({ mean: 4, half: null });
});

it('gives the mean over tasks with its interval', () => {
  // As above, with 1.96 for the quantile: 1.96 · √(7/3) = 2.9939.
  const { mean, half } = overTasks([1, 2, 6]);
  expect(mean).toBe(3);
  expect(half).toBeCloseTo(2.9939, 4);
  expect(overTasks([4])).toEqual({ mean: 4, half: 0 });
});
