/** xᵀy. */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (x[i] as number) * (y[i] as number);
  return total;
}

/** ‖x‖. */
export function norm(x: ArrayLike<number>): number {
  return Math.sqrt(dot(x, x));
}

/** x + a·y, in a new vector. */
export function addScaled(x: Float64Array, a: number, y: Float64Array): Float64Array {
  return x.map((value, i) => value + a * (y[i] as number));
}

/** ‖found − expected‖ / ‖expected‖; absolute where nothing is expected. */
export function relativeError(found: Float64Array, expected: Float64Array): number {
  const difference = norm(addScaled(found, -1, expected));
  const length = norm(expected);
  return length === 0 ? difference : difference / length;
}

/** The mean of vectors of one length. */
export function meanVector(vectors: readonly Float64Array[]): Float64Array {
  const [first] = vectors;
  const total = new Float64Array(first?.length ?? 0);
  for (const vector of vectors)
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (vector[i] as number);
  return total.map((value) => value / vectors.length);
}
