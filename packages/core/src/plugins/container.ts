import 'reflect-metadata';
import { Container } from 'inversify';
import { type ConfigPath, pathText } from '../config/issues.js';
import type { Part, Parts } from '../config/resolve.js';
import type { TaskDistribution, Wrapper } from '../contracts/environment.js';
import type { EventBus, Logger } from '../contracts/events.js';
import { InnerloopError, isInnerloopError, messageOf } from '../errors.js';
import { guardLogger } from '../loggers/guard.js';
import { NO_WORKERS, type WorkerPlan } from '../workers/plan.js';
import { missingMembers } from './members.js';
import { quoteAll } from './nearest.js';
import { LIST_SLOTS, type ListSlot, type RunSettings, SLOTS, type Slot, TOKENS, type Token } from './tokens.js';
import { wrapDistribution } from './wrap-distribution.js';

/** What a container is built from. */
export interface ContainerInput {
  readonly parts: Parts;
  readonly events: EventBus;
  readonly run: RunSettings;
  /** None if left out. */
  readonly workers?: WorkerPlan;
  /** Where a path of the config stands, for errors. */
  readonly locate?: ((path: ConfigPath) => string) | undefined;
}

/** The parts of one experiment, each made once, when it is first asked for. */
export interface ExperimentContainer {
  /**
   * What a token gives.
   *
   * @throws InnerloopError COMPONENT_FAILED if a component cannot be made, CONFIG_INVALID if nothing fills the token.
   */
  get<T>(token: Token<T>): T;
  /** Whether it was made already. */
  made(token: Token<unknown>): boolean;
}

/** The tasks before wrapping; wrappers are applied between this and `TOKENS.tasks`. */
const UNWRAPPED: Token<TaskDistribution> = Symbol.for('@innerloop/core:unwrapped-tasks');

/**
 * Builds the container of an experiment.
 *
 * @throws InnerloopError CONFIG_INVALID if components need each other in a circle.
 */
export function buildContainer(input: ContainerInput): ExperimentContainer {
  const { parts, events, run, workers = NO_WORKERS } = input;
  assertNoCircle(parts);
  const container = new Container();
  const made = new Set<Token<unknown>>();
  container.bind(TOKENS.events).toConstantValue(events);
  container.bind(TOKENS.run).toConstantValue(run);
  container.bind(TOKENS.workers).toConstantValue(workers);
  for (const slot of Object.keys(SLOTS) as Slot[]) {
    const part = parts.slots[slot];
    if (part) bind(container, slot === 'tasks' ? UNWRAPPED : TOKENS[slot], part, input, made);
  }
  container
    .bind(TOKENS.tasks)
    .toResolvedValue(
      (tasks: TaskDistribution, wrappers: readonly Wrapper[]) => wrapTasks(tasks, wrappers, input),
      [UNWRAPPED, TOKENS.wrappers],
    )
    .inSingletonScope();
  for (const slot of Object.keys(LIST_SLOTS) as ListSlot[]) bindList(container, slot, input, made);
  return {
    made: (token) => made.has(token),
    get<T>(token: Token<T>): T {
      if (container.isBound(token)) return container.get(token);
      throw new InnerloopError(
        'CONFIG_INVALID',
        `Expected the config to choose what gives ${String(token)}, found nothing there. ` +
          `It fills ${quoteAll(Object.keys(parts.slots))}.`,
      );
    },
  };
}

function bind(
  container: Container,
  token: Token<unknown>,
  part: Part,
  input: ContainerInput,
  made: Set<Token<unknown>>,
): void {
  const binding = container.bind(token);
  const record = <T>(value: T): T => {
    made.add(token);
    return value;
  };
  if ('object' in part) {
    binding.toResolvedValue(() => record(part.object)).inSingletonScope();
    return;
  }
  const inject = part.component.inject as Readonly<Record<string, Token<unknown>>>;
  const names = Object.keys(inject);
  binding
    .toResolvedValue(
      (...values: unknown[]) =>
        record(make(part, Object.fromEntries(names.map((name, index) => [name, values[index]])), input)),
      Object.values(inject),
    )
    .inSingletonScope();
}

