import { expect } from 'vitest';

interface Closeness {
  /** Relative to the larger of the two norms (of vectors) or magnitudes (of numbers). */
  readonly rtol?: number;
  /** Absolute, per element. */
  readonly atol?: number;
}

expect.extend({
  /** Compares numbers or vectors: ‖a − b‖ ≤ rtol · max(‖a‖, ‖b‖) + atol · √n. */
  toBeAllClose(received: number | ArrayLike<number>, expected: number | ArrayLike<number>, closeness: Closeness = {}) {
    const a = typeof received === 'number' ? [received] : Array.from(received);
    const b = typeof expected === 'number' ? [expected] : Array.from(expected);
    const { rtol = 1e-6, atol = 0 } = closeness;
    const norm = (x: number[]) => Math.sqrt(x.reduce((total, value) => total + value * value, 0));
    const difference = norm(a.map((value, index) => value - (b[index] ?? Number.NaN)));
    const allowed = rtol * Math.max(norm(a), norm(b)) + atol * Math.sqrt(b.length);
    return {
      pass: a.length === b.length && difference <= allowed,
      message: () =>
        `lengths ${a.length} and ${b.length}, difference ${difference}, allowed ${allowed}\n` +
        `received ${a.slice(0, 8).join(', ')}\nexpected ${b.slice(0, 8).join(', ')}`,
    };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toBeAllClose(expected: number | ArrayLike<number>, closeness?: Closeness): T;
  }
}
