import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { type ConfigIssue, pathText } from '../config/issues.js';
import type { Part, Parts } from '../config/resolve.js';
import type { ResolvedConfig } from '../config/schema.js';
import { corePlugin } from '../plugins/core-plugin.js';
import type { WorkerSupport } from '../plugins/define.js';
import type { Registry } from '../plugins/registry.js';
import { SLOTS, type Slot, TOKENS, type Token } from '../plugins/tokens.js';
import { workerModule } from './built-module.js';
import type { RecipePart, WorkerRecipe } from './recipe.js';

/** How many worker threads a run uses, and why. */
export interface WorkersReport {
  /** 0: the main thread does all the work. */
  readonly count: number;
  /** One sentence for the user. */
  readonly reason: string;
}

/** What a trainer starts its workers by. */
export interface WorkerPlan extends WorkersReport {
  /** A worker that does not answer a request within so many seconds is given up. */
  readonly timeoutSeconds: number;
  /** `null` where no workers are to be started. */
  readonly source: {
    /** The URL of the file that a worker runs. */
    readonly entry: string;
    readonly recipe: WorkerRecipe;
  } | null;
}

/** The plan of an experiment that says nothing of workers. */
export const NO_WORKERS: WorkerPlan = {
  count: 0,
  reason: 'the main thread does the work',
  timeoutSeconds: 0,
  source: null,
};

/** `auto` takes no more than this: vectors of each task still pass through one thread. */
const MOST_BY_ITSELF = 4;

/** What the plan is made from. */
export interface WorkerPlanInput {
  readonly config: ResolvedConfig;
  readonly parts: Parts;
  readonly registry: Registry;
  /** The tensor backend in use. */
  readonly backend: string;
  /** How many threads this machine runs at once. */
  readonly cores?: number;
}

/** A plan, and what to tell of it. */
export interface WorkerPlanning {
  readonly plan: WorkerPlan;
  /** Why `auto` does not use workers though it would like to; at most one sentence. */
  readonly notices: readonly string[];
  /** Why the number that the config asks for cannot be had. */
  readonly issues: readonly ConfigIssue[];
}

/** Decides how many workers an experiment gets (`run.workers`), and how they build their parts. */
export function planWorkers(input: WorkerPlanInput): WorkerPlanning {
  const { config, parts } = input;
  const { workers: wanted, workerTimeout: timeoutSeconds } = config.run;
  const none = (reason: string) => ({ plan: { ...NO_WORKERS, reason }, notices: [], issues: [] });
  if (wanted === 0) return none('0 were asked for');
  const refuse = (why: string, notices: readonly string[] = []): WorkerPlanning => {
    const issue = { path: ['run', 'workers'], expected: `0 or 'auto', since ${why}`, found: String(wanted) };
    return { ...none(why), notices, issues: wanted === 'auto' ? [] : [issue] };
  };
  const { trainer } = parts.slots;
  const support = trainer && 'component' in trainer ? (trainer.component.workers as WorkerSupport) : undefined;
  if (!support) return refuse(`the trainer '${config.trainer.use}' works in the main thread`);
  const options = trainer && 'options' in trainer ? trainer.options : {};
  const { count, reason } = wanted === 'auto' ? choose(input, support.most(options)) : asked(wanted);
  if (count === 0) return none(reason);
  const entry = workerModule(support.entry.href);
  const found = 'url' in entry ? gather(input, support, count) : { obstacle: `of the trainer, ${entry.obstacle}` };
  if ('obstacle' in found || !('url' in entry)) {
    const why = 'obstacle' in found ? found.obstacle : '';
    return refuse(
      why,
      wanted === 'auto' ? [`everything runs in the main thread (run.workers: auto), since ${why}`] : [],
    );
  }
  const source = { entry: entry.url, recipe: found };
  return { plan: { count, reason, timeoutSeconds, source }, notices: [], issues: [] };
}

function asked(count: number): WorkersReport {
  return { count, reason: count === 1 ? '1 was asked for' : `${count} were asked for` };
}

