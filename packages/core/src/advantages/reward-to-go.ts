import { z } from 'zod';
import type { AdvantageEstimator, AdvantageInput } from '../contracts/advantages.js';
import { defineComponent } from '../plugins/define.js';
import { advantageOptions } from './options.js';
import { discountedReturns } from './returns.js';

const rewardToGoOptions = z.strictObject(advantageOptions);

/** Options of {@link RewardToGo}. */
export type RewardToGoOptions = z.output<typeof rewardToGoOptions>;

/** Â_t = R̂_t − V(s_t): discounted rewards-to-go above the baseline. Equals GAE with λ = 1. */
export class RewardToGo implements AdvantageEstimator {
  readonly discount: number;
  readonly normalize: boolean;

  constructor(options: RewardToGoOptions = rewardToGoOptions.parse({})) {
    this.discount = options.discount;
    this.normalize = options.normalize;
  }

  estimate(input: AdvantageInput): Float64Array {
    return discountedReturns(input, this.discount).map((value, i) => value - (input.values[i] as number));
  }
}

/** The component `reward-to-go`. */
export const rewardToGoComponent = defineComponent({
  kind: 'advantages',
  name: 'reward-to-go',
  summary: 'Discounted rewards-to-go minus the baseline',
  choose:
    'Where the baseline is not to be trusted or is `zero`, and where episodes are short, as on bandits: beyond the ' +
    'level that is subtracted, only truncated episodes depend on it. Its variance grows with the length of the ' +
    'episodes; there take `gae` with a `lambda` below 1.',
  options: rewardToGoOptions,
  create: (options) => new RewardToGo(options),
});
