/** 97.5 % quantiles of Student's t with 1, 2, … 9 degrees of freedom. */
const SMALL = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216];

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959964;

/**
 * 97.5 % quantile of Student's t, for two-sided 95 % intervals.
 *
 * From 10 degrees of freedom on by the expansion around the normal quantile (Abramowitz and Stegun 1964, 26.7.5), right to 1e-4.
 *
 * @param freedom Degrees of freedom, a whole number of at least 1.
 */
export function studentT975(freedom: number): number {
  const small = SMALL[freedom - 1];
  if (small !== undefined) return small;
  const [z3, z5, z7] = [Z ** 3, Z ** 5, Z ** 7];
  return (
    Z +
    (z3 + Z) / (4 * freedom) +
    (5 * z5 + 16 * z3 + 3 * Z) / (96 * freedom ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * freedom ** 3)
  );
}
