import type { Json } from '@innerloop/core';
import { table } from './markdown-table.mjs';

/*
 * The options of a component as a Markdown table, from their JSON Schema. Tables are aligned.
 */

/** A JSON Schema, or what is read of one. */
export type Schema = {
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

/** Every option with its range, its default and what it means. */
export function optionTable(options: Readonly<Record<string, Schema>>): string {
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
