import { describe, expect, it } from 'vitest';
import { cholesky, choleskySolve, randomStream } from '../src/index.js';

describe('cholesky', () => {
  it('factors by hand', () => {
    // [4 2; 2 5]: l11 = 2, l21 = 2 / 2 = 1, l22 = √(5 − 1²) = 2.
    expect([...(cholesky(Float64Array.of(4, 2, 2, 5), 2) as Float64Array)]).toEqual([2, 0, 1, 2]);
  });

  it('solves by hand', () => {
    // [4 2; 2 5] · [1, 2] = [8, 12].
    const factor = cholesky(Float64Array.of(4, 2, 2, 5), 2) as Float64Array;
    expect(choleskySolve(factor, Float64Array.of(8, 12))).toBeAllClose([1, 2], { rtol: 1e-15 });
  });

  it('reads the lower triangle only', () => {
    expect([...(cholesky(Float64Array.of(4, Number.NaN, 2, 5), 2) as Float64Array)]).toEqual([2, 0, 1, 2]);
  });

  it('solves random systems: A x reproduces b', () => {
    const n = 9;
    const random = randomStream({ seed: 5, purpose: 'user' });
    const rows = Array.from({ length: 30 }, () => Array.from({ length: n }, () => random.normal()));
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        matrix[i * n + j] = rows.reduce((total, row) => total + (row[i] as number) * (row[j] as number), 0);
      }
    }
    const rhs = Float64Array.from({ length: n }, () => random.normal());
    const x = choleskySolve(cholesky(matrix, n) as Float64Array, rhs);
    const product = Array.from({ length: n }, (_, i) =>
      x.reduce((total, value, j) => total + (matrix[i * n + j] as number) * value, 0),
    );
    expect(product).toBeAllClose(rhs, { rtol: 1e-12 });
  });

  it.each([
    ['indefinite', [1, 2, 2, 1]], // determinant 1 − 4 < 0
    ['singular', [1, 1, 1, 1]],
    ['zero', [0, 0, 0, 0]],
    // What is left of the second pivot is 2, one unit in the last place of 1e16.
    ['singular but for rounding', [1e16, 1e16, 1e16, 1e16 + 2]],
    ['not a number', [Number.NaN, 0, 0, 1]],
    ['infinite', [Number.POSITIVE_INFINITY, 0, 0, 1]],
  ])('refuses a matrix that is %s', (_name, matrix) => {
    expect(cholesky(Float64Array.from(matrix), 2)).toBeUndefined();
  });
});
