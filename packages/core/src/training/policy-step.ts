import { askChecks } from '../checks/ask.js';
import type { Check, CheckSubject } from '../contracts/check.js';
import type { EventBus } from '../contracts/events.js';
import type { PolicyObjective, PolicyOptimizer, Proposal } from '../contracts/policy-optimizer.js';
import type { Metrics } from '../contracts/trainer.js';

/*
 * The step that every trainer ends an iteration with: the optimizer proposes, the trainer measures, the checks judge, and only then is the
 * proposal taken or the optimizer put back as it was. In MAML it is the meta-step; alone, lines 6 and 7 of the VPG pseudocode and
 * 7 to 9 of TRPO's.
 */

/** Who takes part in a step. */
export interface PolicyStepParts {
  readonly optimizer: PolicyOptimizer;
  readonly checks: readonly Check[];
  readonly events: EventBus;
}

/** What the checks' answers mean for a trainer. A stop also skips. */
export interface Ruling {
  /** Why the step must not be taken. */
  readonly skip?: string;
  /** Why the run must end. */
  readonly stop?: string;
}

/** A step that was taken or not. */
export interface PolicyStep {
  /** The new θ, a vector of its own; θ_k if the step was not taken. */
  readonly parameters: Float64Array;
  /** Why the run must end, if a check says so. */
  readonly stop: string | undefined;
  /** KL between the policies before and after the proposed step, in nats. */
  readonly kl: number;
  /** `surrogate/before`, `surrogate/after`, `accepted`, `reason`, `backtracks` and `gradientNorm`. */
  readonly metrics: Metrics;
}

/**
 * Takes one step on an objective: proposes, measures surrogate and KL whatever the optimizer, asks the checks, and commits or puts the
 * optimizer's state back. Emits `check:verdict` (if there are checks) and `meta-step:end`.
 *
 * @param skip Why no step may be taken, if an earlier judgement forbids it; no gradient is then computed.
 * @throws InnerloopError CHECK_FAILED if a check throws.
 */
export async function takePolicyStep(
  parts: PolicyStepParts,
  objective: PolicyObjective,
  iteration: number,
  skip?: string,
): Promise<PolicyStep> {
  const { optimizer, events } = parts;
  const theta = objective.parameters;
  const before = optimizer.state();
  const surrogateBefore = await objective.surrogate(theta);
  const proposal = skip === undefined ? await optimizer.improve(objective) : declined(theta, skip);
  const surrogateAfter = await objective.surrogate(proposal.parameters);
  const kl = await objective.kl(proposal.parameters);
  const measured = { kl, surrogateBefore, surrogateAfter };
  const ruling = await judge(parts, { stage: 'meta-step', iteration, accepted: proposal.accepted, ...measured });
  const accepted = proposal.accepted && ruling.skip === undefined;
  if (!accepted) optimizer.restore(before);
  const reason = ruling.skip ?? proposal.reason;
  const { backtracks, gradientNorm } = proposal;
  events.emit('meta-step:end', { iteration, accepted, reason, ...measured, backtracks, gradientNorm });
  return {
    parameters: (accepted ? proposal.parameters : theta).slice(),
    stop: ruling.stop,
    kl,
    metrics: {
      'surrogate/before': surrogateBefore,
      'surrogate/after': surrogateAfter,
      accepted,
      reason,
      backtracks,
      gradientNorm,
    },
  };
}

/**
 * Asks the checks about a step or an adaptation and announces what they said, if there are any.
 *
 * @throws InnerloopError CHECK_FAILED if a check throws.
 */
export async function judge(
  { checks, events }: Pick<PolicyStepParts, 'checks' | 'events'>,
  subject: CheckSubject,
): Promise<Ruling> {
  if (checks.length === 0) return {};
  const judgement = await askChecks(checks, subject);
  events.emit('check:verdict', { iteration: subject.iteration, stage: subject.stage, judgement });
  const reasons = judgement.verdicts
    .flatMap(({ check, verdict }) =>
      verdict.kind === judgement.strictest && verdict.kind !== 'ok' ? [`${check}: ${verdict.reason}`] : [],
    )
    .join('; ');
  if (judgement.strictest === 'stop') return { skip: reasons, stop: reasons };
  return judgement.strictest === 'reject' ? { skip: reasons } : {};
}

function declined(theta: Float64Array, reason: string): Proposal {
  return { parameters: theta.slice(), accepted: false, reason, backtracks: 0, gradientNorm: Number.NaN };
}
