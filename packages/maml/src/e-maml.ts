import { type InnerTermWeights, meanOf, ops, type TaskReport } from '@innerloop/core';
import { MAML_LOSS, type MetaLoss } from './meta-loss.js';

/*
 * E-MAML (Stadie, Yang, Houthooft, Chen, Duan, Wu, Abbeel and Sutskever 2018, "Some considerations on learning to explore via
 * meta-reinforcement learning", arXiv:1803.01118). What is meta-learned is the return after adaptation, and D is sampled too:
 *
 *   J(θ)  = E_{D ~ π_θ} E_{D′ ~ π_U(θ, D)} [ R(D′) ]
 *   ∇J(θ) = E E [ R(D′) ∇_θ log π_U(θ, D)(D′)      what MAML has: how θ shapes the adapted policy
 *               + R(D′) ∇_θ log π_θ(D) ]           what MAML drops: how θ shapes the data that it adapts to
 *
 * The surrogate is MAML's and, for each inner step j, the term
 *
 *   −c z mean_Dʲ [ log π_φʲ(θ)(a|s) − log π_φʲ(θk)(a|s) ],   z = (R(D′) − mean over tasks) / standard deviation over tasks
 *
 * whose gradient, taken through φ⁰ … φʲ, is −c z times the mean score.
 *
 * Differs from the text
 * - R(D′) is compared with the other tasks of the iteration and divided by their spread, which makes z a baseline and a scale; with one
 *   task it is 0.
 * - log π(D) is a mean over the steps of D, not a sum, as the other term is a mean over the steps of D′; c sets the balance.
 * - The paper has one inner step; with several, each Dʲ has its term, and its gradient passes through the steps before.
 */

/** MAML's loss on D′, and on each Dʲ how much likelier the data have become, `[N]`. */
export const E_MAML_LOSS: MetaLoss = {
  outer: MAML_LOSS.outer,
  inner: ({ logProbability, oldLogProbability }) => ops.sub(logProbability, oldLogProbability),
};

/** Weighs each task's inner terms by −c z: data that led to a better return than other tasks' are made likelier. */
export class ExplorationWeights implements InnerTermWeights {
  constructor(
    /** c, from 0. */
    private readonly exploration: number,
  ) {}

  assign(reports: readonly TaskReport[]): number[][] {
    const returns = reports.map(({ phases }) => meanOf(phases.at(-1)?.returns ?? []));
    const average = meanOf(returns);
    const deviation = Math.sqrt(meanOf(returns.map((value) => (value - average) ** 2)));
    return reports.map(({ phases }, task) => {
      const z = deviation > 0 ? ((returns[task] as number) - average) / deviation : 0;
      return new Array<number>(phases.length - 1).fill(-this.exploration * z);
    });
  }

  state(): null {
    return null;
  }

  restore(): void {}
}
