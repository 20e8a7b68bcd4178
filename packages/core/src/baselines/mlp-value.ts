import { z } from 'zod';
import { type Moments, momentsOf } from '../advantages/statistics.js';
import type { Baseline, BaselineFactory, States } from '../contracts/baseline.js';
import type { Json } from '../contracts/json.js';
import { InnerloopError } from '../errors.js';
import {
  ADAM_DEFAULTS,
  type AdamMoments,
  adamDirection,
  initialMoments,
  loadMoments,
  nextMoments,
  savedMomentsSchema,
  saveMoments,
} from '../numerics/adam.js';
import { randomStream } from '../numerics/random.js';
import { defineComponent } from '../plugins/define.js';
import { TOKENS } from '../plugins/tokens.js';
import { mlpOptions } from '../policies/mlp.js';
import { ValueNetwork } from './value-network.js';

/*
 * The value function of the VPG and TRPO pseudocode (Spinning Up):
 *
 *    8: Fit value function by regression on mean-squared error:                                        (TRPO: line 10)
 *       φ_k+1 = argmin_φ 1/(|D_k| T) Σ_τ Σ_t (V_φ(s_t) − R̂_t)², typically via some gradient descent algorithm.
 *
 * Differs from the text
 * - The descent is a number of Adam steps on the whole batch, so it comes near the minimum and not to it. φ and Adam's moments last from one
 *   batch to the next.
 * - With `normalizeReturns`, V_φ(s) = μ + σ f_φ(s) with the mean μ and standard deviation σ of the returns that V was fitted to last, and f is
 *   what is fitted, to (R̂ − μ)/σ. Adam's steps are of one size whatever the unit of the reward, so otherwise V could not follow large returns.
 */

const mlpValueOptions = z.strictObject({
  ...mlpOptions,
  learningRate: z.number().positive().default(1e-3).describe('Step size of Adam; above 0, usually 3e-4 to 1e-2'),
  iterations: z
    .int()
    .min(1)
    .max(100_000)
    .default(80)
    .describe('Adam steps on each batch, all of it at once; at least 1, usually 10 to 200'),
  normalizeReturns: z
    .boolean()
    .default(true)
    .describe('Fit returns brought to mean 0 and standard deviation 1, and scale predictions back'),
});

/** Options of {@link MlpValueBaseline}. */
export type MlpValueOptions = z.output<typeof mlpValueOptions>;

const savedState = z.strictObject({
  parameters: z.array(z.number()),
  moments: savedMomentsSchema.nullable(),
  mean: z.number(),
  deviation: z.number().positive(),
});

/** Below this, relative to 1, returns count as all equal. */
const SMALLEST_DEVIATION = 1e-6;

/** See the head of this file. V is drawn at random until fitted. */
export class MlpValueBaseline implements Baseline {
  private moments: AdamMoments;
  /** μ and σ. */
  private scale: Moments = { mean: 0, deviation: 1 };

  /** @param phi φ_0, `network.size` numbers. */
  constructor(
    private readonly network: ValueNetwork,
    private phi: Float64Array,
    private readonly options: MlpValueOptions,
  ) {
    this.moments = initialMoments(phi.length);
  }

  predict({ observations }: States): Float64Array {
    const { mean, deviation } = this.scale;
    return this.network.outputs(this.phi, observations).map((output) => mean + deviation * output);
  }

  /** @throws InnerloopError NUMBERS_NOT_FINITE if the regression diverges; V is then as before. */
  fit({ observations }: States, returns: Float64Array): void {
    const scale = this.options.normalizeReturns ? this.scaleOf(returns) : this.scale;
    const targets = returns.map((value) => (value - scale.mean) / scale.deviation);
    let { phi, moments } = this;
    this.network.onData({ inputs: observations, targets }, (at) => {
      for (let step = 0; step < this.options.iterations; step++) {
        moments = nextMoments(moments, at(phi).gradient, ADAM_DEFAULTS);
        const direction = adamDirection(moments, ADAM_DEFAULTS);
        // A sum with 0 turns −0, which JSON does not hold, into 0.
        phi = phi.map((value, i) => value - this.options.learningRate * (direction[i] as number) + 0);
      }
    });
    if (!phi.every(Number.isFinite)) {
      throw new InnerloopError(
        'NUMBERS_NOT_FINITE',
        'Baseline mlp-value could not be fitted: its parameters are not finite after the regression. Returns or observations are ' +
          'probably huge: scale them, or lower baseline.learningRate.',
      );
    }
    this.phi = phi;
    this.moments = moments;
    this.scale = scale;
  }

  state(): Json {
    const { phi, moments, scale } = this;
    return {
      parameters: Array.from(phi),
      moments: moments.t === 0 ? null : saveMoments(moments),
      mean: scale.mean,
      deviation: scale.deviation,
    };
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if the state is not one that {@link state} returns, or of another network. */
  restore(state: Json): void {
    const parsed = savedState.safeParse(state);
    const length = parsed.data?.parameters.length;
    if (!parsed.success || length !== this.phi.length || (parsed.data.moments?.m.length ?? length) !== length) {
      const found = parsed.success ? `one of ${length} parameters` : z.prettifyError(parsed.error);
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The saved state of the baseline 'mlp-value' does not fit: expected a network of ${this.phi.length} parameters, found ${found}. ` +
          'Resume with the baseline that the checkpoint was made with.',
      );
    }
    const { parameters, moments, mean, deviation } = parsed.data;
    this.phi = Float64Array.from(parameters);
    this.moments = moments ? loadMoments(moments) : initialMoments(parameters.length);
    this.scale = { mean, deviation };
  }

  /** μ and σ of these returns; σ stays as it is where they are all equal. */
  private scaleOf(returns: Float64Array): Moments {
    const { mean, deviation } = momentsOf(returns);
    return { mean, deviation: deviation > SMALLEST_DEVIATION ? deviation : this.scale.deviation };
  }
}

/** Makes {@link MlpValueBaseline}s that are fitted once the policy has moved. All begin with the same φ_0, which the seed decides. */
export class MlpValueBaselineFactory implements BaselineFactory {
  readonly fitted = 'after-update';

  constructor(
    private readonly seed: number,
    private readonly options: MlpValueOptions = mlpValueOptions.parse({}),
  ) {}

  create(observationSize: number): MlpValueBaseline {
    const { hiddenSizes, activation } = this.options;
    const network = new ValueNetwork(observationSize, hiddenSizes, activation);
    return new MlpValueBaseline(
      network,
      network.initialize(randomStream({ seed: this.seed, purpose: 'value' })),
      this.options,
    );
  }
}

/** `baseline: { use: mlp-value }` */
export const mlpValueComponent = defineComponent({
  kind: 'baseline',
  name: 'mlp-value',
  summary:
    'A neural value function, fitted by Adam after each policy step and kept: the φ of the VPG and TRPO pseudocode',
  choose:
    'The first choice with `policy-gradient`, and for no other trainer: `maml` refuses it, since it gives every ' +
    'batch a baseline of its own and this one is fitted after the update. Each batch costs `iterations` steps of ' +
    'Adam; lower them if fitting takes most of the time. It does not see the time step: where the horizon decides ' +
    'the value, take `linear-feature`.',
  options: mlpValueOptions,
  inject: { run: TOKENS.run },
  create: (options, { run }) => new MlpValueBaselineFactory(run.seed, options),
});
