import { configJsonSchema } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { registry } from './support/config.js';

describe('the JSON Schema', () => {
  const schema = configJsonSchema(registry) as {
    properties: Record<string, { anyOf: Record<string, unknown>[]; items: { anyOf: Record<string, unknown>[] } }>;
    required: string[];
  };

  test('offers each component of a slot by its name, with its options', () => {
    const choices = schema.properties.meta?.anyOf ?? [];
    expect(choices[0]).toMatchObject({
      description: 'the first policy-optimizer',
      properties: {
        use: { const: 'first' },
        level: { type: 'integer', minimum: 0, maximum: 9, default: 5, description: 'From 0 to 9' },
      },
      required: ['use'],
      additionalProperties: false,
    });
    expect(choices.at(-1)).toEqual({ enum: ['first', 'second'] });
    expect(
      schema.properties.checks?.items.anyOf.map(
        (choice) => (choice.properties as Record<string, unknown> | undefined)?.use,
      ),
    ).toEqual([{ const: 'first' }, { const: 'kl-limit' }, { const: 'second' }, undefined]);
  });

  test('has every top-level key and what is required, and is plain JSON', () => {
    expect(Object.keys(schema.properties).sort()).toEqual(
      'advantages baseline checks evaluation inner loggers meta objective optimizer plugins policy run tasks trainer wrappers'.split(
        ' ',
      ),
    );
    expect(schema.required).toEqual(['trainer', 'tasks', 'policy']);
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  test('every field of run and evaluation has a description', () => {
    const fields = (node: unknown): [string, unknown][] => {
      const { properties = {} } = node as { properties?: Record<string, unknown> };
      return Object.entries(properties).flatMap(([key, value]) => [
        [key, value] as [string, unknown],
        ...fields(value),
      ]);
    };
    const all = [schema.properties.run, schema.properties.evaluation].flatMap(fields);
    // run 7; evaluation 10, the section `final` counted; the section has 6.
    expect(all).toHaveLength(23);
    for (const [key, field] of all) expect(field, key).toHaveProperty('description');
  });
});
