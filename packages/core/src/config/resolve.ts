import { resolve as resolvePath } from 'node:path';
import type { z } from 'zod';
import type { AnyComponent } from '../plugins/define.js';
import { isPluginPath } from '../plugins/load.js';
import { isOwnObject, missingMembers } from '../plugins/members.js';
import { quoteAll } from '../plugins/nearest.js';
import type { Registry } from '../plugins/registry.js';
import { type ComponentKind, LIST_SLOTS, type ListSlot, SLOTS, type Slot } from '../plugins/tokens.js';
import { type ConfigIssue, type ConfigPath, configError, describeValue, unknownKey, zodIssues } from './issues.js';
import { adaptationIssues, withoutSteps } from './no-adaptation.js';
import { DEFAULT_COMPONENTS } from './overrides.js';
import {
  type ComponentConfig,
  evaluationSchema,
  OWN_OBJECT,
  pluginsSchema,
  type ResolvedConfig,
  runSchema,
} from './schema.js';
import { slotIssues, trainerNamed } from './slots.js';
import type { ConfigSource } from './source.js';

/** A component that a config chose for a place, with its options; or the user's own object. */
export type Part = {
  /** Where in the config, such as `['meta']` or `['checks', 0]`. */
  readonly path: ConfigPath;
  readonly kind: ComponentKind;
} & (
  | { readonly component: AnyComponent; readonly plugin: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly object: unknown }
);

/** The parts of an experiment, not yet made. */
export type Parts = { readonly slots: Readonly<Partial<Record<Slot, Part>>> } & {
  readonly lists: Readonly<Record<ListSlot, readonly Part[]>>;
};

/** What a config means. */
export interface Resolution {
  readonly config: ResolvedConfig;
  readonly parts: Parts;
}

/** Where a config came from. */
export interface ResolveContext {
  readonly registry: Registry;
  readonly source?: ConfigSource | undefined;
  /** What relative plugin paths are relative to; they become absolute, so that a saved config can be read elsewhere. */
  readonly baseDirectory: string;
}

/**
 * Validates a config and fills in every default.
 *
 * @throws InnerloopError CONFIG_INVALID that tells everything that is wrong.
 */
export function resolveConfig(config: unknown, context: ResolveContext): Resolution {
  return new Resolver(context).resolve(config);
}

const KEYS = ['run', ...Object.keys(SLOTS), ...Object.keys(LIST_SLOTS), 'evaluation', 'plugins'];

class Resolver {
  private readonly issues: ConfigIssue[] = [];

  constructor(private readonly context: ResolveContext) {}

