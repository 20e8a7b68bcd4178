import {
  type Batch,
  InnerloopError,
  type InnerOptimizer,
  type MetaObjective,
  type ObjectiveCapability,
  type Policy,
  type TaskData,
} from '@innerloop/core';
import type { MamlObjectiveOptions, MamlTask } from './maml-task.js';
import { MamlObjective } from './objective.js';

/*
 * Reptile (Nichol, Achiam and Schulman 2018, "On first-order meta-learning algorithms", arXiv:1803.02999, algorithm 2, batched):
 *
 *   1: Initialize θ
 *   2: for iteration = 1, 2, … do
 *   3:   Sample tasks τ_1, …, τ_n
 *   4:   for i = 1, …, n do
 *   5:     Compute φ_i = U^k_τi(θ), k steps of an optimizer from θ
 *   6:   end for
 *   7:   Update θ ← θ + ε (1/n) Σ_i (φ_i − θ)
 *   8: end for
 *
 * As an objective, line 7 is one step of gradient descent of size ε on mean_i ½ ‖θ − φ_i‖², φ_i held fixed.
 *
 * Differs from the text
 * - D′ is collected all the same: it measures the return after adaptation, and limits how far a step may move the adapted policies (`kl`).
 * - Each inner step has new trajectories, sampled from the policy that it starts from.
 */

/** See the head of this file. It has no curvature to give: ½ ‖θ − φ‖² is no distance between policies. */
export class ReptileObjective implements MetaObjective {
  readonly provides: readonly ObjectiveCapability[] = ['surrogate', 'gradient', 'kl'];
  private readonly maml: MamlObjective;

  /**
   * @param inner Must have no parameters of its own: φ says nothing about them.
   * @throws InnerloopError CONFIG_INVALID if it has; and as {@link MamlObjective}.
   */
  constructor(policy: Policy, inner: InnerOptimizer, options: Pick<MamlObjectiveOptions, 'engine'> = {}) {
    if (inner.ownLayout) {
      throw new InnerloopError(
        'CONFIG_INVALID',
        "objective: reptile moves θ towards the adapted parameters, which says nothing about the inner optimizer's own parameters (learned " +
          'step sizes, for example), so they would never be learned. Use an inner optimizer without, such as vpg, or another objective.',
      );
    }
    this.maml = new MamlObjective(policy, inner, { derivative: 'first-order', curvature: 'gauss-newton', ...options });
  }

  /** Which engine adapts and measures. */
  get engine(): MamlObjective['engine'] {
    return this.maml.engine;
  }

  bind(data: TaskData, parameters: Float64Array): ReptileTaskObjective {
    return new ReptileTaskObjective(this.maml.bind(data, parameters), parameters);
  }

  adapt(phi: Float64Array, own: Float64Array, batch: Batch, step: number, stepSize?: number): Float64Array {
    return this.maml.adapt(phi, own, batch, step, stepSize);
  }
}

/** Reptile's objective of one task: half the squared distance to φ(θ_k). */
export class ReptileTaskObjective implements MamlTask {
  /** φ(θ_k). */
  private readonly phi: Float64Array;

  constructor(
    private readonly task: MamlTask,
    parameters: Float64Array,
  ) {
    this.phi = task.adapted(parameters); // line 5
  }

  /** ½ ‖θ − φ‖². */
  surrogate(parameters: Float64Array): number {
    return this.gradient(parameters).reduce((total, value) => total + value * value, 0) / 2;
  }

  /** θ − φ. */
  gradient(parameters: Float64Array): Float64Array {
    return parameters.map((value, i) => value - (this.phi[i] as number));
  }

  kl(parameters: Float64Array): number {
    return this.task.kl(parameters);
  }

  adapted(parameters: Float64Array): Float64Array {
    return this.task.adapted(parameters);
  }

  /** @throws Error always: the objective does not provide it. */
  curvature(): never {
    throw new Error("the objective 'reptile' provides no curvature");
  }

  dispose(): void {
    this.task.dispose();
  }
}
