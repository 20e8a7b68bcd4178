import { kernels, type TaskData } from '@innerloop/core';
import { equal, type MamlObjectiveOptions, type MamlTask, subsample } from './maml-task.js';
import { Point, type WrittenOut } from './written-out.js';

/*
 * The MAML objective of one task, as in objective.ts, for gradient steps on multilayer perceptron policies: no graph, every derivative
 * written out.
 *
 *   J v = (I − α_K₋₁ P H_K₋₁) … (I − α_0 P H_0) v,   Jᵀ u = (I − α_0 H_0 P) … (I − α_K₋₁ H_K₋₁ P) u,   curvature(v) = Jᵀ F J v
 *
 * where P keeps the parameters that are adapted: all of them, as a rule.
 * A Gauss-Newton product of one inner step is two Hessian products (six hidden-layer matrix products each) and one Fisher product (four).
 */

/** θ ↦ φ at one θ: a point for each inner step, and φ with D′. */
interface Chain {
  readonly inner: readonly Point[];
  readonly outer: Point;
  readonly phi: Float64Array;
}

/** See the head of this file. */
export class WrittenOutTaskObjective implements MamlTask {
  private readonly here: Chain;
  private readonly oldLogProbabilities: Float64Array;
  /** φ with the steps of D′ that F is estimated on. */
  private readonly fisher: Point;
  private evaluated: { readonly parameters: Float64Array; readonly surrogate: number; readonly kl: number } | undefined;

  constructor(
    private readonly maths: WrittenOut,
    private readonly options: Pick<MamlObjectiveOptions, 'derivative' | 'curvatureSubsample'>,
    private readonly data: TaskData,
    /** θ_k. */
    private readonly parameters: Float64Array,
  ) {
    const { curvatureSubsample = 1 } = options;
    const thinned = subsample(data.outer, curvatureSubsample);
    const [here, fisher] = kernels().orGiveBack(() => {
      const chain = this.chain(parameters);
      return [chain, thinned === data.outer ? chain.outer : new Point(maths, chain.phi, thinned)];
    });
    this.here = here;
    this.fisher = fisher;
    this.oldLogProbabilities = here.outer.logProbabilities();
  }

  surrogate(parameters: Float64Array): number {
    return this.evaluate(parameters).surrogate;
  }

  kl(parameters: Float64Array): number {
    return this.evaluate(parameters).kl;
  }

  gradient(parameters: Float64Array): Float64Array {
    if (equal(parameters, this.parameters)) return this.gradientOf(this.here);
    return kernels().orGiveBack(() => {
      const chain = this.chain(parameters);
      const gradient = this.gradientOf(chain);
      dispose(chain);
      return gradient;
    });
  }

  curvature(direction: Float64Array): Float64Array {
    const { inner } = this.here;
    let w: Float64Array = direction.slice();
    inner.forEach((point, j) => {
      w = this.timesJacobian(point, j, w, false);
    });
    return this.transposed(inner, this.fisher.fisherProduct(w));
  }

  adapted(parameters: Float64Array): Float64Array {
    const { maths } = this;
    return this.data.inner.reduce((phi, batch, j) => maths.adapt(phi, batch, maths.stepSize(j)), parameters);
  }

  dispose(): void {
    if (this.fisher !== this.here.outer) this.fisher.dispose();
    dispose(this.here);
  }

  private gradientOf({ inner, outer }: Chain): Float64Array {
    return this.transposed(inner, outer.surrogateGradient(this.oldLogProbabilities));
  }

  /** Jᵀ u. */
  private transposed(inner: readonly Point[], u: Float64Array): Float64Array {
    let result = u;
    for (let j = inner.length - 1; j >= 0; j--) result = this.timesJacobian(inner[j] as Point, j, result, true);
    return result;
  }

  /** (I − α_j P H_j) v, or transposed (I − α_j H_j P) v. */
  private timesJacobian(point: Point, j: number, v: Float64Array, transposed: boolean): Float64Array {
    if (this.options.derivative === 'first-order') return v;
    const { maths } = this;
    const alpha = maths.stepSize(j);
    const Hv = transposed ? point.hessianProduct(maths.keepAdapted(v)) : maths.keepAdapted(point.hessianProduct(v));
    return v.map((value, i) => value - alpha * (Hv[i] as number));
  }

  private chain(theta: Float64Array): Chain {
    let phi = theta;
    const inner = this.data.inner.map((batch, j) => {
      const point = new Point(this.maths, phi, batch);
      const g = this.maths.keepAdapted(point.lossGradient(this.maths.innerLoss));
      const alpha = this.maths.stepSize(j);
      phi = phi.map((value, i) => value - alpha * (g[i] as number));
      return point;
    });
    return { inner, outer: new Point(this.maths, phi, this.data.outer), phi };
  }

  /** Both values at θ; a line search asks for one after the other. */
  private evaluate(parameters: Float64Array) {
    if (this.evaluated && equal(this.evaluated.parameters, parameters)) return this.evaluated;
    const outer = new Point(this.maths, this.adapted(parameters), this.data.outer);
    const logProbabilities = outer.logProbabilities();
    const { advantages } = this.data.outer;
    let total = 0;
    for (let i = 0; i < advantages.length; i++) {
      const ratio = Math.exp((logProbabilities[i] as number) - (this.oldLogProbabilities[i] as number));
      total += ratio * (advantages[i] as number);
    }
    const kl = this.here.outer.kl(outer).reduce((sum, value) => sum + value, 0) / advantages.length;
    outer.dispose();
    this.evaluated = { parameters: parameters.slice(), surrogate: -total / advantages.length, kl };
    return this.evaluated;
  }
}

function dispose({ inner, outer }: Chain): void {
  for (const point of inner) point.dispose();
  outer.dispose();
}
