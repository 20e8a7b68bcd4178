import {
  type AdaptationBatch,
  type Batch,
  batchTensors,
  detach,
  type InnerOptimizer,
  ops,
  type ParameterLayout,
  type Parameters,
  pullback,
  pushforward,
  type Tensor,
  tidy,
} from '@innerloop/core';

/*
 * Adaptation θ ↦ φ, and the products of its Jacobian with vectors.
 *
 *   φ⁰ = θ,   φʲ⁺¹ = adapt(φʲ; Dʲ),   φ = φᴷ
 *   J = ∂φ/∂θ = J_K₋₁ … J_0,   Jᵀ = J_0ᵀ … J_K₋₁ᵀ,   J_j = I − α_j H_j for a gradient step
 *
 * Each step is recorded from a cut: its input is a variable of its own. Products with J are then chains of products with the steps'
 * Jacobians, each of which needs one derivative of that step, whatever the number of steps.
 */

/** What differs from the exact derivative: `first-order` takes ∂φʲ⁺¹/∂φʲ as I (FOMAML). */
export type Derivative = 'exact' | 'first-order';

/** What adaptation needs to know. */
export interface AdaptationSetting {
  readonly inner: InnerOptimizer;
  /** The policy's layout. */
  readonly policyLayout: ParameterLayout;
  /** Replaces the inner step sizes; the last is repeated. */
  readonly stepSizes?: readonly number[];
}

/** One inner step φʲ → φʲ⁺¹ from given nodes. */
export function adaptOnce(
  setting: AdaptationSetting,
  policy: Parameters,
  own: Parameters,
  batch: AdaptationBatch,
  step: number,
): Parameters {
  const { inner, policyLayout, stepSizes } = setting;
  const stepSize = stepSizes?.[Math.min(step, stepSizes.length - 1)];
  const adapted = inner.adapt(
    { policy, own },
    batch,
    stepSize === undefined ? { step, layout: policyLayout } : { step, layout: policyLayout, stepSize },
  );
  if (adapted.length !== policy.length) {
    throw new RangeError(`inner optimizer: adapt() must return ${policy.length} tensors, found ${adapted.length}`);
  }
  return adapted;
}

/** One inner step as values. `own` are the inner optimizer's own parameters, `stepSize` replaces its step size. */
export function adaptValues(
  { inner, policyLayout }: AdaptationSetting,
  phi: Float64Array,
  own: Float64Array,
  batch: Batch,
  step: number,
  stepSize?: number,
): Float64Array {
  const setting = { inner, policyLayout, ...(stepSize !== undefined && { stepSizes: [stepSize] }) };
  const ownLayout = inner.ownLayout?.(policyLayout);
  return tidy(() => {
    const ownTensors = ownLayout ? ownLayout.variables(own) : [];
    return policyLayout.flatten(adaptOnce(setting, policyLayout.variables(phi), ownTensors, batchTensors(batch), step));
  });
}

interface RecordedStep {
  /** j. */
  readonly step: number;
  readonly policy: Parameters;
  readonly adapted: Parameters;
  /** J_j·(v, w) of this step, recorded at first use. */
  forward?: (tangents: readonly (Tensor | undefined)[]) => Tensor[];
}

/** A vector in θ-space as tensors: the policy's part and the inner optimizer's own. */
export interface SplitVector {
  readonly policy: readonly (Tensor | undefined)[];
  readonly own: readonly (Tensor | undefined)[];
}

/** The recorded chain θ → φ at one θ. Lives in the workspace or scope in which it was made. */
export class RecordedAdaptation {
  /** φ, as variables: what is computed from them ends here. */
  readonly adapted: Parameters;
  private readonly own: Parameters;
  private readonly steps: RecordedStep[] = [];
  private readonly setting: AdaptationSetting;
  private readonly derivative: Derivative;

  constructor(
    setting: AdaptationSetting,
    start: { readonly policy: Parameters; readonly own: Parameters },
    batches: readonly AdaptationBatch[],
    derivative: Derivative,
  ) {
    this.setting = setting;
    this.derivative = derivative;
    this.own = start.own;
    let phi = start.policy;
    batches.forEach((batch, j) => {
      const adapted = adaptOnce(setting, phi, this.own, batch, j);
      this.steps.push({ step: j, policy: phi, adapted });
      phi = adapted.map(detach);
    });
    this.adapted = phi;
  }

  /** φ⁰, …, φᴷ⁻¹, as variables: a graph on φʲ ends there, and {@link transposed} can take its gradient on to θ. */
  get path(): readonly Parameters[] {
    return this.steps.map(({ policy }) => policy);
  }

  /** Jᵀ u for u in φ-space. With `also`, Σ_j (∂φʲ/∂θ)ᵀ also(j) is added, in the same pass: gradients of something in each φʲ. */
  transposed(
    u: readonly (Tensor | undefined)[],
    also?: (step: number) => readonly (Tensor | undefined)[],
  ): SplitVector {
    let policy = [...u];
    let own: (Tensor | undefined)[] = this.own.map(() => undefined);
    for (const recorded of [...this.steps].reverse()) {
      const inputs = this.derivative === 'exact' ? [...recorded.policy, ...this.own] : this.own;
      const back = pullback(recorded.adapted, inputs, policy);
      if (this.derivative === 'exact') policy = back.slice(0, recorded.policy.length);
      if (also) policy = addLists(policy, also(recorded.step));
      own = addLists(own, back.slice(inputs.length - this.own.length));
    }
    return { policy, own };
  }

  /** J v for v in θ-space. */
  forward(v: SplitVector): (Tensor | undefined)[] {
    let policy = [...v.policy];
    for (const recorded of this.steps) {
      policy =
        this.derivative === 'exact'
          ? this.forwardStep(recorded, policy, v.own)
          : addLists(policy, this.forwardOwn(recorded, v.own));
    }
    return policy;
  }

  /** Records whatever {@link forward} will need, so that it can be kept. */
  prepare(): void {
    for (const recorded of this.steps) {
      if (this.derivative === 'exact' && !this.symmetric)
        this.recordForward(recorded, [...recorded.policy, ...this.own]);
      if (this.derivative === 'first-order' && this.own.length > 0) this.recordForward(recorded, this.own);
    }
  }

  private get symmetric(): boolean {
    return this.setting.inner.symmetricJacobian === true && this.own.length === 0;
  }

  private forwardStep(recorded: RecordedStep, policy: (Tensor | undefined)[], own: SplitVector['own']) {
    if (this.symmetric) return pullback(recorded.adapted, recorded.policy, policy);
    return this.recordForward(recorded, [...recorded.policy, ...this.own])([...policy, ...own]);
  }

  private forwardOwn(recorded: RecordedStep, own: SplitVector['own']): (Tensor | undefined)[] {
    if (this.own.length === 0) return recorded.policy.map(() => undefined);
    return this.recordForward(recorded, this.own)(own);
  }

  private recordForward(recorded: RecordedStep, inputs: Parameters) {
    recorded.forward ??= pushforward(recorded.adapted, inputs);
    return recorded.forward;
  }
}

function addLists(a: readonly (Tensor | undefined)[], b: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  return a.map((left, index) => {
    const right = b[index];
    return left && right ? ops.add(left, right) : (left ?? right);
  });
}
