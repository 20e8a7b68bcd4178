import type { EvaluationResult, Metrics, Trainer } from '../contracts/trainer.js';
import { InnerloopError } from '../errors.js';

/** The same figures with `null` for numbers that JSON cannot hold. */
export function finiteOrNull(metrics: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      typeof value === 'number' && !Number.isFinite(value) ? null : value,
    ]),
  );
}

/** `evaluation/return/0 … K`, `evaluation/ci95/0 … K` and `evaluation/best`. */
export function evaluationMetrics({ steps }: EvaluationResult, best: boolean): Metrics {
  return Object.fromEntries([
    ...steps.map(({ step, meanReturn }) => [`evaluation/return/${step}`, meanReturn]),
    ...steps.map(({ step, ci95 }) => [`evaluation/ci95/${step}`, ci95]),
    ['evaluation/best', best],
  ]);
}

/**
 * @param savedAt The iteration of the last checkpoint, if there is one.
 * @throws InnerloopError `NUMBERS_NOT_FINITE` that names the first parameter that is not finite.
 */
export function assertFiniteParameters(
  { parameters, layout }: Pick<Trainer, 'parameters' | 'layout'>,
  iteration: number,
  savedAt: number | undefined,
): void {
  const first = parameters.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return;
  const count = parameters.filter((value) => !Number.isFinite(value)).length;
  const part = layout.parts.find(({ offset, size }) => first < offset + size);
  const kept = savedAt === undefined ? '' : ` The checkpoint of iteration ${savedAt} is kept.`;
  throw new InnerloopError(
    'NUMBERS_NOT_FINITE',
    `After iteration ${iteration}, ${count} of ${parameters.length} parameters are not finite; the first is number ` +
      `${first - (part?.offset ?? 0)} of '${part?.name}', which is ${parameters[first]}.${kept} ` +
      'Training diverges: try a smaller step size or KL limit.',
  );
}
