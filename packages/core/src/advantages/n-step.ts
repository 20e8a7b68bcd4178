import { z } from 'zod';
import type { AdvantageEstimator, AdvantageInput } from '../contracts/advantages.js';
import { defineComponent } from '../plugins/define.js';
import { advantageOptions } from './options.js';

const nStepOptions = z.strictObject({
  ...advantageOptions,
  n: z
    .int()
    .min(1)
    .default(5)
    .describe(
      'Rewards that are counted before the value function takes over, at least 1 (td-residual); from the length of the episodes on, rewards-to-go',
    ),
});

/** Options of {@link NStepAdvantage}. */
export type NStepOptions = z.output<typeof nStepOptions>;

/**
 * The n-step advantage (Mnih et al. 2016, "Asynchronous Methods for Deep Reinforcement Learning", section 4; Sutton and Barto 2018,
 * equation 7.1), with T the length of the episode:
 *
 *     Â_t = r_t + γ r_{t+1} + … + γ^{k−1} r_{t+k−1} + γ^k V(s_{t+k}) − V(s_t),   k = min(n, T − t)
 *
 * V after the last step is 0 unless the episode was truncated.
 */
export class NStepAdvantage implements AdvantageEstimator {
  readonly discount: number;
  readonly normalize: boolean;
  private readonly n: number;

  constructor(options: NStepOptions = nStepOptions.parse({})) {
    this.discount = options.discount;
    this.normalize = options.normalize;
    this.n = options.n;
  }

  estimate({ rewards, values, finalValues, offsets }: AdvantageInput): Float64Array {
    const { discount, n } = this;
    const advantages = new Float64Array(rewards.length);
    for (let e = 0; e < finalValues.length; e++) {
      const stop = offsets[e + 1] as number;
      for (let i = offsets[e] as number; i < stop; i++) {
        const end = Math.min(i + n, stop);
        let target = (end < stop ? values[end] : finalValues[e]) as number;
        // From the back: nothing is subtracted again, as from a moving sum, so a huge reward leaves no trace outside its window.
        for (let j = end - 1; j >= i; j--) target = (rewards[j] as number) + discount * target;
        advantages[i] = target - (values[i] as number);
      }
    }
    return advantages;
  }
}

/** The component `n-step`. */
export const nStepComponent = defineComponent({
  kind: 'advantages',
  name: 'n-step',
  summary: 'n discounted rewards and the value of the state after them, minus the value of this one',
  choose:
    'To count a fixed number of rewards and leave the rest to the baseline. A small `n` takes on the errors of the ' +
    'baseline, a large one the variance of the rewards; from the length of the episodes on it is `reward-to-go`. ' +
    'Without a reason for one particular `n` take `gae`, which weighs all of them.',
  options: nStepOptions,
  create: (options) => new NStepAdvantage(options),
});
