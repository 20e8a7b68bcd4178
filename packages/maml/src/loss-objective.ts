import type {
  InnerOptimizer,
  InnerTermWeights,
  MetaObjective,
  ObjectiveCapability,
  Policy,
  TaskData,
} from '@innerloop/core';
import type { MamlObjectiveOptions, MamlTask } from './maml-task.js';
import type { MetaLoss } from './meta-loss.js';
import { type GraphBudget, MamlTaskObjective } from './task-objective.js';

/** What an objective of its own loss is made of. */
export interface LossObjectiveParts {
  readonly policy: Policy;
  readonly inner: InnerOptimizer;
  readonly loss: MetaLoss;
  /** Required where the loss has inner terms. */
  readonly weights?: InnerTermWeights;
}

/**
 * A meta-objective that differs from MAML's in its loss alone: it adapts, differentiates through the adaptation and limits KL as MAML does,
 * on recorded graphs, with any policy and inner optimizer.
 */
export class LossObjective implements MetaObjective {
  readonly provides: readonly ObjectiveCapability[] = ['surrogate', 'gradient', 'kl', 'curvature'];
  readonly innerTermWeights?: InnerTermWeights;
  private readonly budget: GraphBudget;

  constructor(
    private readonly parts: LossObjectiveParts,
    private readonly options: Omit<MamlObjectiveOptions, 'engine'>,
  ) {
    this.budget = { left: (options.graphMemory ?? 512) * 1e6 };
    if (parts.weights) this.innerTermWeights = parts.weights;
  }

  bind(data: TaskData, parameters: Float64Array): MamlTask {
    const { policy, inner, loss } = this.parts;
    return new MamlTaskObjective(policy, inner, this.options, data, parameters, this.budget, loss);
  }
}
