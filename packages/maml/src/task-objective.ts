import {
  type InnerOptimizer,
  type ParameterLayout,
  type Parameters,
  type Policy,
  type TaskData,
  type Tensor,
  tidy,
  Workspace,
} from '@innerloop/core';
import {
  type AdaptationSetting,
  adaptOnce,
  type Derivative,
  RecordedAdaptation,
  type SplitVector,
} from './adaptation.js';
import { type CurvatureProduct, createCurvature } from './curvature.js';
import { type FrozenTask, freezeTask } from './frozen-task.js';
import { equal, type MamlObjectiveOptions, type MamlTask, metaLayout } from './maml-task.js';
import { MAML_LOSS, type MetaLoss } from './meta-loss.js';
import { type LossValues, TaskLoss } from './task-loss.js';

/*
 * The MAML objective of one task at frozen data (Finn, Abbeel and Levine 2017, algorithm 3, with TRPO's surrogate and constraint).
 * φ(θ) is the adaptation of θ on the frozen batches D⁰ … Dᴷ⁻¹; D′ was collected by π_φ(θk).
 *
 *   surrogate(θ) = −mean_D′ [ π_φ(θ)(a|s) / π_φ(θk)(a|s) · Â ], or another loss of the same kind, see meta-loss.ts
 *   gradient(θ)  = Jᵀ ∇_φ surrogate
 *   kl(θ)        = mean_D′ KL(π_φ(θk) ‖ π_φ(θ))
 *   curvature(v) = Jᵀ F J v, see curvature.ts
 *
 * Values are averaged in float64: the line search compares numbers that differ by little. Terms of the loss in φʲ, if it has any, join the
 * gradient where the pass through the chain comes by φʲ.
 */

/** Memory for graphs that the tasks of one objective share: those that find room keep theirs, the others record anew. */
export interface GraphBudget {
  /** Bytes. */
  left: number;
}

/** What is asked at one θ. */
interface Evaluated extends LossValues {
  readonly parameters: Float64Array;
}

/** See the head of this file. */
export class MamlTaskObjective implements MamlTask {
  /** θ's layout. */
  readonly layout: ParameterLayout;
  /** @internal */
  readonly frozen: FrozenTask;
  private readonly setting: AdaptationSetting;
  private readonly loss: TaskLoss;
  private readonly policyParts: number;
  private readonly workspace = new Workspace();
  /** @internal What is recorded at θ_k and kept from one product to the next. */
  readonly graphs = new Workspace();
  private curvatureProduct: CurvatureProduct | undefined;
  private recordedHere: RecordedAdaptation | undefined;
  private reserved = 0;
  private evaluated: Evaluated | undefined;

  constructor(
    readonly policy: Policy,
    inner: InnerOptimizer,
    private readonly options: MamlObjectiveOptions,
    private readonly data: TaskData,
    /** θ_k. */
    readonly parameters: Float64Array,
    private readonly budget: GraphBudget,
    loss: MetaLoss = MAML_LOSS,
  ) {
    this.layout = metaLayout(policy, inner);
    this.policyParts = policy.layout.parts.length;
    this.setting = { inner, policyLayout: policy.layout };
    this.frozen = this.freeze(loss);
    this.loss = new TaskLoss(policy, this.frozen, loss);
  }

  surrogate(parameters: Float64Array): number {
    return this.loss.total(this.evaluate(parameters));
  }

  gradient(parameters: Float64Array): Float64Array {
    const gradient = tidy(() => {
      const recorded = this.isHere(parameters) ? this.recordHere() : this.record(parameters);
      return this.join(recorded.transposed(this.loss.outerSlope(recorded), this.loss.innerSlopes(recorded)));
    });
    this.settle();
    return gradient;
  }

  kl(parameters: Float64Array): number {
    return this.evaluate(parameters).kl;
  }

  weigh(weights: readonly number[]): void {
    this.loss.weigh(weights);
  }

