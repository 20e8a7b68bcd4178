import type { Spaces } from '../contracts/environment.js';
import type { Actor, Distribution, Parameters, Policy } from '../contracts/policy.js';
import { type Random, randomStream } from '../numerics/random.js';
import { constant, type Tensor, tidy } from '../numerics/tensor.js';

/** Chosen actions `[count, actionSize]` with their log-probabilities `[count]`. */
export interface Choice {
  readonly actions: Float32Array;
  readonly logProbabilities: Float64Array;
}

/** Asks a policy for plain numbers, at parameters and observations that are drawn once. */
export class PolicyProbe {
  /** Parameters near the first ones, so that those that begin as 0 count too. */
  readonly theta: Float64Array;
  /** Other parameters, not far away. */
  readonly other: Float64Array;
  /** obsDim. */
  readonly observationSize: number;

  constructor(
    readonly policy: Policy,
    readonly spaces: Spaces,
    readonly seed: number,
  ) {
    this.observationSize = spaces.observationSpace.low.length;
    const noise = this.stream('user', 0);
    const around = (center: Float64Array, scale: number) => center.map((value) => value + scale * noise.normal());
    this.theta = around(policy.initialize(this.stream('initialize', 0)), 0.05);
    this.other = around(this.theta, 0.05);
  }

  stream(purpose: 'user' | 'act' | 'initialize', rollout: number): Random {
    return randomStream({ seed: this.seed, purpose, rollout });
  }

  /** `count` observations within their space, each `copies` times in a row: `[count · copies, obsDim]`. */
  observations(count: number, copies = 1): Float32Array {
    const random = this.stream('user', 1);
    const { low, high } = this.spaces.observationSpace;
    const rows = Array.from({ length: count }, () =>
      low.map((bound, d) => Math.min(high[d] as number, Math.max(bound, random.normal()))),
    );
    return Float32Array.from(rows.flatMap((row) => Array.from({ length: copies }, () => row)).flat());
  }

  /** @param first The number of the first row's stream; `greedy` for the mode. */
  act(actor: Actor, observations: Float32Array, first: number | 'greedy'): Choice {
    const count = observations.length / this.observationSize;
    const actions = new Float32Array(count * this.policy.actionSize);
    const logProbabilities = new Float64Array(count);
    const streams =
      first === 'greedy' ? undefined : Array.from({ length: count }, (_, row) => this.stream('act', first + row));
    actor.act(observations, count, streams, actions, logProbabilities);
    return { actions, logProbabilities };
  }

  /** What `compute` makes of the distribution at some parameters, as numbers. */
  values(
    theta: Float64Array,
    observations: Float32Array,
    compute: (distribution: Distribution, parameters: Parameters) => Tensor,
  ): Float32Array {
    return tidy(() => {
      const parameters = this.policy.layout.variables(theta);
      return compute(this.policy.distribution(parameters, this.states(observations)), parameters).values();
    });
  }

  /** Several tensors as numbers, joined. */
  lists(
    theta: Float64Array,
    observations: Float32Array,
    compute: (at: Distribution, parameters: Parameters) => readonly Tensor[],
  ) {
    return tidy(() => {
      const parameters = this.policy.layout.variables(theta);
      const at = this.policy.distribution(parameters, this.states(observations));
      return compute(at, parameters).map((part) => Float64Array.from(part.values()));
    });
  }

  logProbabilities(theta: Float64Array, observations: Float32Array, actions: Float32Array): Float32Array {
    return this.values(theta, observations, (at) => this.policy.logProbability(at, this.actionTensor(actions)));
  }

  /** Observations as a tensor `[n, obsDim]`; call it where tensors are tidied away. */
  states(observations: Float32Array): Tensor {
    return constant(observations, [observations.length / this.observationSize, this.observationSize]);
  }

  /** Numbers as a tensor `[n]`; call it where tensors are tidied away. */
  column(numbers: Float64Array): Tensor {
    return constant(numbers, [numbers.length]);
  }

  /** Actions as a tensor `[n, actionSize]`; call it where tensors are tidied away. */
  actionTensor(actions: Float32Array): Tensor {
    const { actionSize } = this.policy;
    return constant(actions, [actions.length / actionSize, actionSize]);
  }
}

/** Mean and its standard error. */
export function estimate(values: ArrayLike<number>): { readonly mean: number; readonly error: number } {
  const list = Array.from(values);
  const mean = list.reduce((total, value) => total + value, 0) / list.length;
  const variance = list.reduce((total, value) => total + (value - mean) ** 2, 0) / (list.length - 1);
  return { mean, error: Math.sqrt(variance / list.length) };
}

/** The largest difference of two lists, relative to 1 or to the number itself where that is more; NaN counts as infinite. */
export function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((top, value, i) => {
    const other = b[i] as number;
    const gap = Math.abs(value - other) / Math.max(1, Math.abs(other));
    return Object.is(value, other) ? top : Math.max(top, Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap);
  }, 0);
}
