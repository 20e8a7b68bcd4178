import { describe, expect, it } from 'vitest';
import { explainedVariance, momentsOf, standardize } from '../src/advantages/statistics.js';

describe('statistics', () => {
  it('by hand', () => {
    const moments = momentsOf(Float64Array.of(1, 3)); // mean 2, deviation 1
    expect(moments).toEqual({ mean: 2, deviation: 1 });
    expect(standardize(Float64Array.of(1, 3), moments)).toBeAllClose([-1, 1], { rtol: 1e-7 });
    // Residuals of [0, 4] from [1, 3] are [−1, 1]: variance 1 of 4, so 3/4 is explained.
    expect(explainedVariance(Float64Array.of(1, 3), Float64Array.of(0, 4))).toBe(0.75);
  });
});
