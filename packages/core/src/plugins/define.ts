import type { z } from 'zod';
import type { ComponentKind, ComponentKinds, Token } from './tokens.js';

/** Tokens to inject, by the name under which `create` receives what they give. */
export type Injections = Readonly<Record<string, Token<unknown>>>;

/** What `create` receives for {@link Injections}. */
export type Injected<I extends Injections> = { readonly [Key in keyof I]: I[Key] extends Token<infer T> ? T : never };

/** An options schema: a strict zod object whose fields each have a description, a range and a default. */
export type OptionsSchema = z.ZodObject;

/** How a trainer divides its work among worker threads; see `startWorkerShards` and `serveShard`. */
export interface WorkerSupport<Options = unknown> {
  /** The file that a worker runs, beside the component's own: `new URL('./my-worker.js', import.meta.url)`. */
  readonly entry: URL;
  /** What a worker builds anew for itself; the rest of the experiment stays in the main thread. */
  readonly needs: readonly Token<unknown>[];
  /** How many workers can have work at the same time. */
  most(options: Options): number;
}

/** A component: one choice for one place of a config. */
export interface Component<
  Kind extends ComponentKind = ComponentKind,
  Options extends OptionsSchema = OptionsSchema,
  I extends Injections = Injections,
> {
  /** Where it fits. */
  readonly kind: Kind;
  /** What `use:` calls it. */
  readonly name: string;
  /** One line for `innerloop list`. */
  readonly summary: string;
  /**
   * When to choose it, in one to three sentences: what it is good for, what it costs or cannot do, and what to take instead. Names of
   * components and options stand in backticks. `innerloop list <kind>` shows it, and the pages of all components.
   */
  readonly choose?: string;
  /** Its options, without `use`. */
  readonly options: Options;
  /** What else it needs of the experiment. */
  readonly inject: I;
  /** For trainers: the slots that a config must fill for it beyond the common ones. */
  readonly slots?: readonly string[];
  /** For trainers: false if they do not adapt, so that an evaluation measures the policy as it is (`evaluation.steps` is 0). */
  readonly adapts?: boolean;
  /** For trainers: true if they let wrappers learn (`Wrapper.learned`) and save what these have learned. */
  readonly learnsWrappers?: boolean;
  /** For trainers that can use worker threads (`run.workers`). Absent: all work is done in the main thread. */
  readonly workers?: WorkerSupport<z.output<Options>>;
  /** Makes it. */
  create(options: z.output<Options>, injected: Injected<I>): ComponentKinds[Kind];
}

/** A component whose particular types do not matter. */
// biome-ignore lint/suspicious/noExplicitAny: `create` is contravariant in its options and injections; any is the only common supertype
export type AnyComponent = Component<any, any, any>;

/** Types a component by its schema and injections. Leave `inject` out if it needs nothing. */
export function defineComponent<
  Kind extends ComponentKind,
  Options extends OptionsSchema,
  // biome-ignore lint/complexity/noBannedTypes: no injections means an empty object
  I extends Injections = {},
>(component: Omit<Component<Kind, Options, I>, 'inject'> & { readonly inject?: I }): Component<Kind, Options, I> {
  return { ...component, inject: component.inject ?? ({} as I) };
}

const PLUGIN = Symbol.for('@innerloop/core:plugin');

/** A package's contribution: a list of components. */
export interface Plugin {
  /** The package's name. */
  readonly name: string;
  /** The package's version. */
  readonly version: string;
  /** The range of `@innerloop/core` versions it works with, such as `^0.1.0`. */
  readonly requires: string;
  /**
   * The URL of the module that exports the plugin, `import.meta.url` where it is defined: worker threads import it from there. Without
   * it, a plugin that is handed over in code works in the main thread only. One that a config lists gets it from the loader.
   */
  readonly module?: string;
  readonly components: readonly AnyComponent[];
}

/** Marks a plugin as such, so that a package that exports something else by mistake is told apart. */
export function definePlugin(plugin: Plugin): Plugin {
  return Object.assign({ ...plugin }, { [PLUGIN]: true });
}

/** Whether a value was made by {@link definePlugin}, also by another copy of this package. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && PLUGIN in value;
}
