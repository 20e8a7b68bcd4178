import { InnerloopError, type InnerTermWeights, type Json, ops, type Policy, type TaskReport } from '@innerloop/core';
import { z } from 'zod';
import { likelihoodRatio, type MetaLoss } from './meta-loss.js';

/*
 * ProMP: proximal meta-policy search (Rothfuss, Lee, Clavera, Asfour and Abbeel 2019, arXiv:1810.06784, algorithm 1):
 *
 *    Require: task distribution ρ, step sizes α, β, KL-penalty coefficient η, clipping range ε
 *    1: randomly initialize θ
 *    2: while θ not converged do
 *    3:   Sample batch of tasks T_i ~ ρ(T)
 *    4:   for step n = 0, …, N − 1 do
 *    5:     if n = 0 then
 *    6:       Set θ_o ← θ
 *    7:       for all T_i do
 *    8:         Sample pre-update trajectories D_i from T_i using π_θ
 *    9:         Compute adapted parameters θ'_o,i ← θ + α ∇_θ J^LR_Ti(θ) with D_i
 *   10:         Sample post-update trajectories D'_i from T_i using π_θ'o,i
 *   11:     Update θ ← θ + β Σ_Ti ∇_θ J^ProMP_Ti(θ) using each D_i and D'_i
 *
 *   J^ProMP(θ) = J^CLIP(θ) − η KL(π_θo ‖ π_θ)
 *   J^CLIP(θ)  = mean_D′ min( r Â, clip(r, 1 − ε, 1 + ε) Â ),   r = π_θ'(a|s) / π_θ'o(a|s)
 *
 * This file is J^ProMP, negated. Line 9 is the inner optimizer's: `vpg` with `loss: likelihood-ratio` is J^LR. The N epochs of
 * lines 4 and 11 are the policy optimizer's: `gradient` with `epochs: N`.
 *
 * Differs from the text
 * - Line 11 is a mean over tasks in place of the sum.
 * - With several inner steps each φʲ has a penalty of its own, KL(π_φʲ(θo) ‖ π_φʲ(θ)) at the states of Dʲ; the first is the text's.
 * - η can adapt, as in the authors' code: after a step, η_j is halved where the KL is below target / 1.5 and doubled where it is above
 *   1.5 · target.
 */

/** −min(r Â, clip(r) Â) on each step of D′; on each step of Dʲ, KL(π_φʲ(θk) ‖ π_φʲ(θ)) in nats. `clip` is ε. */
export function prompLoss(policy: Policy, clip: number): MetaLoss {
  return {
    outer: (after) => {
      const ratio = likelihoodRatio(after);
      const { advantages } = after.batch;
      // The lesser of r Â and clip(r) Â is min(r, 1 + ε) Â for a positive advantage, and max(r, 1 − ε) Â for a negative one.
      const atMost = ops.neg(ops.atLeast(ops.neg(ratio), -(1 + clip)));
      const gain = ops.mul(atMost, ops.relu(advantages));
      const loss = ops.mul(ops.atLeast(ratio, 1 - clip), ops.relu(ops.neg(advantages)));
      return ops.sub(loss, gain);
    },
    inner: ({ oldDistribution, distribution }) => policy.kl(oldDistribution, distribution),
  };
}

/** How {@link KlPenalty} changes its coefficients. */
const TOLERANCE = 1.5;
const FACTOR = 2;

const savedState = z.array(z.number().nonnegative()).nullable();

/** η for each inner step, the same for all tasks; fixed, or adapted to keep the KL near a target. */
export class KlPenalty implements InnerTermWeights {
  private etas: readonly number[] | null = null;

  constructor(
    /** η at the start. */
    private readonly coefficient: number,
    /** In nats; `null` keeps η as it is. */
    private readonly target: number | null,
  ) {}

  assign(reports: readonly TaskReport[]): (readonly number[])[] {
    return reports.map(({ phases }) => this.etasOf(phases.length - 1));
  }

  learn(terms: readonly (readonly number[])[]): void {
    const { target } = this;
    if (target === null) return;
    this.etas = this.etasOf(terms[0]?.length ?? 0).map((eta, j) => {
      const kl = terms.reduce((total, ofTask) => total + (ofTask[j] as number), 0) / terms.length;
      if (kl < target / TOLERANCE) return eta / FACTOR;
      return kl > target * TOLERANCE ? eta * FACTOR : eta;
    });
  }

  state(): Json {
    return this.etas && [...this.etas];
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if the state is not one that {@link state} returns. */
  restore(state: Json): void {
    const { success, data } = savedState.safeParse(state);
    if (!success) {
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The saved state of the objective 'promp' does not fit: expected null or a list of coefficients, found ${JSON.stringify(state)}.`,
      );
    }
    this.etas = data;
  }

  private etasOf(steps: number): readonly number[] {
    return this.etas?.length === steps ? this.etas : new Array<number>(steps).fill(this.coefficient);
  }
}
