import { describe, expect, it } from 'vitest';
import { lineSearch } from '../src/index.js';

const options = { maxKl: 0.1, backtrackCoefficient: 0.5, maxBacktracks: 4 };

/** A search along the line from 0 to 16 in one dimension: the steps tried are 16, 8, 4, 2, 1. */
function problem(surrogate: (theta: number) => number, kl: (theta: number) => number) {
  const tried: number[] = [];
  return {
    tried,
    start: Float64Array.of(0),
    fullStep: Float64Array.of(16),
    surrogateBefore: 1,
    surrogate: async (theta: Float64Array) => {
      tried.push(theta[0] as number);
      return surrogate(theta[0] as number);
    },
    kl: async (theta: Float64Array) => kl(theta[0] as number),
  };
}

describe('line search', () => {
  it('accepts the full step where it serves', async () => {
    const p = problem(
      () => 0.5,
      () => 0.1, // exactly at the limit: kl ≤ δ
    );
    const found = await lineSearch(p, options);
    expect(found).toEqual({ kind: 'accepted', j: 0, surrogate: 0.5, kl: 0.1, parameters: Float64Array.of(16) });
    expect(p.tried).toEqual([16]);
  });

  it.each([
    // The surrogate falls only up to θ = bound; the steps are 16/2ʲ.
    [16, 0],
    [15, 1],
    [8, 1],
    [7, 2],
    [3, 3],
    [1, 4],
  ])('finds the smallest j for a surrogate that falls up to %f: j = %i', async (bound, j) => {
    const p = problem(
      (theta) => (theta <= bound ? 1 - theta / 100 : 1),
      () => 0,
    );
    const found = await lineSearch(p, options);
    expect(found).toMatchObject({ kind: 'accepted', j, surrogate: 1 - 16 / 2 ** j / 100 });
    expect(p.tried).toEqual([16, 8, 4, 2, 1].slice(0, j + 1));
  });

  it('needs both conditions at the same step', async () => {
    // The surrogate falls at 16 and at 2 and below, the KL fits at 8 and 4 and at 1: both first hold at 1, j = 4.
    const p = problem(
      (theta) => (theta === 16 || theta <= 2 ? 0 : 2),
      (theta) => (theta === 8 || theta === 4 || theta === 1 ? 0 : 1),
    );
    expect(await lineSearch(p, options)).toMatchObject({ kind: 'accepted', j: 4, surrogate: 0, kl: 0 });
  });

  it.each([
    ['surrogate-not-improved', 1, 0.1], // an equal surrogate has not improved
    ['kl-exceeded', 0.5, 0.2],
    ['surrogate-not-improved-and-kl-exceeded', 2, 0.2],
  ] as const)('fails with %s after maxBacktracks shorter steps', async (reason, surrogate, kl) => {
    const p = problem(
      () => surrogate,
      () => kl,
    );
    expect(await lineSearch(p, options)).toEqual({ kind: 'failed', reason, j: 4, surrogate, kl });
    expect(p.tried).toEqual([16, 8, 4, 2, 1]);
  });

  it('tries only the full step if maxBacktracks is 0', async () => {
    const p = problem(
      () => 2,
      () => 0,
    );
    expect(await lineSearch(p, { ...options, maxBacktracks: 0 })).toMatchObject({ kind: 'failed', j: 0 });
    expect(p.tried).toEqual([16]);
  });

  it.each([
    ['surrogate', Number.NaN, 0],
    ['surrogate', Number.NEGATIVE_INFINITY, 0],
    ['kl', 2, Number.NaN],
    ['kl', 0.5, Number.NEGATIVE_INFINITY],
  ] as const)('stops at a %s that is not finite', async (_, surrogate, kl) => {
    // The first step is finite but too long; the second is not finite.
    const p = problem(
      (theta) => (theta === 16 ? 2 : surrogate),
      (theta) => (theta === 16 ? 2 : kl),
    );
    expect(await lineSearch(p, options)).toEqual({ kind: 'failed', reason: 'not-finite', j: 1, surrogate, kl });
    expect(p.tried).toEqual([16, 8]);
  });

  it('leaves its vectors alone', async () => {
    const p = problem(
      () => 2,
      () => 0,
    );
    await lineSearch(p, options);
    expect([...p.start, ...p.fullStep]).toEqual([0, 16]);
  });
});
