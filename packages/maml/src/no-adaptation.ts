import type { InnerOptimizer } from '@innerloop/core';

/**
 * The inner optimizer that leaves φ as it is: what stands where a policy is trained without meta-learning. With it the MAML objective of a
 * task is the plain objective of its batch, on either engine.
 */
export const NO_ADAPTATION: InnerOptimizer = {
  adapt: ({ policy }) => policy,
  symmetricJacobian: true,
  gradientStep: { loss: { loss: 'log-likelihood', average: 'steps' }, stepSize: () => 0 },
};
