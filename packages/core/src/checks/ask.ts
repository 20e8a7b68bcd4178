import type { Check, CheckSubject, Judgement, Verdict } from '../contracts/check.js';
import { InnerloopError, isInnerloopError, messageOf } from '../errors.js';

/** From mild to strict. */
const KINDS = ['ok', 'warn', 'reject', 'stop'] as const satisfies readonly Verdict['kind'][];

/**
 * Asks every check about a step, in order.
 *
 * @returns Each check's verdict and the strictest of them, in the order ok < warn < reject < stop; `ok` without checks.
 * @throws InnerloopError CHECK_FAILED if a check throws or answers with something else than a verdict.
 */
export async function askChecks(checks: readonly Check[], subject: CheckSubject): Promise<Judgement> {
  const verdicts: Judgement['verdicts'][number][] = [];
  for (const check of checks) verdicts.push({ check: check.name, verdict: await ask(check, subject) });
  const strictest = Math.max(0, ...verdicts.map(({ verdict }) => KINDS.indexOf(verdict.kind)));
  return { strictest: KINDS[strictest] as Verdict['kind'], verdicts };
}

async function ask(check: Check, subject: CheckSubject): Promise<Judgement['verdicts'][number]['verdict']> {
  const place = `The check '${check.name}' at iteration ${subject.iteration} (${subject.stage})`;
  let verdict: Verdict;
  try {
    verdict = await check.verdict(subject);
  } catch (error) {
    if (isInnerloopError(error)) throw error;
    throw new InnerloopError('CHECK_FAILED', `${place} failed: ${messageOf(error)}`, { cause: error });
  }
  if (verdict?.kind === 'ok') return { kind: 'ok' };
  if (KINDS.includes(verdict?.kind) && typeof verdict.reason === 'string') {
    return { kind: verdict.kind, reason: verdict.reason };
  }
  throw new InnerloopError(
    'CHECK_FAILED',
    `${place} expected to answer { kind: 'ok' } or { kind: 'warn' | 'reject' | 'stop', reason }, ` +
      `found ${JSON.stringify(verdict)}.`,
  );
}