function choose({ cores = availableParallelism() }: WorkerPlanInput, tasks: number): WorkersReport {
  const count = Math.min(cores, tasks, MOST_BY_ITSELF);
  if (count < 2) {
    return { count: 0, reason: cores < 2 ? 'there is one core' : 'there is one task an iteration' };
  }
  if (count === cores) return { count, reason: 'one for each core' };
  return { count, reason: count === tasks ? 'one for each task' : `auto takes at most ${MOST_BY_ITSELF}` };
}

/** The recipe for what the trainer's workers need, or what stands in its way. */
function gather(
  { config, parts, registry, backend }: WorkerPlanInput,
  { needs }: WorkerSupport,
  workers: number,
): WorkerRecipe | { readonly obstacle: string } {
  const needed = requirements(parts, needs);
  if ('obstacle' in needed) return needed;
  const modules = new Map<string, string>();
  const recipeParts: RecipePart[] = [];
  for (const { place, part } of needed.parts) {
    if ('object' in part) {
      return { obstacle: `${pathText(part.path)} is an object given in code, which a worker cannot be sent` };
    }
    const { path, kind, component, options } = part;
    const name = `the ${kind} '${component.name}'`;
    if (!isPlain(options)) return { obstacle: `the options of ${name} cannot be sent to a worker` };
    if (part.plugin !== corePlugin.name) {
      const module = registry.plugins.find((plugin) => plugin.name === part.plugin)?.module;
      if (module === undefined) return { obstacle: `the plugin '${part.plugin}' of ${name} has no \`module\`` };
      const importable = workerModule(module);
      if ('obstacle' in importable) return { obstacle: `of the plugin '${part.plugin}', ${importable.obstacle}` };
      modules.set(part.plugin, importable.url);
    }
    recipeParts.push({ place, path, kind, use: component.name as string, options });
  }
  const plugins = [...modules].map(([name, module]) => ({ name, module }));
  const { name, seed, iterations } = config.run;
  return { plugins, parts: recipeParts, run: { name, seed, iterations }, backend, workers };
}

function isPlain(options: unknown): boolean {
  try {
    return isDeepStrictEqual(structuredClone(options), options);
  } catch {
    return false;
  }
}

interface Requirement {
  readonly place: RecipePart['place'];
  readonly part: Part;
}

/** What only the main thread has. */
const MAIN_ONLY = ['trainer', 'checks', 'loggers', 'events'] as const;

/** The parts that tokens lead to, and those that these inject, and so on. */
function requirements(
  { slots, lists }: Parts,
  needs: readonly Token<unknown>[],
): { readonly parts: readonly Requirement[] } | { readonly obstacle: string } {
  const found = new Map<Part, Requirement>();
  const open: { readonly token: Token<unknown>; readonly by: string }[] = needs.map((token) => ({ token, by: '' }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, by } = next;
    const own = MAIN_ONLY.find((name) => TOKENS[name] === token);
    if (own) return { obstacle: `${by} needs the experiment's ${own}, which only the main thread has` };
    const slot = (Object.keys(SLOTS) as Slot[]).find((name) => TOKENS[name] === token);
    const requirements: Requirement[] = slot && slots[slot] ? [{ place: slot, part: slots[slot] }] : [];
    // Tasks come with their wrappers.
    if (token === TOKENS.tasks || token === TOKENS.wrappers) {
      requirements.push(...lists.wrappers.map((part) => ({ place: 'wrappers' as const, part })));
    }
    for (const requirement of requirements) {
      const { part } = requirement;
      if (found.has(part)) continue;
      found.set(part, requirement);
      if (!('component' in part)) continue;
      const by = `the ${part.kind} '${part.component.name}'`;
      const inject = part.component.inject as Readonly<Record<string, Token<unknown>>>;
      open.push(...Object.values(inject).map((token) => ({ token, by })));
    }
  }
  return { parts: [...found.values()] };
}
