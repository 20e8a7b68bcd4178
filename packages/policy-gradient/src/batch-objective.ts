import type { Batch, MetaObjective, ParameterLayout, PolicyObjective, TaskObjective } from '@innerloop/core';

/** One batch as a problem for a policy optimizer. */
export interface BatchObjective extends PolicyObjective {
  /** Frees its tensors. */
  dispose(): void;
}

/**
 * The objective of one batch D_k at frozen advantages:
 *
 *   surrogate(θ) = −mean_D [ π_θ(a|s) / π_θk(a|s) · Â ],   whose gradient at θ_k is −ĝ of VPG's line 6 (a mean over steps)
 *   kl(θ)        = mean_D KL(π_θk ‖ π_θ),                  whose Hessian at θ_k is Ĥ of TRPO's line 8
 *
 * That is the meta-objective of one task that is not adapted to, so it is asked of `objective` with no inner batches.
 */
export function batchObjective(
  objective: MetaObjective,
  batch: Batch,
  parameters: Float64Array,
  layout: ParameterLayout,
): BatchObjective {
  const task: TaskObjective = objective.bind({ inner: [], outer: batch }, parameters);
  return {
    parameters,
    layout,
    surrogate: async (theta) => task.surrogate(theta),
    gradient: async (theta = parameters) => task.gradient(theta),
    kl: async (theta) => task.kl(theta),
    curvature: async (direction) => task.curvature(direction),
    dispose: () => task.dispose(),
  };
}
