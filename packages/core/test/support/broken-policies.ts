import { expect } from 'vitest';
import { type Actor, CategoricalMlpPolicy, GaussianMlpPolicy, type Policy, type Spaces } from '../../src/index.js';
import { checkPolicy } from '../../src/testing/index.js';

const box = (n: number) => ({ kind: 'box' as const, low: Array(n).fill(-2), high: Array(n).fill(2) });

/** Three observations; two continuous actions, or four choices. */
export const CONTINUOUS: Spaces = { observationSpace: box(3), actionSpace: box(2) };
export const DISCRETE: Spaces = { observationSpace: box(3), actionSpace: { kind: 'discrete', count: 4 } };

/** The built-in policies, which are in order. */
export const gaussian = (options = {}) => new GaussianMlpPolicy(CONTINUOUS, { hiddenSizes: [6], ...options });
export const categorical = (options = {}) => new CategoricalMlpPolicy(DISCRETE, { hiddenSizes: [6], ...options });

/** A broken policy, the spaces it is for, and a part of what must be said of it. */
export type Broken = readonly [name: string, policy: Policy, spaces: Spaces, sentence: string];

/** A policy with other members; `writtenOut` is left away unless given. */
export function having<P extends Policy>(
  policy: P,
  members: (policy: P) => Partial<Record<keyof Policy, unknown>>,
): Policy {
  const changed = Object.create(policy) as Policy;
  for (const [name, value] of Object.entries({ writtenOut: undefined, ...members(policy) })) {
    Object.defineProperty(changed, name, { value });
  }
  return changed;
}

/** An actor that does more, or something else, than the policy's own. */
export const acting =
  (change: (own: Actor, theta: Float64Array) => Actor['act']) =>
  (policy: Policy): Partial<Record<keyof Policy, unknown>> => ({
    actor: (theta: Float64Array) => ({ act: change(policy.actor(theta), theta) }),
  });

/** The policy is refused with this sentence. */
export async function expectRefused(policy: Policy, spaces: Spaces, sentence: string): Promise<void> {
  const check = checkPolicy(policy, spaces);
  await expect(check).rejects.toMatchObject({ code: 'CONTRACT_BROKEN' });
  await expect(check).rejects.toThrow(sentence);
}
