import type { AdvantageEstimator } from '../contracts/advantages.js';
import type { Baseline, BaselineFactory, States } from '../contracts/baseline.js';
import type { Batch, Trajectories } from '../contracts/batch.js';
import { InnerloopError } from '../errors.js';
import { discountedReturns } from './returns.js';
import { explainedVariance, momentsOf, standardize } from './statistics.js';

// From trajectories to what the policy learns from (VPG and TRPO pseudocode):
//
//    4  Compute rewards-to-go R̂_t.
//    5  Compute advantage estimates Â_t, based on the current value function V_φk.
//    8  Fit value function by regression on mean-squared error (TRPO: line 10).
//
// Differs from the text: a baseline that is fitted `before-advantages` has line 8 before line 5, on the same batch, as the
// linear-feature baseline of the MAML paper has. One that is fitted `after-update` is left to the caller, who has `states`
// and `returns` for it.

/** A batch with its advantages, and what they were made from. */
export interface PreparedBatch extends Batch {
  /** The states of the N steps, for fitting a baseline after the update. */
  readonly states: States;
  /** R̂ of each step with bootstrapped tails, `[N]`: the targets of that fit. */
  readonly returns: Float64Array;
  /** V(s_t) as used for the advantages, `[N]`. */
  readonly values: Float64Array;
  readonly diagnostics: BatchDiagnostics;
}

/** How good the baseline was. */
export interface BatchDiagnostics {
  /** Mean of the advantages before normalisation. */
  readonly advantageMean: number;
  /** Population standard deviation of the advantages before normalisation. */
  readonly advantageDeviation: number;
  /** 1 − Var(R̂ − V) / Var(R̂); `null` if all rewards-to-go are equal. */
  readonly explainedVariance: number | null;
}

/**
 * Computes the advantages of a batch: fit, predict, estimate, normalise.
 *
 * Ends: after `terminated` and `horizon` the value is 0, after `truncated` it is V(final observation).
 * Normalisation is (Â − mean) / (sd + 1e-8) over all steps of the batch, with the population's sd.
 *
 * @param baseline Fitted here if `fitted` is `before-advantages`, else only asked.
 * @throws InnerloopError NUMBERS_NOT_FINITE if an advantage is not finite.
 */
export function prepareBatch(
  trajectories: Trajectories,
  baseline: Baseline,
  estimator: AdvantageEstimator,
  fitted: BaselineFactory['fitted'],
): PreparedBatch {
  const { observations, actions, logProbabilities, rewards, offsets, ends } = trajectories;
  const states = statesOf(trajectories);
  if (fitted === 'before-advantages') fitOnOwnReturns(trajectories, states, baseline, estimator.discount);
  const values = baseline.predict(states);
  const finalValues = tailsOf(trajectories, baseline);
  const returns = discountedReturns({ rewards, offsets, finalValues }, estimator.discount); // line 4
  const raw = estimator.estimate({ rewards, values, finalValues, offsets, ends }); // line 5
  assertFinite(raw);
  const moments = momentsOf(raw);
  return {
    steps: rewards.length,
    episodes: ends.length,
    observations,
    actions,
    logProbabilities,
    advantages: estimator.normalize ? standardize(raw, moments) : raw,
    states,
    returns,
    values,
    diagnostics: {
      advantageMean: moments.mean,
      advantageDeviation: moments.deviation,
      explainedVariance: explainedVariance(values, returns),
    },
  };
}

/** Line 8, before line 5. */
function fitOnOwnReturns(trajectories: Trajectories, states: States, baseline: Baseline, discount: number): void {
  const { rewards, offsets, ends } = trajectories;
  const zeros = new Float64Array(ends.length);
  baseline.fit(states, discountedReturns({ rewards, offsets, finalValues: zeros }, discount));
  if (!ends.includes('truncated')) return;
  // The targets of a truncated episode need V at its end, which is what is being fitted. The first fit took 0 there, so
  // it is too small in magnitude near the cut; its prediction is a better tail, and the second fit uses it.
  const finalValues = tailsOf(trajectories, baseline);
  baseline.fit(states, discountedReturns({ rewards, offsets, finalValues }, discount));
}

/** Observations with the time step of each within its episode. */
function statesOf({ observations, offsets, rewards }: Trajectories): States {
  const times = new Int32Array(rewards.length);
  for (let e = 0; e + 1 < offsets.length; e++) {
    const start = offsets[e] as number;
    for (let i = start; i < (offsets[e + 1] as number); i++) times[i] = i - start;
  }
  return { observations, times };
}

/** The value after the last step of each episode, `[E]`: 0 unless it was truncated. */
function tailsOf({ finalObservations, offsets, ends }: Trajectories, baseline: Baseline): Float64Array {
  if (!ends.includes('truncated')) return new Float64Array(ends.length);
  const times = Int32Array.from(ends, (_, e) => (offsets[e + 1] as number) - (offsets[e] as number));
  const values = baseline.predict({ observations: finalObservations, times });
  return Float64Array.from(ends, (end, e) => (end === 'truncated' ? (values[e] as number) : 0));
}

function assertFinite(advantages: Float64Array): void {
  const at = advantages.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new InnerloopError(
    'NUMBERS_NOT_FINITE',
    `Advantage of step ${at} of a batch of ${advantages.length} is ${advantages[at]}: expected a finite number. ` +
      'Rewards or the values of the baseline are probably too large: scale the rewards or lower advantages.discount.',
  );
}