  innerTerms(parameters: Float64Array): readonly number[] {
    return this.evaluate(parameters).inner;
  }

  curvature(direction: Float64Array): Float64Array {
    this.curvatureProduct ??= createCurvature(this.options.curvature, this);
    const product = this.curvatureProduct(direction);
    this.settle();
    return product;
  }

  /** φ(θ), flat, in the policy's layout. */
  adapted(parameters: Float64Array): Float64Array {
    return tidy(() => this.policy.layout.flatten(this.record(parameters).adapted));
  }

  dispose(): void {
    this.forgetGraphs();
    this.workspace.dispose();
  }

  /** @internal */
  get derivative(): Derivative {
    return this.options.derivative;
  }

  /** @internal KL(π_φ(θk) ‖ π_φ) at each state that curvature is estimated on. */
  klForCurvature(adapted: Parameters): Tensor {
    const { observations, oldDistribution } = this.frozen.curvature;
    return this.policy.kl(oldDistribution, this.policy.distribution(adapted, observations));
  }

  /** @internal θ ↦ φ recorded at any θ, in the current scope. */
  record(parameters: Float64Array): RecordedAdaptation {
    const split = this.split(this.layout.variables(parameters));
    return new RecordedAdaptation(this.setting, split, this.frozen.inner, this.options.derivative);
  }

  /** @internal θ ↦ φ recorded at θ_k, once, and kept. */
  recordHere(): RecordedAdaptation {
    this.recordedHere ??= this.graphs.run(() => this.record(this.parameters));
    return this.recordedHere;
  }

  /** @internal θ ↦ φ without cuts between the steps, for derivatives of any order through all of them. */
  adaptWhole(theta: Parameters): Parameters {
    const start = this.split(theta);
    return this.frozen.inner.reduce<Parameters>(
      (phi, batch, j) => adaptOnce(this.setting, phi, start.own, batch, j),
      start.policy,
    );
  }

  /** @internal θ's tensors as the policy's and the inner optimizer's own. */
  split<T>(tensors: readonly T[]): { readonly policy: readonly T[]; readonly own: readonly T[] } {
    return { policy: tensors.slice(0, this.policyParts), own: tensors.slice(this.policyParts) };
  }

  /** @internal A vector in θ-space, flat. */
  join({ policy, own }: SplitVector): Float64Array {
    return this.layout.flatten([...policy, ...own]);
  }

  /** The values at one θ. A line search asks for one after the other, so the last are kept. */
  private evaluate(parameters: Float64Array): Evaluated {
    const known = this.evaluated;
    if (known && equal(known.parameters, parameters)) return known;
    const values = tidy(() => this.loss.values(this.record(parameters)));
    this.evaluated = { parameters: parameters.slice(), ...values };
    return this.evaluated;
  }

  /** Keeps the graphs if there is room for what they have grown by, and forgets them if not. */
  private settle(): void {
    const grown = this.graphs.bytes - this.reserved;
    if (grown > this.budget.left) {
      this.forgetGraphs();
      return;
    }
    this.budget.left -= grown;
    this.reserved += grown;
  }

  private forgetGraphs(): void {
    this.graphs.dispose();
    this.budget.left += this.reserved;
    this.reserved = 0;
    this.recordedHere = undefined;
    this.curvatureProduct = undefined;
  }

  private isHere(parameters: Float64Array): boolean {
    return equal(parameters, this.parameters);
  }

  private freeze(loss: MetaLoss): FrozenTask {
    const { policy, data, options } = this;
    return freezeTask(this.workspace, {
      policy,
      data,
      curvatureSubsample: options.curvatureSubsample ?? 1,
      keepsInner: loss.inner !== undefined,
      path: (inner) => {
        const split = this.split(this.layout.variables(this.parameters));
        const recorded = new RecordedAdaptation(this.setting, split, inner, options.derivative);
        return [...recorded.path, recorded.adapted];
      },
    });
  }
}
