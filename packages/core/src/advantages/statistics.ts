/** Keeps the division finite when all advantages are equal. */
const EPSILON = 1e-8;

/** Mean and population standard deviation. */
export interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

/** The moments of `values`, in two passes. */
export function momentsOf(values: Float64Array): Moments {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** `(x − mean) / (deviation + 1e-8)`. */
export function standardize(values: Float64Array, { mean, deviation }: Moments): Float64Array {
  return values.map((value) => (value - mean) / (deviation + EPSILON));
}

/** 1 − Var(target − prediction) / Var(target); `null` when the targets are all equal. */
export function explainedVariance(predictions: Float64Array, targets: Float64Array): number | null {
  const total = momentsOf(targets).deviation ** 2;
  if (total === 0) return null;
  return 1 - momentsOf(targets.map((target, i) => target - (predictions[i] as number))).deviation ** 2 / total;
}
