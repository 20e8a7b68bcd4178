import { configJsonSchema, corePlugin, type Registered, Registry } from '@innerloop/core';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';
import { wrap } from '../../packages/cli/src/output/text.js';
import { KIND_PAGES, type KindPage } from './component-kinds.js';
import { MADE_BY } from './generated-pages.js';
import { table } from './markdown-table.mjs';
import { optionTable, type Schema } from './option-table.js';

/*
 * docs/components.md and a page for each kind in docs/components, from the components that the `innerloop` command knows
 * and the schemas of their options.
 */

/** Characters in a line of text. */
const WIDTH = 140;

/** The components that configs may name without listing a plugin. */
export function standardRegistry(): Registry {
  return new Registry([corePlugin, ...defaultPlugins]);
}

/**
 * Every page: its text, by its path from the root.
 *
 * @throws Error if there is a kind without a page, or a page without a kind.
 */
export function componentPages(registry = standardRegistry()): Map<string, string> {
  const kinds = registry.kinds();
  const described = KIND_PAGES.map(({ kind }) => kind as string).sort();
  if (kinds.join() !== described.join()) {
    throw new Error(`component-kinds.ts describes ${described.join(', ')}, and the kinds are ${kinds.join(', ')}`);
  }
  const { properties = {} } = configJsonSchema(registry) as Schema;
  return new Map([
    ['docs/components.md', page('Components and settings', index(registry), settings(properties))],
    ...KIND_PAGES.map((about): [string, string] => [
      `docs/components/${about.kind}.md`,
      kindPage(registry, about, properties[about.places[0]]),
    ]),
  ]);
}

function page(title: string, ...blocks: readonly string[]): string {
  return `${[`# ${title}`, MADE_BY, ...blocks].join('\n\n')}\n`;
}

function paragraph(text: string): string {
  return wrap(text, WIDTH).join('\n');
}

const INTRODUCTION = `Everything that a config may choose without listing a plugin. Each kind of component has a page: what it does, what is on the
shelf, when to choose which, and every option. How a config is put together: [configuration.md](configuration.md). In a terminal,
\`npx innerloop list <kind>\` tells when to choose which; for editors, \`npx innerloop config schema\` prints all options as JSON Schema.`;

function index(registry: Registry): string {
  const rows = KIND_PAGES.map(({ kind, places, brief }) => {
    const names = registry.names(kind).map((name) => `[\`${name}\`](components/${kind}.md#${name})`);
    const keys = places.map((place) => `\`${place}\``).join(', ');
    return [keys, `[${kind}](components/${kind}.md): ${brief}`, names.join(', ')];
  });
  return `${paragraph(INTRODUCTION)}\n\n${table(['Key', 'Kind', 'Components'], rows)}`;
}

function kindPage(registry: Registry, { kind, title, about, examples }: KindPage, choices?: Schema): string {
  const shelf = registry.list(kind);
  const rows = shelf.map(({ component: { name, summary }, plugin }) => [
    `[\`${name}\`](#${name})`,
    `${summary}.`,
    `\`${plugin}\``,
  ]);
  return page(
    title,
    paragraph(about),
    ...examples.map((example) => `\`\`\`yaml\n${example}\n\`\`\``),
    table(['Name', 'What it is', 'Package'], rows),
    'All kinds: [components.md](../components.md). One of your own: [writing a plugin](../writing-a-plugin.md).',
    ...shelf.map((registered) => componentSection(registered, choices?.items ?? choices)),
  );
}

function componentSection({ component: { name, summary, choose }, plugin }: Registered, choices?: Schema): string {
  const chosen = choices?.anyOf?.find(({ properties }) => properties?.use?.const === name);
  const { use: _, ...options } = chosen?.properties ?? {};
  return [
    `## ${name}`,
    paragraph(`${summary}. From \`${plugin}\`.`),
    ...(choose === undefined ? [] : [paragraph(`**When to choose it.** ${choose}`)]),
    optionTable(options),
  ].join('\n\n');
}

function settings(properties: Readonly<Record<string, Schema>>): string {
  const { final, ...evaluation } = properties.evaluation?.properties ?? {};
  return [
    '## Settings',
    '### run',
    `${properties.run?.description}.`,
    optionTable(properties.run?.properties ?? {}),
    '### evaluation',
    `${properties.evaluation?.description}.`,
    optionTable(evaluation),
    '### evaluation.final',
    `${final?.description}.`,
    optionTable(final?.properties ?? {}),
    '### plugins',
    `${properties.plugins?.description}.`,
  ].join('\n\n');
}
