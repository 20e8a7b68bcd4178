import { corePlugin, didYouMean, InnerloopError, loadPlugin, quoteAll, Registry } from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';
import { paint, print, table, wrap } from '../output/text.js';
import type { AddCommand } from './context.js';
import { collect } from './options.js';

/** The components that come with the command, and those of further plugins. */
export async function registryWith(specifiers: readonly string[] = []): Promise<Registry> {
  const registry = new Registry([corePlugin, ...defaultPlugins]);
  for (const specifier of specifiers) registry.add(await loadPlugin(specifier, process.cwd()));
  return registry;
}

/** `innerloop list`. */
export const addList: AddCommand = (program) => {
  program
    .command('list')
    .summary('list the components that configs may name')
    .description(
      'Lists components by kind, with what they do and the package that they come from; of one kind, also when to choose which.',
    )
    .argument('[kind]', 'only this kind, such as policy-optimizer')
    .option('--plugin <name>', 'also those of a plugin, by package name or path; may be given many times', collect)
    .addHelpText('after', '\nExample:\n  innerloop list baseline')
    .action(async (kind: string | undefined, options: { readonly plugin?: readonly string[] }) => {
      const registry = await registryWith(options.plugin);
      const kinds = registry.kinds();
      if (kind !== undefined && !kinds.includes(kind)) {
        const expected = `expected one of the kinds ${quoteAll(kinds)}, found '${kind}'${didYouMean(kind, kinds)}`;
        throw new InnerloopError('OPTION_INVALID', `innerloop list: ${expected}`);
      }
      if (kind !== undefined) return print(withAdvice(registry, kind));
      print(kinds.map((each) => section(registry, each)).join('\n\n'));
      print('\nWhen to choose which: innerloop list <kind>');
    });
};

function section(registry: Registry, kind: string): string {
  return [heading(kind), ...rows(registry, kind)].join('\n');
}

/** As {@link section}, with the advice of each component below it. */
function withAdvice(registry: Registry, kind: string): string {
  const lines = rows(registry, kind);
  const entries = registry.list(kind).map(({ component: { choose } }, index) => {
    const advice = choose === undefined ? [] : wrap(choose.replaceAll('`', ''), width() - INDENT.length);
    return [lines[index], ...advice.map((line) => INDENT + line)].join('\n');
  });
  return `${heading(kind)}\n${entries.join('\n\n')}`;
}

const INDENT = '      ';

function heading(kind: string): string {
  return paint(process.stdout, 'bold', kind);
}

function rows(registry: Registry, kind: string): string[] {
  return table(
    registry.list(kind).map(({ component, plugin }) => [`  ${component.name}`, component.summary, plugin]),
  ).split('\n');
}

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;

function width(): number {
  return Math.min(WIDEST, process.stdout.columns || WIDEST);
}
