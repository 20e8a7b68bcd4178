import {
  activeBackend,
  type Batch,
  InnerloopError,
  type InnerOptimizer,
  type MetaObjective,
  type ObjectiveCapability,
  type Policy,
  type TaskData,
} from '@innerloop/core';
import { adaptValues } from './adaptation.js';
import type { MamlObjectiveOptions, MamlTask } from './maml-task.js';
import { NO_ADAPTATION } from './no-adaptation.js';
import { type GraphBudget, MamlTaskObjective } from './task-objective.js';
import { WrittenOut } from './written-out.js';
import { WrittenOutTaskObjective } from './written-out-objective.js';

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
  const { engine = 'graph', engineOption = 'objective.engine', curvature } = options;
  if (engine === 'graph') return false;
  const able = WrittenOut.supports(policy, inner) && curvature === 'gauss-newton';
  if (engine === 'kernels' && !able) {
    throw new InnerloopError(
      'CONFIG_INVALID',
      `${engineOption}: 'kernels' needs a multilayer perceptron policy (gaussian-mlp, categorical-mlp)` +
        (inner === NO_ADAPTATION ? '' : ", the inner optimizer vpg or anil and curvature 'gauss-newton'") +
        ". Use 'auto' or 'graph'.",
    );
  }
  // Left to itself it takes graphs on the plain CPU backend: whoever asks for that backend wants to see its numbers.
  return able && (engine === 'kernels' || activeBackend() !== 'cpu');
}
