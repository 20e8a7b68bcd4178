import { z } from 'zod';
import type { Json } from '../contracts/json.js';
import type { AnyComponent } from '../plugins/define.js';
import type { Registry } from '../plugins/registry.js';
import { LIST_SLOTS, SLOTS } from '../plugins/tokens.js';
import { evaluationSchema, pluginsSchema, runSchema } from './schema.js';

type Schema = { readonly [key: string]: Json };

/** What each place is for, as editors show it. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  trainer: 'The outer loop',
  objective: 'What the outer loop lowers',
  tasks: 'The distribution over tasks',
  policy: 'The policy',
  inner: 'The inner optimizer, which adapts the policy to a task',
  meta: 'The optimizer of the outer loop, for meta-learning',
  optimizer: 'The optimizer of a standalone run',
  advantages: 'The advantage estimator; gae if left out',
  baseline: 'The state-value estimate; linear-feature if left out',
  wrappers: 'Wrappers of the environments; the last is what the policy sees',
  checks: 'Checks that are asked before a step is committed',
  loggers: 'Listeners that write events somewhere; progress if left out',
};

/**
 * The JSON Schema (draft 2020-12) of configs that use the components of a registry, for editors.
 * A place for a component is a choice by its `use`, or a bare name.
 */
export function configJsonSchema(registry: Registry): Schema {
  const slots = Object.entries(SLOTS).map(([slot, kind]) => [slot, { ...choice(registry, kind), ...describe(slot) }]);
  const lists = Object.entries(LIST_SLOTS).map(([slot, kind]) => [
    slot,
    { type: 'array', items: choice(registry, kind), ...describe(slot) },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'An Innerloop experiment',
    type: 'object',
    properties: {
      run: toSchema(runSchema),
      ...(Object.fromEntries([...slots, ...lists]) as Schema),
      evaluation: toSchema(evaluationSchema),
      plugins: toSchema(pluginsSchema),
    },
    required: ['trainer', 'tasks', 'policy'],
    additionalProperties: false,
  };
}

function describe(slot: string): Schema {
  return { description: DESCRIPTIONS[slot] ?? slot };
}

function choice(registry: Registry, kind: string): Schema {
  const components = registry.list(kind).map(({ component }) => component);
  return { anyOf: [...components.map(componentSchema), { enum: components.map(({ name }) => name as string) }] };
}

function componentSchema(component: AnyComponent): Schema {
  const { $schema: _, ...schema } = toSchema(component.options as z.ZodType) as { readonly [key: string]: Json };
  const required = (schema.required ?? []) as readonly string[];
  return {
    ...schema,
    description: component.summary,
    properties: { use: { const: component.name }, ...(schema.properties as Schema) },
    required: ['use', ...required],
    additionalProperties: false,
  };
}

function toSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as Schema;
}
