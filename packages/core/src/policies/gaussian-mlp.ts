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
import { GaussianHead } from './gaussian-head.js';
import { Mlp, mlpOptions } from './mlp.js';
import { NetworkRows } from './network-rows.js';

const gaussianOptions = z.strictObject({
  ...mlpOptions,
  initialStd: z.number().positive().default(1).describe('Initial standard deviation of every action dimension'),
  minStd: z.number().positive().default(1e-6).describe('Floor of the standard deviation'),
});

/** Options of {@link GaussianMlpPolicy}. */
export type GaussianMlpOptions = z.output<typeof gaussianOptions>;

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * A diagonal Gaussian π_θ(a|s) = N(μ_θ(s), diag σ²): the mean is a multilayer perceptron of the observation, log σ a
 * parameter vector of its own with a floor, the same in every state. Distributions are `[mean [N, A], logStd [A]]`.
 */
export class GaussianMlpPolicy implements Policy {
  readonly layout: ParameterLayout;
  readonly actionSize: number;
  readonly writtenOut: WrittenOutPolicy;
  private readonly mlp: Mlp;
  private readonly network: NetworkRows;
  private readonly options: GaussianMlpOptions;
  private readonly minLogStd: number;

  /** @throws InnerloopError CONFIG_INVALID if actions are not real vectors. */
  constructor({ observationSpace, actionSpace }: Spaces, options: GaussianMlpOptions) {
    if (actionSpace.kind !== 'box') {
      throw new InnerloopError(
        'CONFIG_INVALID',
        `policy: gaussian-mlp needs real-valued actions (a box), but these tasks have ${actionSpace.count} discrete actions. Use categorical-mlp.`,
      );
    }
    this.actionSize = actionSpace.low.length;
    this.options = options;
    this.minLogStd = Math.log(options.minStd);
    this.mlp = new Mlp(observationSpace.low.length, options.hiddenSizes, this.actionSize, options.activation);
    this.layout = new ParameterLayout([...this.mlp.parts, { name: 'logStd', shape: [this.actionSize] }]);
    const { sizes, activation } = this.mlp;
    this.network = new NetworkRows(sizes, activation);
    this.writtenOut = { sizes, activation, head: new GaussianHead(this.actionSize, this.minLogStd) };
  }

  initialize(random: Random): Float64Array {
    const logStd = new Array<number>(this.actionSize).fill(Math.log(this.options.initialStd));
    return Float64Array.from([...this.mlp.initialize(random), ...logStd]);
  }

  distribution(parameters: Parameters, observations: Tensor): Distribution {
    const logStd = parameters[parameters.length - 1] as Tensor;
    return [this.mlp.record(parameters, observations), ops.atLeast(logStd, this.minLogStd)];
  }

  /** Σ_d −½ ((a_d − μ_d)/σ_d)² − log σ_d − ½ log 2π */
  logProbability(distribution: Distribution, actions: Tensor): Tensor {
    const [mean, logStd] = distribution as [Tensor, Tensor];
    const n = mean.shape[0] as number;
    const precision = ops.exp(ops.scale(logStd, -2));
    const squares = ops.sumColumns(ops.mul(ops.square(ops.sub(actions, mean)), ops.spreadRows(precision, n)));
    const constant = ops.shift(ops.neg(ops.sum(logStd)), -this.actionSize * HALF_LOG_TWO_PI);
    return ops.add(ops.scale(squares, -0.5), ops.fill(constant, [n]));
  }

  /** Σ_d ½ (e^{2r_d} − 1) − r_d + (μ_p − μ_q)²_d / 2σ²_q,d with r = log σ_p − log σ_q: exactly 0 at p = q. */
  kl(p: Distribution, q: Distribution): Tensor {
    const [meanP, logStdP] = p as [Tensor, Tensor];
    const [meanQ, logStdQ] = q as [Tensor, Tensor];
    const n = meanP.shape[0] as number;
    const r = ops.sub(logStdP, logStdQ);
    const spread = ops.sum(ops.sub(ops.scale(ops.shift(ops.exp(ops.scale(r, 2)), -1), 0.5), r));
    const precision = ops.exp(ops.scale(logStdQ, -2));
    const squares = ops.sumColumns(ops.mul(ops.square(ops.sub(meanP, meanQ)), ops.spreadRows(precision, n)));
    return ops.add(ops.scale(squares, 0.5), ops.fill(spread, [n]));
  }

  /** Σ_d log σ_d + ½ log 2πe */
  entropy(distribution: Distribution): Tensor {
    const [mean, logStd] = distribution as [Tensor, Tensor];
    const perState = ops.shift(ops.sum(logStd), this.actionSize * (HALF_LOG_TWO_PI + 0.5));
    return ops.fill(perState, [mean.shape[0] as number]);
  }

  actor(parameters: Float64Array): Actor {
    const { network, actionSize: size } = this;
    const theta = parameters.slice();
    const logStd = Array.from(theta.subarray(this.mlp.parameterCount), (s) => Math.max(s, this.minLogStd));
    const std = logStd.map(Math.exp);
    return {
      act(observations, count, randoms, actions, logProbabilities) {
        const { values: means, stride } = network.outputs(theta, observations, count);
        for (let row = 0; row < count; row++) {
          let total = 0;
          for (let d = 0; d < size; d++) {
            const noise = randoms ? (randoms[row] as Random).normal() : 0;
            actions[row * size + d] = (means[row * stride + d] as number) + (std[d] as number) * noise;
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
  summary: 'Diagonal Gaussian for real-valued actions; mean from a multilayer perceptron, standard deviation learned',
  options: gaussianOptions,
  inject: { tasks: TOKENS.tasks },
  create: (options, { tasks }) => new GaussianMlpPolicy(tasks, options),
});
