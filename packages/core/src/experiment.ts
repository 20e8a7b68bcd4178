import { resolve as resolvePath } from 'node:path';
import { pathText } from './config/issues.js';
import { type Parts, type Resolution, resolveConfig } from './config/resolve.js';
import { type ExperimentConfig, pluginsSchema, type ResolvedConfig } from './config/schema.js';
import type { ConfigSource } from './config/source.js';
import type { Check } from './contracts/check.js';
import type { TaskDistribution } from './contracts/environment.js';
import type { EventBus, Logger } from './contracts/events.js';
import type { Trainer } from './contracts/trainer.js';
import { InnerloopError, messageOf } from './errors.js';
import { createEventBus } from './events/bus.js';
import { type BackendChoice, type BackendReport, useBackend } from './numerics/backend.js';
import { buildContainer, type Parcel } from './plugins/container.js';
import { corePlugin } from './plugins/core-plugin.js';
import type { Plugin } from './plugins/define.js';
import { assertPlugin, loadPlugin } from './plugins/load.js';
import { didYouMean, quoteAll } from './plugins/nearest.js';
import { Registry } from './plugins/registry.js';
import { TOKENS, type Token } from './plugins/tokens.js';

/** What {@link createExperiment} may be given besides a config. */
export interface ExperimentOptions {
  /** Plugins that are there without being listed in the config. The one of core always is. */
  readonly plugins?: readonly Plugin[];
  /** Where the config's plugins are looked for; the working directory if left out. */
  readonly baseDirectory?: string;
  /** Where the config came from, as `readConfig` tells. */
  readonly source?: ConfigSource;
  /** Replaces `run.backend`. */
  readonly backend?: BackendChoice;
}

/** An experiment whose parts are wired and ready. */
export interface Experiment {
  /** Every default filled in; plain JSON. */
  readonly config: ResolvedConfig;
  /** What the user should know, one sentence each. */
  readonly notices: readonly string[];
  /** Every component that the config could have named. */
  readonly registry: Registry;
  /** The tensor backend in use. */
  readonly backend: BackendReport;
  /** The config's file, or `null` for a config given in code. */
  readonly source: string | null;
  readonly events: EventBus;
  readonly checks: readonly Check[];
  /** Whatever one of these throws is announced as an `error` event. They are not attached yet. */
  readonly loggers: readonly Logger[];
  readonly trainer: Trainer;
  /** With the config's wrappers applied. */
  readonly tasks: TaskDistribution;
  /** Any part, by its token. */
  get<T>(token: Token<T>): T;
  /** Closes the loggers and the trainer, as far as they were made. */
  close(): Promise<void>;
}

/** A validated config, and the components that it may name. */
export interface ResolvedExperiment extends Resolution {
  readonly registry: Registry;
  readonly notices: readonly string[];
}

/**
 * Loads a config's plugins, validates it and fills in its defaults, without making anything.
 *
 * @throws InnerloopError PLUGIN_NOT_FOUND, PLUGIN_INVALID, PLUGIN_VERSION or CONFIG_INVALID.
 */
export async function resolveExperiment(
  config: ExperimentConfig,
  { plugins = [], baseDirectory = process.cwd(), source }: ExperimentOptions = {},
): Promise<ResolvedExperiment> {
  for (const plugin of plugins) assertPlugin(plugin, `The plugin '${plugin.name}'`);
  const registry = new Registry([corePlugin, ...plugins]);
  // A list that is malformed is reported with everything else that is wrong.
  const listed = pluginsSchema.safeParse(config?.plugins ?? []);
  for (const specifier of listed.data ?? []) registry.add(await loadPlugin(specifier, baseDirectory));
  const resolution = resolveConfig(config, { registry, source, baseDirectory: resolvePath(baseDirectory) });
  return { ...resolution, registry, notices: source?.notices ?? [] };
}

