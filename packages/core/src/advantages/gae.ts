import { z } from 'zod';
import type { AdvantageEstimator, AdvantageInput } from '../contracts/advantages.js';
import { defineComponent } from '../plugins/define.js';
import { advantageOptions } from './options.js';

const gaeOptions = z.strictObject({
  ...advantageOptions,
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('λ, from 0 (one-step temporal differences) to 1 (rewards-to-go minus the baseline)'),
});

/** Options of {@link GeneralizedAdvantageEstimation}. */
export type GaeOptions = z.output<typeof gaeOptions>;

/**
 * Generalised advantage estimation (Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized
 * Advantage Estimation", equation 16):
 *
 *     Â_t = Σ_l (γλ)^l δ_{t+l},   δ_t = r_t + γ V(s_{t+1}) − V(s_t)
 *
 * The sum stops at the end of the episode. V after the last step is 0 unless the episode was truncated.
 */
export class GeneralizedAdvantageEstimation implements AdvantageEstimator {
  readonly discount: number;
  readonly normalize: boolean;
  private readonly lambda: number;

  constructor(options: GaeOptions = gaeOptions.parse({})) {
    this.discount = options.discount;
    this.normalize = options.normalize;
    this.lambda = options.lambda;
  }

  estimate({ rewards, values, finalValues, offsets }: AdvantageInput): Float64Array {
    const { discount, lambda } = this;
    const advantages = new Float64Array(rewards.length);
    for (let e = 0; e < finalValues.length; e++) {
      let nextValue = finalValues[e] as number;
      let nextAdvantage = 0;
      for (let i = (offsets[e + 1] as number) - 1; i >= (offsets[e] as number); i--) {
        const value = values[i] as number;
        const delta = (rewards[i] as number) + discount * nextValue - value;
        nextAdvantage = delta + discount * lambda * nextAdvantage;
        nextValue = value;
        advantages[i] = nextAdvantage;
      }
    }
    return advantages;
  }
}

/** The component `gae`. */
export const gaeComponent = defineComponent({
  kind: 'advantages',
  name: 'gae',
  summary: 'Generalised advantage estimation',
  choose:
    'The default, and right for most: with `lambda` at 1 it is `reward-to-go`, below 1 it trades variance for the ' +
    'errors of the baseline. Go below 1 with a baseline worth trusting: the configs for classic control take 0.95 ' +
    'or 0.97 with `mlp-value`, those for 2D navigation 1 with `linear-feature`.',
  options: gaeOptions,
  create: (options) => new GeneralizedAdvantageEstimation(options),
});
