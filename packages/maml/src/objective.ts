import {
  activeBackend,
  type Batch,
  InnerloopError,
  type InnerOptimizer,
  type MetaObjective,
  type ObjectiveCapability,
  type ParameterLayout,
  type Policy,
  type TaskData,
  type TaskObjective,
} from '@innerloop/core';
import { adaptValues, type Derivative } from './adaptation.js';
import { type GraphBudget, MamlTaskObjective } from './task-objective.js';
import { WrittenOut } from './written-out.js';
import { WrittenOutTaskObjective } from './written-out-objective.js';

/** How (Hessian of kl)·v is computed. */
export type CurvatureMethod = 'gauss-newton' | 'finite-difference' | 'double-backprop';

/** Options of {@link MamlObjective}. */
export interface MamlObjectiveOptions {
  readonly derivative: Derivative;
  readonly curvature: CurvatureMethod;
  /** `auto` takes the kernels where they can serve and the backend is not `cpu`; `graph` if left out. */
  readonly engine?: 'auto' | 'kernels' | 'graph';
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

/**
 * Makes the MAML objective of each task, by one of two engines that agree to rounding: recorded graphs on the tensor backend, for any
 * policy and inner optimizer (task-objective.ts), or written-out derivatives on SIMD kernels, for gradient steps on multilayer
 * perceptron policies (written-out-objective.ts).
 */
export class MamlObjective implements MetaObjective {
  readonly provides: readonly ObjectiveCapability[] = ['surrogate', 'gradient', 'kl', 'curvature'];
  private readonly budget: GraphBudget;
  private readonly writtenOut: WrittenOut | undefined;

  /** @throws InnerloopError CONFIG_INVALID if the kernels are asked for and cannot serve. */
  constructor(
    private readonly policy: Policy,
    private readonly inner: InnerOptimizer,
    private readonly options: MamlObjectiveOptions,
  ) {
    this.budget = { left: (options.graphMemory ?? 512) * 1e6 };
    if (usesKernels(policy, inner, options)) this.writtenOut = new WrittenOut(policy, inner);
  }

  /** Which engine serves. */
  get engine(): 'kernels' | 'graph' {
    return this.writtenOut ? 'kernels' : 'graph';
  }

  bind(data: TaskData, parameters: Float64Array): MamlTask {
    if (this.writtenOut) return new WrittenOutTaskObjective(this.writtenOut, this.options, data, parameters);
    return new MamlTaskObjective(this.policy, this.inner, this.options, data, parameters, this.budget);
  }

  adapt(phi: Float64Array, own: Float64Array, batch: Batch, step: number, stepSize?: number): Float64Array {
    const { writtenOut, policy, inner } = this;
    if (writtenOut) return writtenOut.adapt(phi, batch, stepSize ?? writtenOut.stepSize(step));
    return adaptValues({ inner, policyLayout: policy.layout }, phi, own, batch, step, stepSize);
  }
}

function usesKernels(policy: Policy, inner: InnerOptimizer, options: MamlObjectiveOptions): boolean {
  const { engine = 'graph', curvature } = options;
  if (engine === 'graph') return false;
  const able = WrittenOut.supports(policy, inner) && curvature === 'gauss-newton';
  if (engine === 'kernels' && !able) {
    throw new InnerloopError(
      'CONFIG_INVALID',
      "objective.engine: 'kernels' needs a multilayer perceptron policy (gaussian-mlp, categorical-mlp), the inner optimizer vpg and " +
        "curvature 'gauss-newton'. Use 'auto' or 'graph'.",
    );
  }
  // Whoever asks for the plain CPU backend wants to see that backend's numbers.
  return able && activeBackend() !== 'cpu';
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