/**
 * Builds an experiment from a config: as `readConfig` returns it (`createExperiment(input.config, input)`), or as an
 * object in which any component may be the user's own object.
 *
 * @throws InnerloopError PLUGIN_NOT_FOUND, PLUGIN_INVALID, PLUGIN_VERSION, CONFIG_INVALID or COMPONENT_FAILED.
 */
export async function createExperiment(given: ExperimentConfig, options: ExperimentOptions = {}): Promise<Experiment> {
  const { config: resolved, parts, registry, notices } = await resolveExperiment(given, options);
  const { source } = options;
  const config = options.backend ? { ...resolved, run: { ...resolved.run, backend: options.backend } } : resolved;
  const backend = await initialize(config.run.backend, source);
  const events = createEventBus();
  const { name, seed, iterations } = config.run;
  const parcel = buildContainer({ parts, events, run: { name, seed, iterations }, locate: source?.locate });
  assertFits(config, parts, parcel, source);
  return {
    config,
    notices,
    registry,
    backend,
    source: source?.file ?? null,
    events,
    get checks() {
      return parcel.get(TOKENS.checks);
    },
    get loggers() {
      return parcel.get(TOKENS.loggers);
    },
    get trainer() {
      return parcel.get(TOKENS.trainer);
    },
    get tasks() {
      return parcel.get(TOKENS.tasks);
    },
    get: (token) => parcel.get(token),
    async close() {
      if (parcel.made(TOKENS.loggers)) await Promise.all(parcel.get(TOKENS.loggers).map((logger) => logger.close()));
      if (parcel.made(TOKENS.trainer)) await parcel.get(TOKENS.trainer).close();
    },
  };
}

function invalid(
  source: ConfigSource | undefined,
  path: readonly string[],
  message: string,
  cause?: unknown,
): InnerloopError {
  const place = [source?.locate(path), pathText(path)].filter(Boolean).join(' ');
  return new InnerloopError('CONFIG_INVALID', `${place}: ${message}`, { cause });
}

async function initialize(choice: BackendChoice, source: ConfigSource | undefined): Promise<BackendReport> {
  try {
    return await useBackend(choice);
  } catch (error) {
    throw invalid(source, ['run', 'backend'], messageOf(error), error);
  }
}

/** What only the made components can tell: whether they fit each other and the evaluation. */
function assertFits(config: ResolvedConfig, { slots }: Parts, parcel: Parcel, source: ConfigSource | undefined): void {
  if (slots.meta && slots.objective) {
    const { needs } = parcel.get(TOKENS.meta);
    const { provides } = parcel.get(TOKENS.objective);
    const lacking = needs.filter((capability) => !provides.includes(capability));
    if (lacking.length > 0) {
      throw invalid(
        source,
        ['meta'],
        `expected an optimizer that the objective '${config.objective?.use}' can serve (it provides ${quoteAll(provides)}), ` +
          `found '${config.meta?.use}', which also needs ${quoteAll(lacking)}. Choose another objective or optimizer.`,
      );
    }
  }
  const { stepSizes, final } = config.evaluation;
  const path = final.stepSizes ? ['evaluation', 'final', 'stepSizes'] : ['evaluation', 'stepSizes'];
  if ((stepSizes || final.stepSizes) && slots.inner && !parcel.get(TOKENS.inner).acceptsStepSizes) {
    throw invalid(
      source,
      path,
      `expected no step sizes, since the inner optimizer '${config.inner?.use}' does not accept any, found a list.`,
    );
  }
  if (typeof final.tasks === 'string') assertTaskSet(final.tasks, config, parcel, source);
}

function assertTaskSet(name: string, config: ResolvedConfig, parcel: Parcel, source: ConfigSource | undefined): void {
  const sets = Object.keys(parcel.get(TOKENS.tasks).taskSets ?? {});
  if (sets.includes(name)) return;
  const expected = sets.length === 0 ? `it has none` : `it has ${quoteAll(sets)}`;
  throw invalid(
    source,
    ['evaluation', 'final', 'tasks'],
    `expected a number of tasks, or a task set of '${config.tasks.use}' (${expected}), found '${name}'${didYouMean(name, sets)}.`,
  );
}
