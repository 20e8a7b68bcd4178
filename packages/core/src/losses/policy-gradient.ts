import type { Batch } from '../contracts/batch.js';
import type { AdaptationBatch } from '../contracts/inner-optimizer.js';
import type { Parameters, Policy } from '../contracts/policy.js';
import * as ops from '../numerics/ops.js';
import { constant, type Tensor } from '../numerics/tensor.js';

/** Which loss, and what its sum is divided by. */
export interface PolicyGradientLossOptions {
  /**
   * `log-likelihood`: −log π · Â. `likelihood-ratio`: −π / π_behaviour · Â. Equal gradients at the behaviour policy, but not equal
   * second derivatives.
   */
  readonly loss: 'log-likelihood' | 'likelihood-ratio';
  /** `steps`: a mean over steps. `trajectories`: a sum over steps, a mean over trajectories (1/|D| of the pseudocode). */
  readonly average: 'steps' | 'trajectories';
}

/**
 * The sampled policy-gradient loss, whose negative gradient is ĝ of the VPG pseudocode (line 6). A scalar, differentiable
 * in `parameters`.
 */
export function policyGradientLoss(
  policy: Policy,
  parameters: Parameters,
  batch: AdaptationBatch,
  { loss, average }: PolicyGradientLossOptions,
): Tensor {
  const logProbability = policy.logProbability(policy.distribution(parameters, batch.observations), batch.actions);
  const weight = loss === 'log-likelihood' ? logProbability : ops.exp(ops.sub(logProbability, batch.logProbabilities));
  const count = average === 'steps' ? batch.steps : batch.episodes;
  return ops.scale(ops.dot(weight, batch.advantages), -1 / count);
}

/** Puts a batch on the backend as constants. */
export function batchTensors(batch: Batch): AdaptationBatch {
  const { steps, episodes } = batch;
  return {
    steps,
    episodes,
    observations: constant(batch.observations, [steps, batch.observations.length / steps]),
    actions: constant(batch.actions, [steps, batch.actions.length / steps]),
    advantages: constant(batch.advantages, [steps]),
    logProbabilities: constant(batch.logProbabilities, [steps]),
  };
}
