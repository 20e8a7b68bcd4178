import { studentT975 } from './student-t.js';

/** 97.5 % quantile of the standard normal distribution, as papers round it. */
const Z975 = 1.96;

/** The mean of `values`; NaN of none. */
export function meanOf(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total / values.length;
}

/** A mean and the uncertainty of it. */
export interface MeanInterval {
  readonly mean: number;
  /** Half-width of the 95 % interval of the mean: t · sd / √n, sample standard deviation. `null` for one value. */
  readonly half: number | null;
}

/** Mean over independent runs, such as seeds, with its 95 % interval by Student's t. `values` has at least one. */
export function overSeeds(values: readonly number[]): MeanInterval {
  const { mean, deviation } = spread(values);
  const t = values.length === 1 ? null : studentT975(values.length - 1);
  return { mean, half: t === null ? null : (t * deviation) / Math.sqrt(values.length) };
}

/** Mean over tasks, of which there are many, with the half-width of its 95 % interval: 1.96 · sd / √n, 0 for one task. */
export function overTasks(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const { mean, deviation } = spread(values);
  return { mean, half: (Z975 * deviation) / Math.sqrt(values.length) };
}

/** The mean and the sample standard deviation, which is 0 for one value. */
function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = meanOf(values);
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
