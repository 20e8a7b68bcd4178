import { z } from 'zod';
import type { Spaces } from '../contracts/environment.js';
import type { Actor, Distribution, Parameters, Policy, WrittenOutPolicy } from '../contracts/policy.js';
import { InnerloopError } from '../errors.js';
import { ParameterLayout } from '../numerics/layout.js';
import * as ops from '../numerics/ops.js';
import type { Random } from '../numerics/random.js';
import type { Tensor } from '../numerics/tensor.js';
import { defineComponent } from '../plugins/define.js';
import { TOKENS } from '../plugins/tokens.js';
import { CategoricalHead } from './categorical-head.js';
import { initializationOptions } from './initialization.js';
import { Mlp, mlpOptions } from './mlp.js';
import { NetworkRows } from './network-rows.js';

const categoricalOptions = z.strictObject({ ...mlpOptions, ...initializationOptions });

/** Options of {@link CategoricalMlpPolicy}; any may be left out. */
export type CategoricalMlpOptions = z.input<typeof categoricalOptions>;

/**
 * A categorical π_θ(a|s) over K choices, with logits from a multilayer perceptron. Distributions are
 * `[logits [N, K]]`; an action is its index, in a tensor row of one number.
 */
export class CategoricalMlpPolicy implements Policy {
  readonly layout: ParameterLayout;
  readonly actionSize = 1;
  readonly writtenOut: WrittenOutPolicy;
  private readonly mlp: Mlp;
  private readonly network: NetworkRows;
  private readonly count: number;
  private readonly options: z.output<typeof categoricalOptions>;

  /**
   * @throws InnerloopError CONFIG_INVALID if actions are not discrete.
   * @throws ZodError if an option is unknown or out of range.
   */
  constructor({ observationSpace, actionSpace }: Spaces, options: CategoricalMlpOptions) {
    if (actionSpace.kind !== 'discrete') {
      throw new InnerloopError(
        'CONFIG_INVALID',
        `policy: categorical-mlp needs discrete actions, but these tasks have real vectors of length ${actionSpace.low.length}. Use gaussian-mlp.`,
      );
    }
    this.count = actionSpace.count;
    this.options = categoricalOptions.parse(options);
    const { hiddenSizes, activation: f } = this.options;
    this.mlp = new Mlp(observationSpace.low.length, hiddenSizes, this.count, f);
    this.layout = new ParameterLayout(this.mlp.parts);
    const { sizes, activation } = this.mlp;
    this.network = new NetworkRows(sizes, activation);
    this.writtenOut = { sizes, activation, head: new CategoricalHead(this.count) };
  }

  initialize(random: Random): Float64Array {
    return Float64Array.from(this.mlp.initialize(random, this.options));
  }

  distribution(parameters: Parameters, observations: Tensor): Distribution {
    return [this.mlp.record(parameters, observations)];
  }

  logProbability(distribution: Distribution, actions: Tensor): Tensor {
    const [logits] = distribution as [Tensor];
    return ops.sumColumns(ops.mul(ops.logSoftmax(logits), ops.oneHot(actions, this.count)));
  }

  /** Σ_a p(a) (log p(a) − log q(a)) */
  kl(p: Distribution, q: Distribution): Tensor {
    const logP = ops.logSoftmax(p[0] as Tensor);
    const logQ = ops.logSoftmax(q[0] as Tensor);
    return ops.sumColumns(ops.mul(ops.exp(logP), ops.sub(logP, logQ)));
  }

  /** −Σ_a p(a) log p(a) */
  entropy(distribution: Distribution): Tensor {
    const logP = ops.logSoftmax(distribution[0] as Tensor);
    return ops.neg(ops.sumColumns(ops.mul(ops.exp(logP), logP)));
  }

  actor(parameters: Float64Array): Actor {
    const { network, count: choices } = this;
    const theta = parameters.slice();
    return {
      act(observations, count, randoms, actions, logProbabilities) {
        const { values, stride } = network.outputs(theta, observations, count);
        for (let row = 0; row < count; row++) {
          const logits = values.subarray(row * stride, row * stride + choices);
          const random = randoms?.[row];
          const action = random ? sample(logits, random) : argmax(logits);
          actions[row] = action;
          logProbabilities[row] = (logits[action] as number) - logSumExp(logits);
        }
      },
    };
  }
}

function argmax(x: Float32Array): number {
  let best = 0;
  for (let k = 1; k < x.length; k++) if ((x[k] as number) > (x[best] as number)) best = k;
  return best;
}

function logSumExp(x: Float32Array): number {
  const top = x[argmax(x)] as number;
  let total = 0;
  for (let k = 0; k < x.length; k++) total += Math.exp((x[k] as number) - top);
  return top + Math.log(total);
}

/** Inverts the distribution function at one uniform number. */
function sample(logits: Float32Array, random: Random): number {
  const normalizer = logSumExp(logits);
  let rest = random.uniform();
  for (let k = 0; k < logits.length - 1; k++) {
    rest -= Math.exp((logits[k] as number) - normalizer);
    if (rest < 0) return k;
  }
  return logits.length - 1;
}

/** `policy: { use: categorical-mlp }` */
export const categoricalMlpComponent = defineComponent({
  kind: 'policy',
  name: 'categorical-mlp',
  summary: 'Categorical distribution for discrete actions; logits from a multilayer perceptron',
  choose:
    'For discrete actions, where it is the only built-in policy; real-valued actions are refused and take ' +
    '`gaussian-mlp`. It knows no order among the actions: a fine grid over one quantity is a list of unrelated ' +
    'choices to it.',
  options: categoricalOptions,
  inject: { tasks: TOKENS.tasks },
  create: (options, { tasks }) => new CategoricalMlpPolicy(tasks, options),
});
