import { parseDocument } from 'yaml';
import { InnerloopError } from '../errors.js';
import { LIST_SLOTS, SLOTS } from '../plugins/tokens.js';
import type { ConfigPath } from './issues.js';

/** The components of slots that a config may leave out. */
export const DEFAULT_COMPONENTS: Readonly<Record<string, string>> = { advantages: 'gae', baseline: 'linear-feature' };

/** A config after its overrides. */
export interface Applied {
  readonly data: Readonly<Record<string, unknown>>;
  /** What was dropped. */
  readonly notices: readonly string[];
  /** The override, as given, that decided a path. */
  overriding(path: ConfigPath): string | undefined;
  /** An override of something below a path. */
  overridingBelow(path: ConfigPath): string | undefined;
}

interface Override {
  /** As given. */
  readonly text: string;
  readonly keys: readonly string[];
  readonly value: unknown;
}

type Tree = Record<string, unknown>;

/**
 * Applies `path=value` overrides to a config. Where one names another component for a place (`meta.use=gradient`), the
 * file's options of the component that was there are dropped, with a notice. The order of overrides of different paths does not matter.
 *
 * @throws InnerloopError OPTION_INVALID if one is not `path=value`, CONFIG_INVALID if its path cannot be reached.
 */
export function applyOverrides(data: Readonly<Tree>, texts: readonly string[]): Applied {
  const overrides = texts.map(parseOverride);
  const result = copy(data) as Tree;
  const notices: string[] = [];
  for (const override of [...overrides].sort((a, b) => rank(a.keys) - rank(b.keys))) {
    const notice = isChoice(override.keys) ? choose(result, override) : undefined;
    if (notice) notices.push(notice);
    set(result, override);
  }
  return {
    data: result,
    notices,
    overriding: (path) => overrides.findLast(({ keys }) => begins(path, keys))?.text,
    overridingBelow: (path) => overrides.findLast(({ keys }) => begins(keys, path))?.text,
  };
}

function begins(path: ConfigPath, start: ConfigPath): boolean {
  return start.length <= path.length && start.every((key, index) => String(key) === String(path[index]));
}

/** A deep copy in which nothing is shared: a YAML alias must not carry an override to its other places. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
}

function parseOverride(text: string): Override {
  const at = text.indexOf('=');
  const keys = text.slice(0, Math.max(at, 0)).trim().split('.');
  if (at < 1 || keys.some((key) => key === '' || key === '__proto__')) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `--set '${text}': expected path=value, such as meta.maxKl=0.02, found ${at < 0 ? "no '='" : 'a path with an empty or forbidden part'}.`,
    );
  }
  const document = parseDocument(text.slice(at + 1), { prettyErrors: false });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault)
    throw new InnerloopError('OPTION_INVALID', `--set '${text}': expected a YAML value, found ${fault.message}`);
  return { text, keys, value: document.toJS() };
}

/** How many keys lead to the place of one component (`meta`, `checks.0`), or 0 if the path lies outside of all. */
function depthOfPlace([first = '']: readonly string[]): number {
  if (Object.hasOwn(SLOTS, first)) return 1;
  return Object.hasOwn(LIST_SLOTS, first) ? 2 : 0;
}

function isChoice(keys: readonly string[]): boolean {
  const depth = depthOfPlace(keys);
  return depth > 0 && (keys.length === depth || (keys.length === depth + 1 && keys[depth] === 'use'));
}

/** Whole lists first, then whole components, then their names, then everything else. */
function rank(keys: readonly string[]): number {
  const depth = depthOfPlace(keys);
  if (depth === 0) return 3;
  if (keys.length < depth) return 0;
  if (keys.length === depth) return 1;
  return isChoice(keys) ? 2 : 3;
}

/** Drops the options of a component that is replaced; returns the notice. */
function choose(root: Tree, { text, keys, value }: Override): string | undefined {
  const place = keys.slice(0, depthOfPlace(keys));
  const old = place.reduce<unknown>((here, key) => (here as Tree | undefined)?.[key], root);
  if (typeof old !== 'object' || old === null) return undefined;
  const { use: before, ...options } = old as Tree;
  const whole = keys.length === place.length;
  if (!whole && (before === value || before === undefined)) return undefined;
  for (const option of Object.keys(options)) delete (old as Tree)[option];
  const dropped = Object.keys(options);
  if (dropped.length === 0) return undefined;
  return `--set ${text} replaces '${String(before)}' at ${place.join('.')}; its options from the file are dropped: ${dropped.join(', ')}`;
}

function set(root: Tree, { text, keys, value }: Override): void {
  let here: Tree | unknown[] = root;
  keys.forEach((key, index) => {
    const path = keys.slice(0, index).join('.');
    if (Array.isArray(here) && !(/^\d+$/.test(key) && Number(key) <= here.length)) {
      const entries = here.length === 1 ? '1 entry' : `${here.length} entries`;
      throw new InnerloopError(
        'CONFIG_INVALID',
        `--set ${text}: expected an index from 0 to ${here.length} into the list '${path}' (${entries}), found '${key}'.`,
      );
    }
    const target = here as Tree;
    if (index === keys.length - 1) target[key] = value;
    else here = descend(target, keys, index, text);
  });
}

/** The map or list at `keys[index]` of `here`, made if it is not there. */
function descend(here: Tree, keys: readonly string[], index: number, text: string): Tree | unknown[] {
  const key = keys[index] as string;
  const isPlace = index === depthOfPlace(keys) - 1;
  let next = Object.hasOwn(here, key) ? here[key] : undefined;
  if (next === undefined || next === null) {
    const standard = isPlace && index === 0 ? DEFAULT_COMPONENTS[key] : undefined;
    next = index === 0 && Object.hasOwn(LIST_SLOTS, key) ? [] : standard ? { use: standard } : {};
  }
  if (isPlace && typeof next === 'string') next = { use: next };
  if (typeof next !== 'object' || next === null) {
    throw new InnerloopError(
      'CONFIG_INVALID',
      `--set ${text}: expected a map or a list at '${keys.slice(0, index + 1).join('.')}', found ${JSON.stringify(next)}.`,
    );
  }
  here[key] = next;
  return next as Tree | unknown[];
}
