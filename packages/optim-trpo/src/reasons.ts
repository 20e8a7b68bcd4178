/** The sentences that tell a user what a TRPO step did, with its numbers. */
import type { ConjugateGradientResult } from './conjugate-gradient.js';
import type { LineSearchOptions, LineSearchResult } from './line-search.js';

/** Six significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Why conjugate gradient gave no solution. */
export function notSolvedSentence(result: Exclude<ConjugateGradientResult, { kind: 'solution' }>): string {
  const when = `in iteration ${result.iterations + 1} of conjugate gradient`;
  if (result.kind === 'negative-curvature') {
    return (
      `A direction of zero or negative curvature was met ${when}: pᵀ(H + λI)p is ${formatNumber(result.curvature)}, ` +
      'expected above 0. A larger cgDamping may help.'
    );
  }
  switch (result.where) {
    case 'right-hand side':
      return `The gradient is not finite: the square of its norm is ${result.residual}.`;
    case 'product':
      return `The curvature product is not finite ${when}.`;
    case 'step':
      return `The solution is not finite ${when}, at a squared residual of ${formatNumber(result.residual)}.`;
    default:
      return result.where satisfies never;
  }
}

/** Why the quadratic form xᵀ(H + λI)x cannot give a step length. */
export function curvatureSentence(quadraticForm: number): string {
  if (!Number.isFinite(quadraticForm)) {
    return `The curvature product with the solution is not finite: xᵀ(H + λI)x is ${quadraticForm}.`;
  }
  const value = formatNumber(quadraticForm);
  return `The curvature along the solution is zero or negative: xᵀ(H + λI)x is ${value}, expected above 0.`;
}

/** What the line search found. */
export function lineSearchSentence(result: LineSearchResult, before: number, options: LineSearchOptions): string {
  const { j, surrogate, kl } = result;
  const coefficient = options.backtrackCoefficient;
  const step = j === 0 ? 'the full step' : `${coefficient}^${j} times the full step`;
  const change = `the surrogate is ${formatNumber(surrogate)} (before: ${formatNumber(before)})`;
  const distance = `the KL is ${formatNumber(kl)} (limit: ${formatNumber(options.maxKl)})`;
  const numbers = `${change} and ${distance}`;
  if (result.kind === 'accepted') return `Accepted ${step}: ${numbers}.`;
  switch (result.reason) {
    case 'not-finite':
      return `A value is not finite at ${step}: ${numbers}.`;
    case 'surrogate-not-improved':
      return `No step improved the surrogate within the KL limit. The last was ${step}: ${numbers}.`;
    case 'kl-exceeded':
      return `No step that improved the surrogate stayed within the KL limit. The last was ${step}: ${numbers}.`;
    case 'surrogate-not-improved-and-kl-exceeded':
      return `No step improved the surrogate or stayed within the KL limit. The last was ${step}: ${numbers}.`;
    default:
      return result.reason satisfies never;
  }
}
