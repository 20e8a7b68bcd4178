import { InnerloopError, type Random } from '@innerloop/core';
import { z } from 'zod';
import { uniform } from './arithmetic.js';

/** The option `timeLimit` of every classic-control problem. */
export function timeLimitOption(preset: number) {
  return z
    .int()
    .min(1)
    .default(preset)
    .describe('Steps after which an episode is truncated (its last value is bootstrapped), at least 1');
}

/**
 * H of a distribution whose environments truncate: one step more, so that the horizon never ends an episode with terminal value 0.
 *
 * @param timeLimit Steps after which its environments truncate.
 */
export function horizonBeyond(timeLimit: number): number {
  return timeLimit + 1;
}

/** An option that is a range of positive numbers, `[low, high]`. */
export function rangeOption(low: number, high: number, what: string) {
  return z
    .array(z.number().positive())
    .length(2)
    .refine(([from = 0, to = 0]) => from <= to, '[low, high] with low at most high')
    .default([low, high])
    .describe(`${what}: uniform on [low, high], both above 0; equal bounds keep it fixed`);
}

/** Draws from a range. */
export function drawFrom(random: Random, [low = 0, high = 0]: readonly number[]): number {
  return uniform(random, low, high);
}

/**
 * Checks that a task is an object of positive numbers, with no others.
 *
 * @param distribution The component's name, for errors.
 * @param names The keys that it must have.
 * @throws InnerloopError ENVIRONMENT_INVALID otherwise.
 */
export function assertPhysics(distribution: string, task: unknown, names: readonly string[]): void {
  const found = typeof task === 'object' && task !== null ? (task as Record<string, unknown>) : {};
  const complete = names.every((name) => Number.isFinite(found[name]) && (found[name] as number) > 0);
  if (complete && Object.keys(found).length === names.length) return;
  const expected = names.map((name) => `"${name}": number`).join(', ');
  throw new InnerloopError(
    'ENVIRONMENT_INVALID',
    `A task of ${distribution} must be { ${expected} } with finite numbers above 0 and nothing else, found ${JSON.stringify(task)}.`,
  );
}
