import { InnerloopError } from '../errors.js';
import type { AnyComponent, Plugin } from './define.js';
import { didYouMean, quoteAll } from './nearest.js';

/** A component and the plugin that it came from. */
export interface Registered {
  readonly component: AnyComponent;
  /** The plugin's name. */
  readonly plugin: string;
}

/** The components that configs may name, by kind and name. */
export class Registry {
  private readonly known = new Map<string, Plugin>();
  private readonly byKind = new Map<string, Map<string, Registered>>();

  /** @throws InnerloopError as {@link add} does. */
  constructor(plugins: readonly Plugin[] = []) {
    for (const plugin of plugins) this.add(plugin);
  }

  /** The plugins, in the order in which they were added. */
  get plugins(): readonly Plugin[] {
    return [...this.known.values()];
  }

  /**
   * Adds a plugin's components. The same plugin in the same version is added once.
   *
   * @throws InnerloopError PLUGIN_INVALID if another version of it is there, or a component's kind and name are taken.
   */
  add(plugin: Plugin): void {
    const before = this.known.get(plugin.name);
    if (before?.version === plugin.version) return;
    if (before) {
      throw new InnerloopError(
        'PLUGIN_INVALID',
        `The plugin '${plugin.name}' is there twice, in versions ${before.version} and ${plugin.version}; remove one.`,
      );
    }
    const taken = plugin.components.map((component) => this.conflict(plugin, component)).find((text) => text);
    if (taken) throw new InnerloopError('PLUGIN_INVALID', taken);
    this.known.set(plugin.name, plugin);
    for (const component of plugin.components) {
      const kind = this.byKind.get(component.kind) ?? new Map<string, Registered>();
      kind.set(component.name, { component, plugin: plugin.name });
      this.byKind.set(component.kind, kind);
    }
  }

  /** Every kind that has a component. */
  kinds(): string[] {
    return [...this.byKind.keys()].sort();
  }

  /** The names of a kind's components, sorted. */
  names(kind: string): string[] {
    return [...(this.byKind.get(kind)?.keys() ?? [])].sort();
  }

  /** A kind's components, sorted by name. */
  list(kind: string): Registered[] {
    return this.names(kind).map((name) => this.get(kind, name));
  }

  /** A component, or `undefined`. */
  find(kind: string, name: string): Registered | undefined {
    return this.byKind.get(kind)?.get(name);
  }

  /**
   * A component.
   *
   * @throws InnerloopError COMPONENT_UNKNOWN with the names that are registered and the nearest.
   */
  get(kind: string, name: string): Registered {
    const found = this.find(kind, name);
    if (found) return found;
    throw new InnerloopError(
      'COMPONENT_UNKNOWN',
      `Expected ${this.expected(kind)}, found '${name}'${this.hint(kind, name)}`,
    );
  }

  /** What may stand where a component of this kind is named, in words. */
  expected(kind: string): string {
    const names = this.names(kind);
    if (names.length === 0) return `the name of a component of kind '${kind}' (none is registered)`;
    return `the name of a component of kind '${kind}', one of ${quoteAll(names)}`;
  }

  /** A guess at what an unknown name was meant to be. */
  hint(kind: string, name: string): string {
    const near = didYouMean(name, this.names(kind));
    if (near) return near;
    const others = this.kinds().filter((other) => this.find(other, name));
    if (others.length > 0) return `; '${name}' is of kind ${quoteAll(others)}`;
    return `; if it belongs to a plugin, list that under 'plugins'`;
  }

  private conflict(plugin: Plugin, component: AnyComponent): string | undefined {
    const { kind, name } = component;
    const twice = plugin.components.filter((other) => other.kind === kind && other.name === name).length > 1;
    const before = twice ? plugin.name : this.find(kind, name)?.plugin;
    if (before === undefined) return undefined;
    return (
      `The plugins '${before}' and '${plugin.name}' both have a component of kind '${kind}' named '${name}'; ` +
      'names must be unique within a kind. Remove one of the plugins or rename the component.'
    );
  }
}
