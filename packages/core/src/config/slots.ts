import type { AnyComponent } from '../plugins/define.js';
import { didYouMean, quoteAll } from '../plugins/nearest.js';
import type { Registry } from '../plugins/registry.js';
import { SLOTS, type Slot, TOKENS } from '../plugins/tokens.js';
import { type ConfigIssue, describeValue } from './issues.js';
import type { Parts } from './resolve.js';

/** The slots that every experiment fills, whatever its trainer. */
const COMMON: readonly Slot[] = ['trainer', 'tasks', 'policy', 'advantages', 'baseline'];

/**
 * Whether the slots that a config fills are those that its trainer and the other components need.
 *
 * @param parts What was understood of the config; a slot whose content was wrong is absent here, and in `root` present.
 */
export function slotIssues(
  parts: Parts,
  root: Readonly<Record<string, unknown>>,
  registry: Registry,
): readonly ConfigIssue[] {
  const trainer = trainerNamed(root, registry);
  const needed = trainer && (trainer.slots ?? []);
  const issues: ConfigIssue[] = [];
  const missing = new Set<string>();
  for (const slot of Object.keys(SLOTS) as Slot[]) {
    const common = COMMON.includes(slot);
    const given = root[slot] !== undefined && root[slot] !== null;
    if (given && needed && !common && !needed.includes(slot)) issues.push(unused(slot, trainer?.name, needed));
    if (given || parts.slots[slot] || !(common || needed?.includes(slot))) continue;
    // The default of an optional slot that no plugin registered was reported where it was looked up.
    if (slot === 'advantages' || slot === 'baseline') continue;
    missing.add(slot);
    issues.push({
      path: [slot],
      expected: `{ use: ${registry.expected(SLOTS[slot])} }`,
      found: describeValue(root[slot]),
      hint: nearKey(slot, root),
    });
  }
  return [...issues, ...injectionIssues(parts, root, missing)];
}

/** The trainer that a config names, also where its options are wrong. The user's own trainer says nothing of slots. */
export function trainerNamed(
  { trainer }: Readonly<Record<string, unknown>>,
  registry: Registry,
): AnyComponent | undefined {
  const use = typeof trainer === 'object' && trainer !== null && 'use' in trainer ? trainer.use : trainer;
  return typeof use === 'string' ? registry.find('trainer', use)?.component : undefined;
}

function unused(slot: Slot, name: unknown, needed: readonly string[]): ConfigIssue {
  const slots = needed.length === 0 ? 'none' : quoteAll(needed);
  return {
    path: [slot],
    expected: `only slots that the trainer '${String(name)}' uses (besides ${quoteAll(COMMON)}: ${slots})`,
    found: `'${slot}', which it does not use`,
    hint: '; remove it or choose another trainer',
    atKey: true,
  };
}

/** A key of the config that may have been meant to be this one. */
function nearKey(slot: string, root: Readonly<Record<string, unknown>>): string {
  const unknown = Object.keys(root).filter((key) => !Object.hasOwn(SLOTS, key) && didYouMean(key, [slot]) !== '');
  return unknown.length === 0 ? '' : `; is '${unknown[0]}' meant to be '${slot}'?`;
}

/** Components that inject a slot which the config leaves empty. */
function injectionIssues(
  { slots, lists }: Parts,
  root: Readonly<Record<string, unknown>>,
  missing: ReadonlySet<string>,
): ConfigIssue[] {
  const parts = [...Object.values(slots), ...Object.values(lists).flat()];
  return parts.flatMap((part) => {
    if (!('component' in part)) return [];
    const tokens = Object.values(part.component.inject as Readonly<Record<string, unknown>>);
    return (Object.keys(SLOTS) as Slot[])
      .filter(
        (slot) => tokens.includes(TOKENS[slot]) && !slots[slot] && !missing.has(slot) && (root[slot] ?? null) === null,
      )
      .map((slot) => ({
        path: part.path,
        expected: `the slot '${slot}' to be filled, since the ${part.kind} '${part.component.name}' needs it`,
        found: 'nothing there',
      }));
  });
}
