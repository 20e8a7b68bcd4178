import {
  type Batch,
  type GradientStep,
  type HeadValues,
  type InnerOptimizer,
  kernels,
  MlpPasses,
  type MlpRows,
  type OutputRows,
  type PackedParameters,
  type Policy,
  type PolicyGradientLossOptions,
  type PolicyHead,
  type TangentRows,
} from '@innerloop/core';

/*
 * Policy gradients, Hessian products and Fisher products of a multilayer perceptron policy with every derivative written out, on the kernels.
 * Nothing is recorded; what does not depend on a direction (A, δ, E of the passes, w and u of the loss) is computed once for a point and kept.
 */

/** A policy and a gradient step whose derivatives are written out. */
export class WrittenOut {
  readonly passes: MlpPasses;
  readonly head: PolicyHead;
  private readonly step: GradientStep;
  /** P: 1 where a parameter is adapted, 0 where not; absent where all are. */
  private readonly kept: Float64Array | undefined;

  /** Whether a policy and an inner optimizer can do without a graph. */
  static supports(policy: Policy, inner: InnerOptimizer): boolean {
    return policy.writtenOut !== undefined && inner.gradientStep !== undefined && inner.ownLayout === undefined;
  }

  /** @throws Error unless {@link supports}. */
  constructor(policy: Policy, inner: InnerOptimizer) {
    const { writtenOut } = policy;
    if (!writtenOut || !inner.gradientStep)
      throw new Error('this policy or inner optimizer has no written-out derivatives');
    this.passes = new MlpPasses(writtenOut.sizes, writtenOut.activation);
    this.head = writtenOut.head;
    this.step = inner.gradientStep;
    if (this.step.adapts) this.kept = new Float64Array(policy.layout.size);
    for (const { name, offset, size } of policy.layout.parts) {
      if (this.step.adapts?.(name)) this.kept?.fill(1, offset, offset + size);
    }
  }

  /** α of step j, unless it is replaced. */
  stepSize(step: number): number {
    return this.step.stepSize(step);
  }

  /** The loss that an inner step lowers. */
  get innerLoss(): PolicyGradientLossOptions {
    return this.step.loss;
  }

  /** P v: a vector in φ-space with zeros where nothing is adapted. */
  keepAdapted(v: Float64Array): Float64Array {
    const { kept } = this;
    return kept ? v.map((value, i) => value * (kept[i] as number)) : v;
  }

  /** φ − α P ∇L as values. */
  adapt(phi: Float64Array, batch: Batch, alpha: number): Float64Array {
    const g = kernels().orGiveBack(() => {
      const point = new Point(this, phi, batch);
      const gradient = this.keepAdapted(point.lossGradient(this.innerLoss));
      point.dispose();
      return gradient;
    });
    return phi.map((value, i) => value - alpha * (g[i] as number));
  }

  /** The extra parameters of a flat vector. */
  extra(vector: Float64Array): Float64Array {
    return vector.subarray(this.passes.parameterCount);
  }

  /** A network gradient in kernel memory and the head's as one flat vector. */
  flatten(gradient: PackedParameters, extra: Float64Array): Float64Array {
    const vector = new Float64Array(this.passes.parameterCount + extra.length);
    this.passes.addTo(vector, gradient, 1);
    vector.set(extra, this.passes.parameterCount);
    return vector;
  }
}

/** φ with a batch: the network's activations there, and whatever derivatives have been asked for. Kept until disposed of. */
export class Point {
  private readonly packed: PackedParameters;
  private readonly rows: MlpRows;
  private readonly extra: Float64Array;
  /** w and u of the loss, once {@link lossGradient} has been asked. */
  private weights: { readonly w: Float64Array; readonly u: Float64Array | undefined } | undefined;

  constructor(
    private readonly maths: WrittenOut,
    phi: Float64Array,
    private readonly batch: Batch,
  ) {
    const { passes } = maths;
    this.extra = maths.extra(phi).slice();
    const [packed, rows] = kernels().orGiveBack(() => [
      passes.allocateParameters(),
      passes.allocateRows(batch.steps, true),
    ]);
    passes.load(phi, packed);
    passes.setInputs(rows, batch.observations);
    passes.forward(packed, rows);
    this.packed = packed;
    this.rows = rows;
  }

  /** log π(a|s) of each step, `[N]`. */
  logProbabilities(): Float64Array {
    const out = new Float64Array(this.batch.steps);
    this.maths.head.logProbabilities(this.values(), this.batch.actions, out);
    return out;
  }

