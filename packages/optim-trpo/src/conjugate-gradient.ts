/**
 * Conjugate gradient (Hestenes and Stiefel 1952), as in Nocedal and Wright, "Numerical Optimization", 2nd edition,
 * Algorithm 5.2, over a product with the matrix A. A is never formed.
 *
 *     1: x ← 0, r ← b, p ← r
 *     2: for i = 1, 2, …, iterations do
 *     3:    z ← A p
 *     4:    a ← rᵀr / pᵀz
 *     5:    x ← x + a p,  r ← r − a z
 *     6:    if rᵀr < tolerance then stop
 *     7:    p ← r + (new rᵀr / old rᵀr) p
 *     8: end for
 *
 * Differs from the text
 * - r is b − A x, where the text has A x − b: the signs of r and p change together.
 * - Line 4 stops if pᵀz ≤ 0, and lines 3 and 5 if a value is not finite: the result says so.
 * - Line 6 comes after the first step, so that x ≠ 0 for every b ≠ 0, however small: a trust region fixes the length of
 *   the step, so the direction is needed even where the gradient is tiny.
 */
import { addScaled, assertLength, dot, firstNonFinite } from './vector.js';

/** v → A v, for a symmetric positive definite A of size `[n, n]`; `v` and the answer are `[n]`. */
export type MatrixProduct = (v: Float64Array) => Promise<Float64Array>;

/** When to stop. */
export interface ConjugateGradientOptions {
  /** At most this many steps, each of one product. */
  readonly iterations: number;
  /** Stop once rᵀr is below this; r = b − A x, so it is in squared units of b. */
  readonly tolerance: number;
}

/** How far the iteration came. */
interface Progress {
  /** The approximate solution of A x = b so far, `[n]`; finite whatever the outcome. */
  readonly x: Float64Array;
  /** How many steps were completed. */
  readonly iterations: number;
  /** rᵀr at `x`. */
  readonly residual: number;
}

/** What conjugate gradient found, told apart by `kind`. */
export type ConjugateGradientResult =
  | (Progress & {
      readonly kind: 'solution';
      /** Whether rᵀr fell below the tolerance, rather than the iterations running out. */
      readonly converged: boolean;
    })
  | (Progress & {
      /** A is not positive definite: a direction p has pᵀA p ≤ 0. */
      readonly kind: 'negative-curvature';
      /** pᵀA p. */
      readonly curvature: number;
    })
  | (Progress & {
      readonly kind: 'not-finite';
      /** Where the first NaN or infinity was seen: b, A p, or a number computed from them. */
      readonly where: 'right-hand side' | 'product' | 'step';
    });

/**
 * Solves A x = b for a symmetric positive definite A. Exact after n steps, but for rounding. `b` and what `product`
 * returns are only read, and each `v` that `product` receives is its own to keep.
 *
 * @param product v → A v.
 * @param b The right-hand side, `[n]`.
 * @throws RangeError if `product` returns a vector of another length.
 */
export async function conjugateGradient(
  product: MatrixProduct,
  b: Float64Array,
  { iterations, tolerance }: ConjugateGradientOptions,
): Promise<ConjugateGradientResult> {
  // line 1
  let x: Float64Array = new Float64Array(b.length);
  let r: Float64Array = b.slice();
  let p: Float64Array = b.slice();
  let residual = dot(r, r);
  if (!Number.isFinite(residual)) return { kind: 'not-finite', where: 'right-hand side', x, iterations: 0, residual };
  if (residual === 0) return { kind: 'solution', converged: true, x, iterations: 0, residual };

  for (let done = 0; done < iterations; done++) {
    const here = { x, iterations: done, residual };
    const z = await product(p.slice()); // line 3
    assertLength(z, b.length, 'product of conjugate gradient');
    if (firstNonFinite(z) >= 0) return { kind: 'not-finite', where: 'product', ...here };

    const curvature = dot(p, z);
    if (curvature <= 0) return { kind: 'negative-curvature', curvature, ...here };
    const a = residual / curvature; // line 4

    const nextX = addScaled(x, a, p); // line 5
    const nextR = addScaled(r, -a, z);
    const nextResidual = dot(nextR, nextR);
    if (!Number.isFinite(nextResidual) || firstNonFinite(nextX) >= 0) {
      return { kind: 'not-finite', where: 'step', ...here };
    }
    x = nextX;
    r = nextR;
    // line 6; an exact zero would make the next direction zero
    if (nextResidual < tolerance || nextResidual === 0) {
      return { kind: 'solution', converged: true, x, iterations: done + 1, residual: nextResidual };
    }
    p = addScaled(r, nextResidual / residual, p); // line 7
    residual = nextResidual;
  }
  return { kind: 'solution', converged: false, x, iterations, residual };
}
