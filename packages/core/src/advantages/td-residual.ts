import { z } from 'zod';
import type { AdvantageEstimator, AdvantageInput } from '../contracts/advantages.js';
import { defineComponent } from '../plugins/define.js';
import { advantageOptions } from './options.js';

const tdResidualOptions = z.strictObject(advantageOptions);

/** Options of {@link TdResidual}. */
export type TdResidualOptions = z.output<typeof tdResidualOptions>;

/**
 * The temporal-difference residual (Sutton and Barto 2018, "Reinforcement Learning: An Introduction", equation 6.5):
 *
 *     Â_t = r_t + γ V(s_{t+1}) − V(s_t)
 *
 * V after the last step is 0 unless the episode was truncated. Equals GAE with λ = 0: little variance, and all of V's errors.
 */
export class TdResidual implements AdvantageEstimator {
  readonly discount: number;
  readonly normalize: boolean;

  constructor(options: TdResidualOptions = tdResidualOptions.parse({})) {
    this.discount = options.discount;
    this.normalize = options.normalize;
  }

  estimate({ rewards, values, finalValues, offsets }: AdvantageInput): Float64Array {
    const advantages = new Float64Array(rewards.length);
    for (let e = 0; e < finalValues.length; e++) {
      const last = (offsets[e + 1] as number) - 1;
      for (let i = offsets[e] as number; i <= last; i++) {
        const next = (i < last ? values[i + 1] : finalValues[e]) as number;
        advantages[i] = (rewards[i] as number) + this.discount * next - (values[i] as number);
      }
    }
    return advantages;
  }
}

/** The component `td-residual`. */
export const tdResidualComponent = defineComponent({
  kind: 'advantages',
  name: 'td-residual',
  summary: 'One reward and the value of the next state, minus the value of this one',
  choose:
    'Only with a value function that is good already: it has the least variance and all errors of the baseline. ' +
    'With `zero` it is the reward at once, and nothing that follows counts. `gae` with a `lambda` of 0 is the same, ' +
    'and a larger `lambda` is safer.',
  options: tdResidualOptions,
  create: (options) => new TdResidual(options),
});
