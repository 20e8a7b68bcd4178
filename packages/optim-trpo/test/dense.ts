/** Small dense linear algebra in float64: an oracle that shares no code with the sources. */

/** A square matrix, as rows. */
export type Matrix = readonly (readonly number[])[];

/** A v. */
export function multiply(a: Matrix, v: ArrayLike<number>): Float64Array {
  return Float64Array.from(a, (row) => row.reduce((total, value, i) => total + value * (v[i] as number), 0));
}

/** Solves A x = b by Gaussian elimination with partial pivoting. */
export function solve(a: Matrix, b: ArrayLike<number>): Float64Array {
  const n = a.length;
  const rows = a.map((row, i) => [...row, b[i] as number]);
  const at = (i: number, j: number) => rows[i]?.[j] as number;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(at(i, column)) > Math.abs(at(pivot, column))) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    for (let i = column + 1; i < n; i++) {
      const factor = at(i, column) / at(column, column);
      rows[i] = (rows[i] as number[]).map((value, j) => value - factor * at(column, j));
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let rest = at(i, n);
    for (let j = i + 1; j < n; j++) rest -= at(i, j) * (x[j] as number);
    x[i] = rest / at(i, i);
  }
  return x;
}

/** MᵀM + ridge·I with M `[n, n]` of standard normals: symmetric positive definite. */
export function randomPositiveDefinite(n: number, normal: () => number, ridge: number): number[][] {
  const m = Array.from({ length: n }, () => Array.from({ length: n }, normal));
  return m.map((_, i) =>
    m.map((_, j) => m.reduce((total, row) => total + (row[i] as number) * (row[j] as number), i === j ? ridge : 0)),
  );
}

/** A + λI. */
export function damp(a: Matrix, lambda: number): number[][] {
  return a.map((row, i) => row.map((value, j) => (i === j ? value + lambda : value)));
}
