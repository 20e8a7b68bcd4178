import {
  type AdaptationBatch,
  gradients,
  InnerloopError,
  meanOf,
  ops,
  type Parameters,
  type Policy,
  type Tensor,
} from '@innerloop/core';
import type { RecordedAdaptation } from './adaptation.js';
import type { FrozenTask, OldPolicy } from './frozen-task.js';
import type { MetaLoss, PolicyOnBatch } from './meta-loss.js';

/** The parts of a task's surrogate at one θ, and the KL there. */
export interface LossValues {
  /** mean_D′ outer. */
  readonly outer: number;
  /** mean_Dʲ inner, `[K]`; empty if the loss has no such term. */
  readonly inner: readonly number[];
  /** mean_D′ KL(π_φ(θk) ‖ π_φ(θ)). */
  readonly kl: number;
}

/** A loss on the frozen data of one task: its values and its slopes in φ⁰ … φᴷ. Called inside a scope that frees its tensors. */
export class TaskLoss {
  private weights: readonly number[] | undefined;

  constructor(
    private readonly policy: Policy,
    private readonly frozen: FrozenTask,
    private readonly loss: MetaLoss,
  ) {}

  /** Sets w_j. */
  weigh(weights: readonly number[]): void {
    this.weights = weights;
  }

  /** The surrogate from its parts. */
  total({ outer, inner }: LossValues): number {
    return inner.reduce((total, term, j) => total + this.weight(j) * term, outer);
  }

  /** Means in float64 of values in float32. */
  values({ adapted, path }: RecordedAdaptation): LossValues {
    const { loss, policy, frozen } = this;
    const after = this.onOuter(adapted);
    return {
      outer: meanOf(loss.outer(after).values()),
      inner: path.flatMap((phi, j) => (loss.inner ? meanOf(loss.inner(this.onInner(phi, j)).values()) : [])),
      kl: meanOf(policy.kl(frozen.oldDistribution, after.distribution).values()),
    };
  }

  /** ∇ mean_D′ outer, in φ. */
  outerSlope({ adapted }: RecordedAdaptation): Tensor[] {
    return gradients(ops.mean(this.loss.outer(this.onOuter(adapted))), adapted);
  }

  /** j ↦ w_j ∇ mean_Dʲ inner, in φʲ. */
  innerSlopes({ path }: RecordedAdaptation): ((step: number) => Tensor[]) | undefined {
    const { inner } = this.loss;
    if (!inner) return undefined;
    return (step) => {
      const phi = path[step] as Parameters;
      return gradients(ops.scale(ops.mean(inner(this.onInner(phi, step))), this.weight(step)), phi);
    };
  }

  private onOuter(phi: Parameters): PolicyOnBatch {
    const { outer, oldDistribution, oldLogProbability } = this.frozen;
    return this.onBatch(phi, outer, { distribution: oldDistribution, logProbability: oldLogProbability });
  }

  private onInner(phi: Parameters, step: number): PolicyOnBatch {
    const { inner, oldInner } = this.frozen;
    return this.onBatch(phi, inner[step] as AdaptationBatch, oldInner[step] as OldPolicy);
  }

  private onBatch(phi: Parameters, batch: AdaptationBatch, old: OldPolicy): PolicyOnBatch {
    const distribution = this.policy.distribution(phi, batch.observations);
    const logProbability = this.policy.logProbability(distribution, batch.actions);
    const { distribution: oldDistribution, logProbability: oldLogProbability } = old;
    return { batch, distribution, logProbability, oldDistribution, oldLogProbability };
  }

  private weight(step: number): number {
    const weight = this.weights?.[step];
    if (weight !== undefined) return weight;
    throw new InnerloopError(
      'COMPONENT_FAILED',
      `The objective has a term for inner step ${step}, but was told no weight for it. This is a mistake in the trainer: it must call ` +
        '`weigh` with what the `innerTermWeights` of the objective assign, before it asks anything.',
    );
  }
}
