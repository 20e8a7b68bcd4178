import {
  type AdaptationBatch,
  batchTensors,
  constant,
  type Distribution,
  gradients,
  type InnerOptimizer,
  ops,
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
import { equal, type MamlObjectiveOptions, type MamlTask, metaLayout, subsample } from './maml-task.js';

/*
 * The MAML objective of one task at frozen data (Finn, Abbeel and Levine 2017, algorithm 3, with TRPO's surrogate and constraint).
 * φ(θ) is the adaptation of θ on the frozen batches D⁰ … Dᴷ⁻¹; D′ was collected by π_φ(θk).
 *
 *   surrogate(θ) = −mean_D′ [ π_φ(θ)(a|s) / π_φ(θk)(a|s) · Â ]
 *   gradient(θ)  = Jᵀ ∇_φ surrogate
 *   kl(θ)        = mean_D′ KL(π_φ(θk) ‖ π_φ(θ))
 *   curvature(v) = Jᵀ F J v, see curvature.ts
 *
 * Values are averaged in float64: the line search compares numbers that differ by little.
 */

/** Memory for graphs that the tasks of one objective share: those that find room keep theirs, the others record anew. */
export interface GraphBudget {
  /** Bytes. */
  left: number;
}

/** Tensors that stay the same while an iteration lasts. */
interface Frozen {
  readonly inner: readonly AdaptationBatch[];
  readonly outer: AdaptationBatch;
  /** π_φ(θk) at D′. */
  readonly oldDistribution: Distribution;
  /** log π_φ(θk)(a|s) at D′, `[N]`. */
  readonly oldLogProbability: Tensor;
  /** π_φ(θk) and observations at the steps of D′ that F is estimated on. */
  readonly curvature: { readonly observations: Tensor; readonly oldDistribution: Distribution };
}

/** What a line search asks at one θ; `[N]` each. */
interface Evaluated {
  readonly parameters: Float64Array;
  readonly logProbability: Float32Array;
  readonly kl: Float64Array;
}

/** See the head of this file. */
export class MamlTaskObjective implements MamlTask {
  /** θ's layout. */
  readonly layout: ParameterLayout;
  /** @internal */
  readonly frozen: Frozen;
  private readonly setting: AdaptationSetting;
  private readonly policyParts: number;
  private readonly workspace = new Workspace();
  /** @internal What is recorded at θ_k and kept from one product to the next. */
  readonly graphs = new Workspace();
  private readonly oldLogProbabilities: Float32Array;
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
  ) {
    this.layout = metaLayout(policy, inner);
    this.policyParts = policy.layout.parts.length;
    this.setting = { inner, policyLayout: policy.layout };
    this.frozen = this.freeze();
    this.oldLogProbabilities = this.frozen.oldLogProbability.values();
  }

  surrogate(parameters: Float64Array): number {
    const { logProbability } = this.evaluate(parameters);
    const { advantages } = this.data.outer;
    let total = 0;
    for (let i = 0; i < advantages.length; i++) {
      const ratio = Math.exp((logProbability[i] as number) - (this.oldLogProbabilities[i] as number));
      total += ratio * (advantages[i] as number);
    }
    return -total / advantages.length;
  }

  gradient(parameters: Float64Array): Float64Array {
    const gradient = tidy(() => {
      const recorded = this.isHere(parameters) ? this.recordHere() : this.record(parameters);
      const { outer, oldLogProbability } = this.frozen;
      const distribution = this.policy.distribution(recorded.adapted, outer.observations);
      const ratio = ops.exp(ops.sub(this.policy.logProbability(distribution, outer.actions), oldLogProbability));
      const loss = ops.scale(ops.dot(ratio, outer.advantages), -1 / outer.steps);
      return this.join(recorded.transposed(gradients(loss, recorded.adapted)));
    });
    this.settle();
    return gradient;
  }

  kl(parameters: Float64Array): number {
    const { kl } = this.evaluate(parameters);
    return kl.reduce((total, value) => total + value, 0) / kl.length;
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

  /** log π_φ(θ)(a|s) and KL at each step of D′. Both are asked for at each θ of a line search, so the last are kept. */
  private evaluate(parameters: Float64Array): Evaluated {
    const known = this.evaluated;
    if (known && equal(known.parameters, parameters)) return known;
    const { oldDistribution, outer } = this.frozen;
    const values = tidy(() => {
      const distribution = this.policy.distribution(this.record(parameters).adapted, outer.observations);
      const logProbability = this.policy.logProbability(distribution, outer.actions).values();
      const kl = Float64Array.from(this.policy.kl(oldDistribution, distribution).values());
      return { logProbability, kl };
    });
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

  private freeze(): Frozen {
    const thinned = subsample(this.data.outer, this.options.curvatureSubsample ?? 1);
    const { inner, outer, few } = this.workspace.run(() => {
      const whole = batchTensors(this.data.outer);
      return {
        inner: this.data.inner.map(batchTensors),
        outer: whole,
        few: thinned === this.data.outer ? whole : batchTensors(thinned),
      };
    });
    // Recorded like any other θ, so that at θ_k the ratio is exactly 1 and the KL exactly 0; only the values are kept.
    const old = tidy(() => {
      const split = this.split(this.layout.variables(this.parameters));
      const { adapted } = new RecordedAdaptation(this.setting, split, inner, this.options.derivative);
      const distribution = this.policy.distribution(adapted, outer.observations);
      const logProbability = this.policy.logProbability(distribution, outer.actions);
      const atFew = few === outer ? [] : this.policy.distribution(adapted, few.observations);
      return [distribution, [logProbability], atFew].map((list) =>
        list.map((x) => ({ values: x.values(), shape: x.shape })),
      );
    });
    const [oldDistribution, [oldLogProbability], atFew] = this.workspace.run(() =>
      old.map((list) => list.map(({ values, shape }) => constant(values, shape))),
    ) as [Tensor[], [Tensor], Tensor[]];
    const curvature = {
      observations: few.observations,
      oldDistribution: few === outer ? oldDistribution : atFew,
    };
    return { inner, outer, oldDistribution, oldLogProbability, curvature };
  }
}