function bindList(container: Container, slot: ListSlot, input: ContainerInput, made: Set<Token<unknown>>): void {
  const parts = input.parts.lists[slot];
  const tokens = parts.map((_, index): Token<unknown> => Symbol(`${slot}.${index}`));
  tokens.forEach((token, index) => {
    bind(container, token, parts[index] as Part, input, made);
  });
  const finish = (values: unknown[]): unknown[] => {
    made.add(TOKENS[slot]);
    if (slot !== 'loggers') return values;
    return values.map((logger, index) => guardLogger(logger as Logger, ownerOf(parts[index] as Part), input.events));
  };
  container
    .bind<unknown>(TOKENS[slot])
    .toResolvedValue((...values: unknown[]) => finish(values), tokens)
    .inSingletonScope();
}

/** `logger 'jsonl' of @innerloop/core`. */
function ownerOf(part: Part): string {
  if ('object' in part) return `the ${part.kind} given in code at ${pathText(part.path)}`;
  return `${part.kind} '${part.component.name}' of ${part.plugin}`;
}

function placeOf(part: Part, { locate }: ContainerInput): string {
  return [locate?.(part.path), pathText(part.path)].filter(Boolean).join(' ');
}

function make(part: Part & { readonly component: unknown }, injected: unknown, input: ContainerInput): unknown {
  const { component, options } = part as Extract<Part, { readonly options: unknown }>;
  let value: unknown;
  try {
    value = component.create(options, injected as never);
  } catch (error) {
    throw failure(error, `${placeOf(part, input)}: the ${ownerOf(part)} could not be made`);
  }
  const missing = missingMembers(part.kind, value);
  if (missing.length === 0) return value;
  throw new InnerloopError(
    'COMPONENT_FAILED',
    `${placeOf(part, input)}: expected the ${ownerOf(part)} to make an object of its kind, ` +
      `found one without ${quoteAll(missing)}. This is a mistake in the plugin.`,
  );
}

function wrapTasks(tasks: TaskDistribution, wrappers: readonly Wrapper[], input: ContainerInput): TaskDistribution {
  try {
    return wrapDistribution(tasks, wrappers);
  } catch (error) {
    const part = input.parts.lists.wrappers[0];
    throw failure(error, `${part ? placeOf(part, input) : 'wrappers'}: the wrappers do not fit the tasks`);
  }
}

/** Errors that say all themselves pass unchanged. */
function failure(error: unknown, what: string): Error {
  if (isInnerloopError(error)) return error;
  return new InnerloopError('COMPONENT_FAILED', `${what}: ${messageOf(error)}`, { cause: error });
}

/** What each token's parts inject; `tasks` includes its wrappers. */
function assertNoCircle({ slots, lists }: Parts): void {
  const places = new Map<Token<unknown>, readonly Part[]>();
  for (const slot of Object.keys(SLOTS) as Slot[]) {
    const part = slots[slot];
    if (part) places.set(TOKENS[slot], slot === 'tasks' ? [part, ...lists.wrappers] : [part]);
  }
  for (const slot of Object.keys(LIST_SLOTS) as ListSlot[]) places.set(TOKENS[slot], lists[slot]);
  const done = new Set<Token<unknown>>();
  const visit = (token: Token<unknown>, trail: readonly { token: Token<unknown>; name: string }[]): void => {
    const start = trail.findIndex((step) => step.token === token);
    if (start >= 0) {
      const circle = trail.slice(start).map(({ name }) => name);
      throw new InnerloopError(
        'CONFIG_INVALID',
        `Expected components that can be made one after the other, found a circle of components that need each other: ` +
          `${[...circle, circle[0]].join(' → ')}. Choose another component for one of them.`,
      );
    }
    if (done.has(token)) return;
    for (const part of places.get(token) ?? []) {
      if (!('component' in part)) continue;
      const inject = part.component.inject as Readonly<Record<string, Token<unknown>>>;
      const name = `${pathText(part.path)} ('${part.component.name}')`;
      for (const next of Object.values(inject)) visit(next, [...trail, { token, name }]);
    }
    done.add(token);
  };
  for (const token of places.keys()) visit(token, []);
}
