/**
 * Cholesky factorisation in float64, for the small symmetric systems of baselines.
 */

/**
 * L with L Lᵀ = A, lower triangular with a positive diagonal.
 *
 * @param matrix A, symmetric, `[n, n]` row-major; only its lower triangle is read.
 * @returns L, `[n, n]` row-major with zeros above the diagonal; `undefined` if A is not positive definite to working
 *   precision: a pivot is not above the rounding error of the subtraction that made it, or not finite.
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array | undefined {
  const factor = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const diagonal = matrix[j * n + j] as number;
    const pivot = diagonal - rowProduct(factor, n, j, j, j);
    // Below this, what is left of the diagonal is rounding error, and so would be everything divided by it.
    if (!(pivot > n * Number.EPSILON * Math.abs(diagonal)) || !Number.isFinite(pivot)) return undefined;
    const root = Math.sqrt(pivot);
    factor[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      factor[i * n + j] = ((matrix[i * n + j] as number) - rowProduct(factor, n, i, j, j)) / root;
    }
  }
  return factor;
}

/**
 * x with L Lᵀ x = b, by forward and back substitution.
 *
 * @param factor L from {@link cholesky}, `[n, n]`.
 * @param rhs b, `[n]`.
 */
export function choleskySolve(factor: Float64Array, rhs: Float64Array): Float64Array {
  const n = rhs.length;
  const x = Float64Array.from(rhs);
  for (let i = 0; i < n; i++) {
    let value = x[i] as number;
    for (let k = 0; k < i; k++) value -= (factor[i * n + k] as number) * (x[k] as number);
    x[i] = value / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = x[i] as number;
    for (let k = i + 1; k < n; k++) value -= (factor[k * n + i] as number) * (x[k] as number);
    x[i] = value / (factor[i * n + i] as number);
  }
  return x;
}

/** Σ_k<length L[i, k] · L[j, k]. */
function rowProduct(factor: Float64Array, n: number, i: number, j: number, length: number): number {
  let total = 0;
  for (let k = 0; k < length; k++) total += (factor[i * n + k] as number) * (factor[j * n + k] as number);
  return total;
}
