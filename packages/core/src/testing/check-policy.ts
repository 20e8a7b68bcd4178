import type { Spaces } from '../contracts/environment.js';
import type { Policy } from '../contracts/policy.js';
import { activeBackend, useBackend } from '../numerics/backend.js';
import { Findings } from './findings.js';
import { checkDerivatives } from './policy-derivatives.js';
import { PolicyProbe } from './policy-probe.js';
import { checkActor, checkRecorded, checkShapes } from './policy-shapes.js';
import { checkKlAtEquals, checkStatistics } from './policy-statistics.js';
import { checkWrittenOut } from './policy-written-out.js';

/** Options of {@link checkPolicy}. */
export interface CheckPolicyOptions {
  /** Seeds everything that is drawn. Default 1. */
  readonly seed?: number;
}

/**
 * Checks all that a policy's contract promises, at parameters near its first ones:
 *
 * - shapes: of the layout, first parameters, actions, log-probabilities, KL and entropies
 * - the actor: the same distribution as the recorded one; each row by its own observation and stream; greedy actions
 * - statistics: samples against log-probabilities, which sum or integrate to 1; entropy; KL, which is 0 with no slope at equal distributions
 * - derivatives: the first and second of log-probabilities against central differences
 * - written-out derivatives, if it has any, against recorded ones
 *
 * Takes some seconds for a small network. Makes the tensor backend `cpu` active if none is. Needs no test framework: it throws, or returns nothing.
 *
 * @param spaces Those that the policy was made for.
 * @throws InnerloopError CONTRACT_BROKEN, whose message lists everything that was found, in sentences that say what to change.
 */
export async function checkPolicy(
  policy: Policy,
  spaces: Spaces,
  { seed = 1 }: CheckPolicyOptions = {},
): Promise<void> {
  if (activeBackend() === '') await useBackend('cpu');
  const findings = new Findings();
  const { report } = findings;
  const probe = findings.attempt('initialize', 'initialize()', () => new PolicyProbe(policy, spaces, seed));
  if (probe) {
    findings.attempt('shapes', 'A first look', () => checkShapes(probe, report));
    // Parts that cannot be compared number by number would only be reported many times over.
    if (findings.count === 0)
      findings.attempt('recorded', 'Recording a distribution', () => checkRecorded(probe, report));
    if (findings.count === 0) {
      findings.attempt('actor', 'Acting', () => checkActor(probe, report));
      findings.attempt('kl', 'kl()', () => checkKlAtEquals(probe, report));
      findings.attempt('statistics', 'Comparing samples with log-probabilities', () => checkStatistics(probe, report));
      findings.attempt('derivatives', 'Differentiating log-probabilities twice', () => checkDerivatives(probe, report));
      findings.attempt('writtenOut', 'writtenOut', () => checkWrittenOut(probe, report));
    }
  }
  findings.conclude('The policy');
}
