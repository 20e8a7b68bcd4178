import { z } from 'zod';
import type { Spaces } from '../contracts/environment.js';
import type { Actor, Distribution, Parameters, Policy, WrittenOutPolicy } from '../contracts/policy.js';
import { InnerloopError } from '../errors.js';
import { ParameterLayout } from '../numerics/layout.js';
import type { Random } from '../numerics/random.js';
import type { Tensor } from '../numerics/tensor.js';
import { defineComponent } from '../plugins/define.js';
import { TOKENS } from '../plugins/tokens.js';
import { gaussianEntropy, gaussianKl, gaussianLogProbability, HALF_LOG_TWO_PI } from './gaussian.js';
import { initializationOptions } from './initialization.js';
import { LOG_STD_SOURCES, type LogStdSource } from './log-std.js';
import { Mlp, mlpOptions } from './mlp.js';
import { NetworkRows } from './network-rows.js';

const MIN_STD = 1e-6;

const gaussianOptions = z
  .strictObject({
    ...mlpOptions,
    ...initializationOptions,
    logStd: z
      .enum(['learned', 'fixed', 'state-dependent'])
      .default('learned')
      .describe(
        'Log-standard deviations: parameters that are the same in every state; constants, which nothing trains or adapts; or outputs of the network',
      ),
    initialStd: z
      .number()
      .positive()
      .default(1)
      .describe('Initial standard deviation of every action dimension, at least minStd'),
    minStd: z.number().positive().default(MIN_STD).describe('Floor of the standard deviation, at most initialStd'),
  })
  .superRefine(({ initialStd, minStd }, context) => {
    if (initialStd >= minStd) return;
    const why = 'below its floor a standard deviation has no gradient, so it would never change';
    // At the option that was set, since the other may have been left out.
    const [path, bound] =
      minStd === MIN_STD
        ? ['initialStd', `at least minStd, ${minStd}`]
        : ['minStd', `at most initialStd, ${initialStd}`];
    context.addIssue({ code: 'custom', path: [path], message: `${bound}: ${why}` });
  });

/** Options of {@link GaussianMlpPolicy}; any may be left out. */
export type GaussianMlpOptions = z.input<typeof gaussianOptions>;

/**
 * A diagonal Gaussian π_θ(a|s) = N(μ_θ(s), diag σ²): the mean is a multilayer perceptron of the observation; where log σ comes from is an option,
 * and it has a floor. Distributions are `[mean [N, A], logStd [A]]`, with `logStd: state-dependent` `[mean [N, A], logStd [N, A]]`.
 */
export class GaussianMlpPolicy implements Policy {
  readonly layout: ParameterLayout;
  readonly actionSize: number;
  readonly writtenOut: WrittenOutPolicy;
  private readonly mlp: Mlp;
  private readonly network: NetworkRows;
  private readonly options: z.output<typeof gaussianOptions>;
  private readonly logStd: LogStdSource;

  /**
   * @throws InnerloopError CONFIG_INVALID if actions are not real vectors.
   * @throws ZodError if an option is unknown or out of range.
   */
  constructor({ observationSpace, actionSpace }: Spaces, options: GaussianMlpOptions) {
    if (actionSpace.kind !== 'box') {
      throw new InnerloopError(
        'CONFIG_INVALID',
        `policy: gaussian-mlp needs real-valued actions (a box), but these tasks have ${actionSpace.count} discrete actions. Use categorical-mlp.`,
      );
    }
    this.options = gaussianOptions.parse(options);
    const { hiddenSizes, activation: f, logStd, initialStd, minStd } = this.options;
    const inputs = observationSpace.low.length;
    this.actionSize = actionSpace.low.length;
    this.logStd = LOG_STD_SOURCES[logStd]({
      size: this.actionSize,
      lastHidden: hiddenSizes.at(-1) ?? inputs,
      initialLogStd: Math.log(initialStd),
      minLogStd: Math.log(minStd),
    });
    this.mlp = new Mlp(inputs, hiddenSizes, this.logStd.outputs, f);
    this.layout = new ParameterLayout([...this.mlp.parts, ...this.logStd.parts]);
    const { sizes, activation } = this.mlp;
    this.network = new NetworkRows(sizes, activation);
    this.writtenOut = { sizes, activation, head: this.logStd.head };
  }

  initialize(random: Random): Float64Array {
    const { hiddenSizes, activation } = this.options;
    const means = new Mlp(this.mlp.sizes[0] as number, hiddenSizes, this.actionSize, activation);
    return this.logStd.initial(Float64Array.from(means.initialize(random, this.options)));
  }

  distribution(parameters: Parameters, observations: Tensor): Distribution {
    return this.logStd.distribution(this.mlp.record(parameters, observations), parameters.at(this.mlp.parts.length));
  }

  logProbability(distribution: Distribution, actions: Tensor): Tensor {
    return gaussianLogProbability(distribution, actions);
  }

  kl(p: Distribution, q: Distribution): Tensor {
    return gaussianKl(p, q);
  }

  entropy(distribution: Distribution): Tensor {
    return gaussianEntropy(distribution);
  }

  actor(parameters: Float64Array): Actor {
    const { network, actionSize: size } = this;
    const theta = parameters.slice();
    const read = this.logStd.reader(theta.subarray(this.mlp.parameterCount));
    return {
      act(observations, count, randoms, actions, logProbabilities) {
        const outputs = network.outputs(theta, observations, count);
        for (let row = 0; row < count; row++) {
          const { logStd, std } = read(outputs, row);
          let total = 0;
          for (let d = 0; d < size; d++) {
            const noise = randoms ? (randoms[row] as Random).normal() : 0;
            const mean = outputs.values[row * outputs.stride + d] as number;
            actions[row * size + d] = mean + (std[d] as number) * noise;
            total += -0.5 * noise * noise - (logStd[d] as number) - HALF_LOG_TWO_PI;
          }
          logProbabilities[row] = total;
        }
      },
    };
  }
}

/** `policy: { use: gaussian-mlp }` */
export const gaussianMlpComponent = defineComponent({
  kind: 'policy',
  name: 'gaussian-mlp',
  summary:
    'Diagonal Gaussian for real-valued actions; mean from a multilayer perceptron, standard deviation learned, fixed or of the state',
  choose:
    'For real-valued actions, where it is the only built-in policy; discrete actions are refused and take ' +
    '`categorical-mlp`. Keep `logStd: learned` at first; `fixed` keeps training from shrinking the noise, ' +
    '`state-dependent` lets it differ from state to state. Its actions have no bounds and their dimensions are ' +
    'independent given the state: use it with `action-scaling`.',
  options: gaussianOptions,
  inject: { tasks: TOKENS.tasks },
  create: (options, { tasks }) => new GaussianMlpPolicy(tasks, options),
});
