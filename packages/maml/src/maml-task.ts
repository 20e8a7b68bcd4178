import type { Batch, InnerOptimizer, ParameterLayout, Policy, TaskObjective } from '@innerloop/core';
import type { Derivative } from './adaptation.js';

/** How (Hessian of kl)·v is computed. */
export type CurvatureMethod = 'gauss-newton' | 'finite-difference' | 'double-backprop';

/** Options of {@link MamlObjective}. */
export interface MamlObjectiveOptions {
  readonly derivative: Derivative;
  readonly curvature: CurvatureMethod;
  /** `auto` takes the kernels where they can serve and the backend is not `cpu`; `graph` if left out. */
  readonly engine?: 'auto' | 'kernels' | 'graph';
  /** Where a config says which engine, for messages; `objective.engine` if left out. */
  readonly engineOption?: string;
  /** Share of D′'s steps that F is estimated on, evenly spaced, in (0, 1]; 1 if left out. */
  readonly curvatureSubsample?: number;
  /** How many megabytes of recorded graphs may be kept between products; 512 if left out. Changes no number. */
  readonly graphMemory?: number;
}

/** The layout of θ: the policy's parameters, then the inner optimizer's own under `inner/`. */
export function metaLayout(policy: Policy, inner: InnerOptimizer): ParameterLayout {
  const own = inner.ownLayout?.(policy.layout);
  return own ? policy.layout.concat('inner', own) : policy.layout;
}

/** A task's objective, which can also be asked where adaptation leads. */
export interface MamlTask extends TaskObjective {
  /** φ(θ), flat, in the policy's layout. */
  adapted(parameters: Float64Array): Float64Array;
}

/** Whether two vectors are the same numbers. */
export function equal(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Every so-many-th step of a batch, such that about `share` of them stay. */
export function subsample(batch: Batch, share: number): Batch {
  const stride = Math.round(1 / share);
  if (stride <= 1) return batch;
  const kept = Array.from({ length: Math.ceil(batch.steps / stride) }, (_, i) => i * stride);
  const rows = (values: Float32Array) => {
    const size = values.length / batch.steps;
    return Float32Array.from(kept.flatMap((i) => [...values.subarray(i * size, (i + 1) * size)]));
  };
  return {
    steps: kept.length,
    episodes: batch.episodes,
    observations: rows(batch.observations),
    actions: rows(batch.actions),
    advantages: Float64Array.from(kept, (i) => batch.advantages[i] as number),
    logProbabilities: Float64Array.from(kept, (i) => batch.logProbabilities[i] as number),
  };
}
