import { resolve as resolvePath } from 'node:path';
import { type ConfigIssue, configError } from './config/issues.js';
import { type Parts, type Resolution, resolveConfig } from './config/resolve.js';
import { type ExperimentConfig, pluginsSchema, type ResolvedConfig } from './config/schema.js';
import type { ConfigSource } from './config/source.js';
import type { Check } from './contracts/check.js';
import type { TaskDistribution } from './contracts/environment.js';
import type { EventBus, Logger } from './contracts/events.js';
import type { Trainer } from './contracts/trainer.js';
import { messageOf } from './errors.js';
import { createEventBus } from './events/bus.js';
import { type BackendChoice, type BackendReport, useBackend } from './numerics/backend.js';
import { buildContainer, type ExperimentContainer } from './plugins/container.js';
import { corePlugin } from './plugins/core-plugin.js';
import type { Plugin } from './plugins/define.js';
import { assertPlugin, loadPlugin } from './plugins/load.js';
import { didYouMean, quoteAll } from './plugins/nearest.js';
import { Registry } from './plugins/registry.js';
import { TOKENS, type Token } from './plugins/tokens.js';
import { planWorkers, type WorkersReport } from './workers/plan.js';

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
  /** How many worker threads the trainer uses, and why. They start when they are first needed. */
  readonly workers: WorkersReport;
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
  /** Closes the loggers and the trainer with its worker threads, as far as they were made. */
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
  const { plan: workers, ...planning } = planWorkers({ config, parts, registry, backend: backend.name });
  const run = { name, seed, iterations };
  const container = buildContainer({ parts, events, run, workers, locate: source?.locate });
  const issues = [...planning.issues, ...misfits(config, parts, container)];
  if (issues.length > 0) throw configError(issues, source);
  return {
    config,
    notices: [...notices, ...planning.notices],
    registry,
    backend,
    workers: { count: workers.count, reason: workers.reason },
    source: source?.file ?? null,
    events,
    get checks() {
      return container.get(TOKENS.checks);
    },
    get loggers() {
      return container.get(TOKENS.loggers);
    },
    get trainer() {
      return container.get(TOKENS.trainer);
    },
    get tasks() {
      return container.get(TOKENS.tasks);
    },
    get: (token) => container.get(token),
    async close() {
      if (container.made(TOKENS.loggers))
        await Promise.all(container.get(TOKENS.loggers).map((logger) => logger.close()));
      if (container.made(TOKENS.trainer)) await container.get(TOKENS.trainer).close();
    },
  };
}

async function initialize(choice: BackendChoice, source: ConfigSource | undefined): Promise<BackendReport> {
  try {
    return await useBackend(choice);
  } catch (error) {
    const issue = { path: ['run', 'backend'], expected: 'a backend that works here', found: `'${choice}'` };
    throw configError([{ ...issue, hint: `. ${messageOf(error)}` }], source);
  }
}

/** What only the made components can tell: whether they fit each other and the evaluation. */
function misfits(config: ResolvedConfig, { slots, lists }: Parts, container: ExperimentContainer): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (slots.meta && slots.objective) {
    const { needs } = container.get(TOKENS.meta);
    const { provides } = container.get(TOKENS.objective);
    const lacking = needs.filter((capability) => !provides.includes(capability));
    if (lacking.length > 0) {
      issues.push({
        path: ['meta'],
        expected: `an optimizer that the objective '${config.objective?.use}' can serve (it provides ${quoteAll(provides)})`,
        found: `'${config.meta?.use}', which also needs ${quoteAll(lacking)}`,
        hint: '; choose another objective or optimizer',
      });
    }
  }
  const { trainer } = slots;
  if (!slots.inner && trainer && 'component' in trainer) {
    container.get(TOKENS.checks).forEach(({ stage }, index) => {
      if (stage !== 'adaptation') return;
      issues.push({
        path: ['checks', index],
        expected: `a check of the step, since the trainer '${config.trainer.use}' does not adapt`,
        found: 'one of adaptation, which it would never ask',
        hint: '; remove it, or set its stage to meta-step',
      });
    });
  }
  if (lists.wrappers.length > 0 && trainer && 'component' in trainer && !trainer.component.learnsWrappers) {
    container.get(TOKENS.wrappers).forEach(({ learned }, index) => {
      if (!learned) return;
      issues.push({
        path: ['wrappers', index],
        expected: `a wrapper that learns nothing, since the trainer '${config.trainer.use}' does not save what wrappers learn`,
        found: `'${config.wrappers[index]?.use}', which does`,
        hint: '; remove it or choose another trainer, such as policy-gradient',
      });
    });
  }
  const { stepSizes, final } = config.evaluation;
  const path = ['evaluation', ...(stepSizes ? [] : ['final']), 'stepSizes'];
  if ((stepSizes ?? final.stepSizes) && slots.inner && !container.get(TOKENS.inner).acceptsStepSizes) {
    const expected = `no step sizes, since the inner optimizer '${config.inner?.use}' does not accept any`;
    issues.push({ path, expected, found: 'a list of them' });
  }
  return typeof final.tasks === 'string' ? [...issues, ...unknownTaskSet(final.tasks, config, container)] : issues;
}

function unknownTaskSet(name: string, config: ResolvedConfig, container: ExperimentContainer): ConfigIssue[] {
  const sets = Object.keys(container.get(TOKENS.tasks).taskSets ?? {});
  if (sets.includes(name)) return [];
  const expected = `a number of tasks or the name of a task set of '${config.tasks.use}' (${quoteAll(sets) || 'it has none'})`;
  return [{ path: ['evaluation', 'final', 'tasks'], expected, found: `'${name}'`, hint: didYouMean(name, sets) }];
}