  /** KL(π_this ‖ π_other) at each step's state, `[N]`; both points hold the same batch. */
  kl(other: Point): Float64Array {
    const out = new Float64Array(this.batch.steps);
    this.maths.head.kl(this.values(), other.values(), out);
    return out;
  }

  /** ∇L of a policy-gradient loss, flat. Leaves behind what {@link hessianProduct} needs. */
  lossGradient(loss: PolicyGradientLossOptions): Float64Array {
    const { steps, episodes, advantages, logProbabilities } = this.batch;
    const scale = -1 / (loss.average === 'steps' ? steps : episodes);
    if (loss.loss === 'log-likelihood') {
      return this.backward({ w: advantages.map((advantage) => scale * advantage), u: undefined });
    }
    // ψ = −Â e^(log π − log π_b) / count, so ψ′ = ψ″ = ψ.
    const here = this.logProbabilities();
    const w = advantages.map((a, i) => scale * a * Math.exp((here[i] as number) - (logProbabilities[i] as number)));
    return this.backward({ w, u: w });
  }

  /** The gradient of −mean ratio · Â, flat, where ratio is to log-probabilities `old [N]`. */
  surrogateGradient(old: Float64Array): Float64Array {
    const here = this.logProbabilities();
    const { advantages, steps } = this.batch;
    const w = advantages.map((a, i) => (-a * Math.exp((here[i] as number) - (old[i] as number))) / steps);
    return this.backward({ w, u: undefined });
  }

  /** H v of the loss whose gradient was asked for last, flat. */
  hessianProduct(v: Float64Array): Float64Array {
    const { weights } = this;
    if (!weights) throw new Error('hessianProduct: the gradient must be asked for first');
    return this.alongDirection(v, (passes, packedV, tangents, gradient) => {
      const extra = new Float64Array(this.extra.length);
      this.maths.head.tangent(
        this.values(),
        this.batch.actions,
        weights.w,
        weights.u,
        { outputs: this.outputsOf(tangents.activations), extra: this.maths.extra(v) },
        { outputs: this.outputsOf(tangents.deltas), extra },
      );
      passes.tangentBackward(this.packed, packedV, this.rows, tangents, gradient);
      return extra;
    });
  }

  /** F v, the Hessian of the mean KL at equal distributions, flat. Overwrites what {@link lossGradient} left behind. */
  fisherProduct(v: Float64Array): Float64Array {
    this.weights = undefined;
    return this.alongDirection(v, (passes, _packedV, tangents, gradient) => {
      const extra = new Float64Array(this.extra.length);
      this.maths.head.fisher(
        this.values(),
        { outputs: this.outputsOf(tangents.activations), extra: this.maths.extra(v) },
        { outputs: this.outputsOf(this.rows.deltas), extra },
      );
      passes.backward(this.packed, this.rows, gradient);
      return extra;
    });
  }

  dispose(): void {
    this.maths.passes.release(this.packed);
    this.maths.passes.release(this.rows);
  }

  private backward(weights: { readonly w: Float64Array; readonly u: Float64Array | undefined }): Float64Array {
    const { passes, head } = this.maths;
    this.weights = weights;
    const extra = new Float64Array(this.extra.length);
    return kernels().orGiveBack(() => {
      const gradient = passes.allocateParameters();
      head.gradient(this.values(), this.batch.actions, weights.w, { outputs: this.outputsOf(this.rows.deltas), extra });
      passes.backward(this.packed, this.rows, gradient);
      const flat = this.maths.flatten(gradient, extra);
      passes.release(gradient);
      return flat;
    });
  }

  private alongDirection(
    v: Float64Array,
    use: (passes: MlpPasses, v: PackedParameters, tangents: TangentRows, gradient: PackedParameters) => Float64Array,
  ): Float64Array {
    const { passes } = this.maths;
    return kernels().orGiveBack(() => {
      const packedV = passes.allocateParameters();
      const gradient = passes.allocateParameters();
      const tangents = passes.allocateTangents(this.batch.steps);
      passes.load(v, packedV);
      passes.tangent(this.packed, packedV, this.rows, tangents);
      const extra = use(passes, packedV, tangents, gradient);
      const flat = this.maths.flatten(gradient, extra);
      for (const part of [packedV, gradient, tangents]) passes.release(part);
      return flat;
    });
  }

  private values(): HeadValues {
    return { outputs: this.outputsOf(this.rows.activations), extra: this.extra };
  }

  private outputsOf(list: readonly number[]): OutputRows {
    const { passes } = this.maths;
    return { values: passes.outputs(list, this.batch.steps), stride: passes.outputStride, count: this.batch.steps };
  }
}
