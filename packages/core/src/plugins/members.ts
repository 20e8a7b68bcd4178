import type { ComponentKind } from './tokens.js';

/** What an object of each kind must have; optional members are left out. */
const MEMBERS: Readonly<Record<ComponentKind, readonly string[]>> = {
  trainer: ['layout', 'parameters', 'iterate', 'evaluate', 'state', 'restore', 'close'],
  objective: ['provides', 'bind'],
  tasks: ['observationSpace', 'actionSpace', 'horizon', 'sample', 'create'],
  wrapper: ['spaces', 'wrap'],
  policy: ['layout', 'actionSize', 'initialize', 'distribution', 'logProbability', 'kl', 'entropy', 'actor'],
  'inner-optimizer': ['adapt'],
  'policy-optimizer': ['needs', 'improve', 'state', 'restore'],
  advantages: ['discount', 'normalize', 'estimate'],
  baseline: ['fitted', 'create'],
  check: ['name', 'verdict'],
  logger: ['attach', 'close'],
};

/** Which members of a kind's contract a value lacks; all of them if it is no object. */
export function missingMembers(kind: ComponentKind, value: unknown): readonly string[] {
  const members = MEMBERS[kind] ?? [];
  if (typeof value !== 'object' || value === null) return members;
  return members.filter((member) => !(member in value));
}

/**
 * Whether a value of a config is an object of the user's own in place of a component's name: it has no `use`, and at
 * least one method of the kind's contract. (Data from a file has no methods.)
 */
export function isOwnObject(kind: ComponentKind, value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'use' in value) return false;
  const entries = value as Readonly<Record<string, unknown>>;
  return (MEMBERS[kind] ?? []).some((member) => typeof entries[member] === 'function');
}
