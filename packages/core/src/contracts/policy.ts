import type { ParameterLayout } from '../numerics/layout.js';
import type { Random } from '../numerics/random.js';
import type { Tensor } from '../numerics/tensor.js';
import type { PolicyHead } from '../policies/heads.js';
import type { Activation } from '../policies/mlp.js';

/** Parameters as tensors, in layout order. */
export type Parameters = readonly Tensor[];

/**
 * The parameters of an action distribution at N observations, for example `[mean [N, actDim], logStd [actDim]]` or
 * `[logits [N, count]]`. Only the policy that made it reads it.
 *
 * They must be free of constraints (logits, not log-probabilities): the Fisher product is taken with the Hessian of KL in
 * these numbers, which is the whole second derivative only where ∂KL/∂z is 0 in every direction at equal distributions.
 */
export type Distribution = readonly Tensor[];

/** A stochastic policy π_θ(a|s) as pure functions of explicit parameters. */
export interface Policy {
  /** The names, shapes and order of the parameters θ. */
  readonly layout: ParameterLayout;
  /** Shape of one action as a tensor row: actDim for a box, 1 for a discrete space. */
  readonly actionSize: number;
  /** Draws θ_0, a flat float64 vector of `layout.size` numbers. */
  initialize(random: Random): Float64Array;
  /** π_θ(·|s) at `observations` `[N, obsDim]`; differentiable in `parameters`. */
  distribution(parameters: Parameters, observations: Tensor): Distribution;
  /** log π(a|s), summed over the action's dimensions: `[N]`. `actions` are `[N, actionSize]` constants. */
  logProbability(distribution: Distribution, actions: Tensor): Tensor;
  /** KL(p ‖ q) in closed form: `[N]`. */
  kl(p: Distribution, q: Distribution): Tensor;
  /** Entropy: `[N]`. */
  entropy(distribution: Distribution): Tensor;
  /** A sampler with these parameters, for collecting trajectories: no graph is recorded. */
  actor(parameters: Float64Array): Actor;
  /**
   * What the policy is made of, if it is a multilayer perceptron with a head whose derivatives are written out. Objectives can then do
   * without a graph. The layout is the network's, layer by layer, followed by the head's extra parameters.
   */
  readonly writtenOut?: WrittenOutPolicy;
}

/** See {@link Policy.writtenOut}. */
export interface WrittenOutPolicy {
  /** Input length, hidden sizes, output length. */
  readonly sizes: readonly number[];
  readonly activation: Activation;
  readonly head: PolicyHead;
}

/** Chooses actions for a batch of observations, outside the computation graph. */
export interface Actor {
  /**
   * Chooses one action for each of `count` observations.
   *
   * @param observations `[count, obsDim]`, row-major.
   * @param count How many rows are valid.
   * @param randoms One stream for each row; `undefined` means the mode of the distribution (greedy).
   * @param actions Receives `[count, actionSize]`, row-major.
   * @param logProbabilities Receives log π(a|s) of the chosen actions, `[count]`.
   */
  act(
    observations: Float32Array,
    count: number,
    randoms: readonly Random[] | undefined,
    actions: Float32Array,
    logProbabilities: Float64Array,
  ): void;
}
