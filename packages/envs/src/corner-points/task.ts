/** Which corner is the goal. */
export type CornerTask = {
  /** x and y, each −2 or 2. */
  readonly goal: readonly [number, number];
};

/** The four goals, each as likely as the others. */
export const CORNERS: readonly CornerTask[] = [
  { goal: [-2, -2] },
  { goal: [2, -2] },
  { goal: [-2, 2] },
  { goal: [2, 2] },
];

/** `dense`: −d at every step, d the Euclidean distance to the goal; `dense-squared`: −d². `sparse` differs between the two environments. */
export type CornerReward = 'sparse' | 'dense' | 'dense-squared';
