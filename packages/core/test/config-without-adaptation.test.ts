import { corePlugin, defineComponent, Registry } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { failure, resolveYaml } from './support/config.js';
import { fakePlugin, pluginOf } from './support/experiment-fakes.js';

describe('a trainer that does not adapt', () => {
  const still = defineComponent({
    kind: 'trainer',
    name: 'still',
    summary: 'does not adapt',
    options: z.strictObject({}),
    slots: ['optimizer'],
    adapts: false,
    create: () => {
      throw new Error('not made in these tests');
    },
  });
  const known = new Registry([corePlugin, fakePlugin, pluginOf(still)]);
  const yaml = (evaluation: string) => `trainer: still
tasks: first
policy: first
optimizer: first
${evaluation}`;
  const evaluationOf = (text: string) => resolveYaml(yaml(text), [], known).config.evaluation;

  test('is evaluated without adaptation steps, whatever the usual default', () => {
    expect(evaluationOf('')).toMatchObject({ steps: 0, final: { steps: 0 } });
    expect(evaluationOf('evaluation: { every: 5, final: { tasks: 3 } }')).toMatchObject({
      every: 5,
      steps: 0,
      final: { tasks: 3, steps: 0 },
    });
    expect(evaluationOf('evaluation: { steps: 0, greedy: true, final: { steps: 0 } }').greedy).toBe(true);
  });

  test('refuses what only adaptation has', () => {
    const error = failure(() =>
      evaluationOf('evaluation: { steps: 1, stepSizes: [0.1], final: { steps: 2, stepSizes: [0.2] } }'),
    );
    const because = "since the trainer 'still' does not adapt";
    expect(error.message.split('\n').slice(1)).toEqual([
      `  configs/x.yaml:5:22 evaluation.steps: expected 0, ${because}, found 1`,
      `  configs/x.yaml:5:36 evaluation.stepSizes: expected no step sizes, ${because}, found a list of them`,
      `  configs/x.yaml:5:59 evaluation.final.steps: expected 0, ${because}, found 2`,
      `  configs/x.yaml:5:73 evaluation.final.stepSizes: expected no step sizes, ${because}, found a list of them`,
    ]);
  });

  test('reports an evaluation that is no map as ever', () => {
    expect(failure(() => evaluationOf('evaluation: 3')).message).toContain('evaluation: expected');
    expect(failure(() => evaluationOf('evaluation: { final: [] }')).message).toContain('evaluation.final: expected');
  });
});
