import type { ConfigIssue } from './issues.js';
import type { EvaluationConfig } from './schema.js';

/** `evaluation:` as given, with 0 steps where it says nothing of steps: for a trainer that does not adapt. */
export function withoutSteps(evaluation: unknown): unknown {
  if (!isMap(evaluation)) return evaluation; // reported by the schema
  const { final = {} } = evaluation;
  return { ...withZero(evaluation), final: isMap(final) ? withZero(final) : final };
}

/** A config given in code may say `steps: undefined`, which is nothing. */
function withZero(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...given, steps: given.steps === undefined ? 0 : given.steps };
}

/** What such a trainer cannot be asked for. */
export function adaptationIssues(evaluation: EvaluationConfig, trainer: string): ConfigIssue[] {
  const because = `since the trainer '${trainer}' does not adapt`;
  const places = [
    { path: ['evaluation'], given: evaluation },
    { path: ['evaluation', 'final'], given: evaluation.final },
  ];
  return places.flatMap(({ path, given }): ConfigIssue[] => [
    ...(given.steps > 0 ? [{ path: [...path, 'steps'], expected: `0, ${because}`, found: String(given.steps) }] : []),
    ...(given.stepSizes
      ? [{ path: [...path, 'stepSizes'], expected: `no step sizes, ${because}`, found: 'a list of them' }]
      : []),
  ]);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
