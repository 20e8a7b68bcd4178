/** xᵀy of two vectors of the same length. */
export function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (x[i] as number) * (y[i] as number);
  return total;
}

/** x + a·y, in a new vector. */
export function addScaled(x: Float64Array, a: number, y: Float64Array): Float64Array {
  return x.map((value, i) => value + a * (y[i] as number));
}

/** The index of the first value that is NaN or infinite; −1 if there is none. */
export function firstNonFinite(x: Float64Array): number {
  return x.findIndex((value) => !Number.isFinite(value));
}

/** Throws a RangeError unless the vector has the expected length. `what` names it in the message. */
export function assertLength(x: Float64Array, expected: number, what: string): void {
  if (x.length !== expected) throw new RangeError(`${what}: expected ${expected} numbers, found ${x.length}`);
}
