import type { ConfigPath } from '../config/issues.js';
import type { Part } from '../config/resolve.js';
import { InnerloopError, messageOf } from '../errors.js';
import { createEventBus } from '../events/bus.js';
import { type BackendChoice, useBackend } from '../numerics/backend.js';
import { buildContainer, type ExperimentContainer } from '../plugins/container.js';
import { corePlugin } from '../plugins/core-plugin.js';
import { assertPlugin, pluginsIn } from '../plugins/load.js';
import { Registry } from '../plugins/registry.js';
import type { ComponentKind, RunSettings, Slot } from '../plugins/tokens.js';

/** One component of a recipe: the name it has in its plugin, and its options. */
export interface RecipePart {
  readonly place: Slot | 'wrappers';
  readonly path: ConfigPath;
  readonly kind: ComponentKind;
  readonly use: string;
  /** With every default filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How to build parts of an experiment again in another thread: plain data. */
export interface WorkerRecipe {
  /** The plugins besides that of core, by name, and the URL of the module that exports each. */
  readonly plugins: readonly { readonly name: string; readonly module: string }[];
  readonly parts: readonly RecipePart[];
  readonly run: RunSettings;
  /** The tensor backend of the main thread. */
  readonly backend: string;
  /** How many workers there are. */
  readonly workers: number;
}

/**
 * Builds the parts of a recipe in this thread, with a tensor backend of its own.
 *
 * @throws InnerloopError PLUGIN_INVALID if a module does not export its plugin; whatever building a component throws.
 */
export async function buildFromRecipe(recipe: WorkerRecipe): Promise<ExperimentContainer> {
  const { run, backend, workers: count } = recipe;
  await useBackend(backend as BackendChoice);
  const registry = new Registry([corePlugin]);
  for (const { name, module } of recipe.plugins) {
    const plugin = pluginsIn(await load(name, module)).find((candidate) => candidate.name === name);
    if (!plugin) throw unusable(name, module, 'it does not export the plugin');
    assertPlugin(plugin, `The plugin '${name}'`);
    registry.add(plugin);
  }
  const built = recipe.parts.map((part) => ({ place: part.place, part: partOf(part, registry) }));
  const slots = Object.fromEntries(
    built.filter(({ place }) => place !== 'wrappers').map(({ place, part }) => [place, part]),
  );
  const wrappers = built.filter(({ place }) => place === 'wrappers').map(({ part }) => part);
  const workers = { count, reason: 'this is one of them', timeoutSeconds: 0, source: null };
  const parts = { slots, lists: { wrappers, checks: [], loggers: [] } };
  return buildContainer({ parts, events: createEventBus(), run, workers });
}

function partOf({ path, kind, use, options }: RecipePart, registry: Registry): Part {
  const { component, plugin } = registry.get(kind, use);
  return { path, kind, component, plugin, options };
}

async function load(name: string, module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(module)) as Record<string, unknown>;
  } catch (error) {
    throw unusable(name, module, messageOf(error), error);
  }
}

function unusable(name: string, module: string, what: string, cause?: unknown): InnerloopError {
  return new InnerloopError(
    'PLUGIN_INVALID',
    `The plugin '${name}' could not be loaded in a worker thread from ${module}, which its \`module\` names: ${what}. ` +
      'Correct `module`, or set run.workers to 0.',
    { cause },
  );
}
