import { configJsonSchema, corePlugin, type Json, Registry } from '@innerloop/core';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';

/*
 * docs/components.md, from the components that the `innerloop` command knows and the schemas of their options. Tables are
 * aligned as the formatter wants them.
 */

/** A JSON Schema, or what is read of one. */
type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
};

/** What each kind is for, and the place of a config that holds it. In the order of the page. */
const KINDS = [
  ['trainer', 'trainer', 'The outer loop.'],
  ['objective', 'objective', 'What the outer loop lowers.'],
  ['tasks', 'tasks', 'A distribution over tasks.'],
  ['wrapper', 'wrappers', 'Changes environments from outside. A list; the last is what the policy sees.'],
  ['policy', 'policy', 'The distribution over actions, given an observation.'],
  ['inner-optimizer', 'inner', 'Adapts the policy to a task.'],
  ['policy-optimizer', 'meta', 'Takes the step of the outer loop.'],
  ['advantages', 'advantages', 'Estimates advantages. `gae` if left out.'],
  ['baseline', 'baseline', 'Estimates state values. `linear-feature` if left out.'],
  ['check', 'checks', 'Is asked before a step is committed. A list.'],
  ['logger', 'loggers', 'Writes events somewhere. A list; `progress` if left out.'],
] as const;

/** The text of docs/components.md. */
export function componentDocs(registry = new Registry([corePlugin, ...defaultPlugins])): string {
  const { properties = {} } = configJsonSchema(registry) as Schema;
  const unknown = registry.kinds().filter((kind) => !KINDS.some(([known]) => known === kind));
  if (unknown.length > 0) throw new Error(`component-docs: describe the kinds ${unknown.join(', ')} in KINDS`);
  const kinds = KINDS.map(([kind, place, purpose]) => kindSection(registry, kind, place, purpose, properties[place]));
  return `${[HEAD, overview(registry), ...kinds, settings(properties)].join('\n\n')}\n`;
}

const HEAD = `# Components and settings

<!-- Made by \`node scripts/component-docs.mjs\` from the schemas in the code. Do not edit. -->

Everything that a config may choose without listing a plugin, with every option. How a config is put together:
[configuration.md](configuration.md). From code and for editors, \`innerloop config schema\` prints the same as JSON Schema.`;

function overview(registry: Registry): string {
  const rows = KINDS.map(([kind, place]) => {
    const names = registry.names(kind).map((name) => `[\`${name}\`](#${anchor(kind, name)})`);
    return [`\`${place}:\``, `[\`${kind}\`](#${kind})`, names.join(', ')];
  });
  return table(['Place', 'Kind', 'Components'], rows);
}

/** The anchor that GitHub gives to the heading of a component. */
function anchor(kind: string, name: string): string {
  return `${kind}-${name}`;
}

function kindSection(registry: Registry, kind: string, place: string, purpose: string, choices?: Schema): string {
  const components = registry.list(kind).map(({ component, plugin }) => {
    const schema = choices?.items ?? choices;
    const chosen = schema?.anyOf?.find(({ properties }) => properties?.use?.const === component.name);
    const { use: _, ...options } = chosen?.properties ?? {};
    const head = `### ${kind} ${component.name}\n\n${component.summary}. From \`${plugin}\`.`;
    return `${head}\n\n${optionTable(options)}`;
  });
  return [`## ${kind}`, `${purpose} In a config: \`${place}:\`.`, ...components].join('\n\n');
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

function optionTable(options: Readonly<Record<string, Schema>>): string {
  const rows = Object.entries(options).map(([name, schema]) => {
    const preset = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
    return [`\`${name}\``, range(schema), preset, schema.description ?? ''];
  });
  return rows.length === 0 ? 'No options.' : table(['Option', 'Range', 'Default', 'Meaning'], rows);
}

/** What values a schema allows, in words. */
function range(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(range).join(', or ');
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') {
    const length = schema.minItems ? `, at least ${schema.minItems}` : '';
    return `list (each: ${range(schema.items ?? {})})${length}`;
  }
  if (schema.type === 'string') return schema.pattern ? 'text (see meaning)' : 'text';
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'null') return '`null`';
  return `${schema.type === 'integer' ? 'whole number' : 'number'} ${bounds(schema).join(' and ')}`.trim();
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string[] {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    ...(isBound(minimum) ? [`≥ ${minimum}`] : []),
    ...(isBound(exclusiveMinimum) ? [`> ${exclusiveMinimum}`] : []),
    ...(isBound(maximum) ? [`≤ ${maximum}`] : []),
    ...(isBound(exclusiveMaximum) ? [`< ${exclusiveMaximum}`] : []),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

/** Like padEnd, by characters in place of UTF-16 units. */
function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}