  resolve(config: unknown): Resolution {
    if (typeof config !== 'object' || config === null || Array.isArray(config)) {
      this.issues.push({
        path: [],
        expected: 'a map with keys such as run, trainer and tasks',
        found: describeValue(config),
      });
      throw configError(this.issues, this.context.source);
    }
    const root = config as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(root)) if (!KEYS.includes(key)) this.issues.push(unknownKey([key], key, KEYS));
    const run = this.section(runSchema, 'run', this.withName(root.run ?? {}));
    const trainer = trainerNamed(root, this.context.registry);
    const adapts = trainer?.adapts !== false;
    const evaluation = this.section(
      evaluationSchema,
      'evaluation',
      adapts ? (root.evaluation ?? {}) : withoutSteps(root.evaluation ?? {}),
    );
    if (evaluation && !adapts) this.issues.push(...adaptationIssues(evaluation, String(trainer?.name)));
    const plugins = this.section(pluginsSchema, 'plugins', root.plugins ?? []);
    const slots = this.slots(root);
    const lists = mapValues(LIST_SLOTS, (kind, slot) => this.list(kind, slot, root[slot]));
    this.issues.push(...slotIssues({ slots, lists }, root, this.context.registry));
    if (this.issues.length > 0 || !run || !evaluation || !plugins) throw configError(this.issues, this.context.source);
    const absolute = plugins.map((specifier) => this.absolute(specifier));
    return { parts: { slots, lists }, config: assemble({ slots, lists }, run, evaluation, absolute) };
  }

  private section<Schema extends z.ZodType>(schema: Schema, key: string, value: unknown): z.output<Schema> | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.issues.push(...zodIssues(parsed.error, schema, value, [key]));
    return undefined;
  }

  private slots(root: Readonly<Record<string, unknown>>): Partial<Record<Slot, Part>> {
    const parts: Partial<Record<Slot, Part>> = {};
    for (const [slot, kind] of Object.entries(SLOTS) as [Slot, ComponentKind][]) {
      const value = root[slot] ?? DEFAULT_COMPONENTS[slot];
      const part = value === undefined ? undefined : this.part(kind, [slot], value);
      if (part) parts[slot] = part;
    }
    return parts;
  }

  private list(kind: ComponentKind, slot: ListSlot, value: unknown): Part[] {
    const standard = slot === 'loggers' && this.context.registry.find('logger', 'progress') ? ['progress'] : [];
    const entries = value ?? standard;
    if (Array.isArray(entries)) return entries.flatMap((entry, index) => this.part(kind, [slot, index], entry) ?? []);
    this.issues.push({ path: [slot], expected: `a list of components of kind '${kind}'`, found: describeValue(value) });
    return [];
  }

  private part(kind: ComponentKind, path: ConfigPath, value: unknown): Part | undefined {
    if (isOwnObject(kind, value)) {
      const missing = missingMembers(kind, value);
      if (missing.length === 0) return { path, kind, object: value };
      this.issues.push({
        path,
        expected: `an object of kind '${kind}'`,
        found: `one without ${quoteAll(missing)}`,
      });
      return undefined;
    }
    const given = typeof value === 'string' ? { use: value } : value;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      const expected = `{ use: ${this.context.registry.expected(kind)} }`;
      this.issues.push({ path, expected, found: describeValue(value) });
      return undefined;
    }
    const { use, ...options } = given as Readonly<Record<string, unknown>>;
    return this.named(kind, path, typeof value === 'string' ? path : [...path, 'use'], use, options);
  }

  private named(
    kind: ComponentKind,
    path: ConfigPath,
    usePath: ConfigPath,
    use: unknown,
    options: Readonly<Record<string, unknown>>,
  ): Part | undefined {
    const { registry } = this.context;
    const registered = typeof use === 'string' ? registry.find(kind, use) : undefined;
    if (!registered) {
      const hint =
        use === OWN_OBJECT
          ? '; the run was made in code, so give createExperiment the object again'
          : typeof use === 'string'
            ? registry.hint(kind, use)
            : '';
      this.issues.push({ path: usePath, expected: registry.expected(kind), found: describeValue(use), hint });
      return undefined;
    }
    const { component, plugin } = registered;
    // Unknown keys are errors whatever kind of object schema a plugin wrote.
    const schema = (component.options as z.ZodObject).strict();
    const parsed = schema.safeParse(options);
    if (parsed.success) return { path, kind, component, plugin, options: parsed.data };
    this.issues.push(...zodIssues(parsed.error, schema, options, path));
    return undefined;
  }

  /** A run without a name is called after its file. */
  private withName(run: unknown): unknown {
    if (typeof run !== 'object' || run === null || Array.isArray(run)) return run;
    const base = this.context.source?.file.split(/[\\/]/).at(-1) ?? '';
    const name = base
      .replace(/\.ya?ml$/i, '')
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[._-]+/, '');
    return name === '' ? run : { name, ...run };
  }

  private absolute(specifier: string): string {
    if (!isPluginPath(specifier) || specifier.startsWith('file:')) return specifier;
    return resolvePath(this.context.baseDirectory, specifier);
  }
}

function assemble(
  { slots, lists }: Parts,
  run: ResolvedConfig['run'],
  evaluation: ResolvedConfig['evaluation'],
  plugins: readonly string[],
): ResolvedConfig {
  // Every required slot is there, or there would have been an issue.
  const chosen = mapValues(slots as Record<Slot, Part>, configOf);
  const { trainer, objective, tasks, policy, inner, meta, optimizer, advantages, baseline } = chosen;
  const { wrappers, checks, loggers } = mapValues(lists, (parts) => parts.map(configOf));
  return {
    run,
    trainer,
    ...(objective && { objective }),
    tasks,
    wrappers,
    policy,
    ...(inner && { inner }),
    ...(meta && { meta }),
    ...(optimizer && { optimizer }),
    advantages,
    baseline,
    evaluation,
    checks,
    loggers,
    plugins,
  };
}

function configOf(part: Part): ComponentConfig {
  return 'object' in part ? { use: OWN_OBJECT } : { use: part.component.name as string, ...(part.options as object) };
}

function mapValues<Key extends string, In, Out>(
  record: Readonly<Record<Key, In>>,
  map: (value: In, key: Key) => Out,
): Record<Key, Out> {
  const entries = Object.entries(record) as [Key, In][];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value, key)])) as Record<Key, Out>;
}
