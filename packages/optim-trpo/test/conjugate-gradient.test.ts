import { randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { conjugateGradient } from '../src/index.js';
import { type Matrix, multiply, randomPositiveDefinite, solve } from './dense.js';

const by = (a: Matrix) => async (v: Float64Array) => multiply(a, v);

describe('conjugate gradient', () => {
  it('takes the two steps of a 2 × 2 system worked by hand', async () => {
    // A = [[4, 1], [1, 3]], b = (1, 2); A⁻¹ = 1/11 [[3, −1], [−1, 4]], so x = (1/11, 7/11).
    // Step 1: p = b, z = (6, 7), rᵀr = 5, pᵀz = 20, a = 1/4, x = (1/4, 1/2),
    //         r = (1, 2) − (6, 7)/4 = (−1/2, 1/4), rᵀr = 5/16.
    const a = [
      [4, 1],
      [1, 3],
    ];
    const b = Float64Array.of(1, 2);
    const one = await conjugateGradient(by(a), b, { iterations: 1, tolerance: 0 });
    expect(one).toEqual({
      kind: 'solution',
      converged: false,
      x: Float64Array.of(0.25, 0.5),
      iterations: 1,
      residual: 0.3125,
    });
    const two = await conjugateGradient(by(a), b, { iterations: 2, tolerance: 0 });
    expect(two.x).toBeAllClose([1 / 11, 7 / 11], { rtol: 1e-14 });
  });

  it.each([3, 8, 20])('equals a dense solve after n = %i iterations', async (n) => {
    const random = randomStream({ seed: 5, purpose: 'user', task: n });
    const a = randomPositiveDefinite(n, () => random.normal(), n);
    const b = Float64Array.from({ length: n }, () => random.normal());
    const exact = solve(a, b);
    const found = await conjugateGradient(by(a), b, { iterations: n, tolerance: 0 });
    expect(found.kind).toBe('solution');
    expect(found.x).toBeAllClose(exact, { rtol: 1e-10 });
    // And not long before.
    const early = await conjugateGradient(by(a), b, { iterations: Math.ceil(n / 2), tolerance: 0 });
    expect(early.x).not.toBeAllClose(exact, { rtol: 1e-7 });
  });

  it('reports the residual b − A x that the solution really has', async () => {
    const random = randomStream({ seed: 6, purpose: 'user' });
    const a = randomPositiveDefinite(12, () => random.normal(), 3);
    const b = Float64Array.from({ length: 12 }, () => random.normal());
    const found = await conjugateGradient(by(a), b, { iterations: 5, tolerance: 0 });
    const ax = multiply(a, found.x);
    const truth = b.reduce((total, value, i) => total + (value - (ax[i] as number)) ** 2, 0);
    expect(found.residual).toBeAllClose(truth, { rtol: 1e-9 });
  });

  it('stops as soon as rᵀr is below the tolerance, and counts its products', async () => {
    // Two different eigenvalues: exact after two steps, whatever n is.
    const diagonal = [2, 2, 2, 5, 5];
    let products = 0;
    const product = async (v: Float64Array) => {
      products += 1;
      return v.map((value, i) => value * (diagonal[i] as number));
    };
    const found = await conjugateGradient(product, Float64Array.of(1, 2, 3, 4, 5), {
      iterations: 50,
      tolerance: 1e-20,
    });
    expect(found).toMatchObject({ kind: 'solution', converged: true, iterations: 2 });
    expect(products).toBe(2);
    expect(found.x).toBeAllClose([0.5, 1, 1.5, 0.8, 1], { rtol: 1e-14 });
  });

  it('gives a direction for a right-hand side whose square is already below the tolerance', async () => {
    // A = 2I: x = b/2 after one step. ‖b‖² = 2e-14, below 1e-10.
    const double = async (v: Float64Array) => v.map((value) => 2 * value);
    const found = await conjugateGradient(double, Float64Array.of(1e-7, -1e-7), { iterations: 10, tolerance: 1e-10 });
    expect(found).toMatchObject({ kind: 'solution', converged: true, iterations: 1 });
    expect(found.x).toBeAllClose([5e-8, -5e-8], { rtol: 1e-14 });
  });

  it('answers a zero right-hand side with zero and without a product', async () => {
    const never = async () => {
      throw new Error('no product is needed');
    };
    const found = await conjugateGradient(never, new Float64Array(3), { iterations: 10, tolerance: 1e-10 });
    expect(found).toEqual({ kind: 'solution', converged: true, x: new Float64Array(3), iterations: 0, residual: 0 });
  });

  it('overwrites neither b nor what the product returns, and lets the product keep its argument', async () => {
    const a = [
      [4, 1, 0],
      [1, 3, 1],
      [0, 1, 5],
    ];
    const b = Float64Array.of(1, 2, 3);
    const seen: { v: Float64Array; vThen: number[]; z: Float64Array; zThen: number[] }[] = [];
    const product = async (v: Float64Array) => {
      const z = multiply(a, v);
      seen.push({ v, vThen: [...v], z, zThen: [...z] });
      return z;
    };
    await conjugateGradient(product, b, { iterations: 3, tolerance: 0 });
    expect([...b]).toEqual([1, 2, 3]);
    expect(seen).toHaveLength(3);
    for (const { v, vThen, z, zThen } of seen) {
      expect([...v]).toEqual(vThen);
      expect([...z]).toEqual(zThen);
    }
    // A product may overwrite its argument, and may return it.
    const inPlace = async (v: Float64Array) => {
      v.set(multiply(a, v));
      return v;
    };
    const found = await conjugateGradient(inPlace, b, { iterations: 3, tolerance: 0 });
    expect(found.x).toBeAllClose(solve(a, b), { rtol: 1e-12 });
  });

  it('tells of negative curvature in the first direction', async () => {
    // p = b = (1, 2), A = diag(1, −1): pᵀAp = 1 − 4 = −3.
    const product = async (v: Float64Array) => Float64Array.of(v[0] as number, -(v[1] as number));
    const found = await conjugateGradient(product, Float64Array.of(1, 2), { iterations: 10, tolerance: 1e-10 });
    expect(found).toEqual({
      kind: 'negative-curvature',
      curvature: -3,
      x: new Float64Array(2),
      iterations: 0,
      residual: 5,
    });
  });

  it('tells of negative curvature after a step, and of the x until then', async () => {
    // A = diag(1, −1), b = (2, 1): pᵀAp = 4 − 1 = 3, a = 5/3, x = (10/3, 5/3), r = (2, 1) − 5/3 (2, −1) = (−4/3, 8/3),
    // rᵀr = 80/9, β = (80/9)/5 = 16/9, p = (−4/3, 8/3) + 16/9 (2, 1) = (20/9, 40/9), pᵀAp = (400 − 1600)/81 = −400/27.
    const product = async (v: Float64Array) => Float64Array.of(v[0] as number, -(v[1] as number));
    const found = await conjugateGradient(product, Float64Array.of(2, 1), { iterations: 10, tolerance: 1e-10 });
    expect(found).toMatchObject({ kind: 'negative-curvature', iterations: 1 });
    expect(found.x).toBeAllClose([10 / 3, 5 / 3], { rtol: 1e-14 });
    expect(found.residual).toBeAllClose(80 / 9, { rtol: 1e-14 });
    if (found.kind === 'negative-curvature') expect(found.curvature).toBeAllClose(-400 / 27, { rtol: 1e-13 });
  });

  it('counts zero curvature as negative', async () => {
    const zero = async (v: Float64Array) => new Float64Array(v.length);
    const found = await conjugateGradient(zero, Float64Array.of(1, 2), { iterations: 10, tolerance: 1e-10 });
    expect(found).toMatchObject({ kind: 'negative-curvature', curvature: 0, iterations: 0 });
  });

  it.each([
    [Number.NaN, 'right-hand side'],
    [Number.POSITIVE_INFINITY, 'right-hand side'],
    [1e200, 'right-hand side'], // its square overflows
  ])('tells of %f in the right-hand side', async (bad, where) => {
    const identity = async (v: Float64Array) => v;
    const found = await conjugateGradient(identity, Float64Array.of(1, bad), { iterations: 10, tolerance: 0 });
    expect(found).toMatchObject({ kind: 'not-finite', where, iterations: 0 });
  });

  it('tells of a product that is not finite, and of the iteration it came in', async () => {
    let products = 0;
    const product = async (v: Float64Array) => {
      products += 1;
      return Float64Array.of(v[0] as number, products === 2 ? Number.NaN : 3 * (v[1] as number));
    };
    const found = await conjugateGradient(product, Float64Array.of(1, 1), { iterations: 10, tolerance: 0 });
    // Step 1: pᵀAp = 1 + 3 = 4, a = 2/4, x = (1/2, 1/2).
    expect(found).toMatchObject({ kind: 'not-finite', where: 'product', iterations: 1 });
    expect([...found.x]).toEqual([0.5, 0.5]);
  });

  it('tells of a step that overflows', async () => {
    // pᵀz = 1e-310, a = 1/1e-310 = Infinity.
    const tiny = async (v: Float64Array) => v.map((value) => value * 1e-310);
    const found = await conjugateGradient(tiny, Float64Array.of(1), { iterations: 10, tolerance: 0 });
    expect(found).toMatchObject({ kind: 'not-finite', where: 'step', iterations: 0 });
    expect([...found.x]).toEqual([0]);
  });

  it('refuses a product of another length', async () => {
    const shorter = async () => Float64Array.of(1);
    await expect(conjugateGradient(shorter, Float64Array.of(1, 2), { iterations: 1, tolerance: 0 })).rejects.toThrow(
      'product of conjugate gradient: expected 2 numbers, found 1',
    );
  });
});
