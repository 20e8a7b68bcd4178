import { defineComponent, parseConfig } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { component, create, failureOf } from './support/create-experiment.js';
import {
  FAKE_CONFIG,
  FAKE_YAML,
  makeObjective,
  makeOptimizer,
  makeTrainer,
  makeWrapper,
  pluginOf,
} from './support/experiment-fakes.js';

describe('what only the made components can tell', () => {
  test('an optimizer that needs more than the objective provides', async () => {
    const { config, source } = parseConfig(FAKE_YAML, 'x.yaml');
    const objective = makeObjective(['surrogate', 'gradient']);
    const meta = makeOptimizer(['gradient', 'kl', 'curvature']);
    await expect(create({ ...config, objective, meta: makeOptimizer(['gradient']) })).resolves.toBeDefined();
    const greedy = pluginOf(component('policy-optimizer', () => meta));
    const message = await failureOf(
      create({ ...config, objective, meta: 'special' }, { source }, greedy),
      'CONFIG_INVALID',
    );
    expect(message).toContain('x.yaml:7:3 meta: ');
    expect(message).toMatch(
      /meta: expected .*objective '\(object given in code\)' .*provides 'surrogate', 'gradient'.*found 'special'.*needs 'kl', 'curvature'/,
    );
  });

  test('step sizes for an inner optimizer that takes none', async () => {
    const evaluation = { final: { stepSizes: [0.1] } };
    const message = await failureOf(create({ ...FAKE_CONFIG, evaluation }), 'CONFIG_INVALID');
    expect(message).toMatch(/evaluation\.final\.stepSizes: expected no step sizes.*'first'/);
    const inner = { adapt: () => [], acceptsStepSizes: true };
    expect((await create({ ...FAKE_CONFIG, inner, evaluation })).config.evaluation.final.stepSizes).toEqual([0.1]);
  });

  test('a wrapper that learns under a trainer that does not save what it learns', async () => {
    const learned = { begin: () => {}, end: () => {}, state: () => null, restore: () => {} };
    const config = { ...FAKE_CONFIG, wrappers: [makeWrapper(), { ...makeWrapper(), learned }] };
    const message = await failureOf(create(config), 'CONFIG_INVALID');
    expect(message).toContain(
      "wrappers.1: expected a wrapper that learns nothing, since the trainer 'first' does not save what wrappers learn",
    );
    expect(message).not.toContain('wrappers.0');
    const saves = defineComponent({
      kind: 'trainer',
      name: 'saves',
      summary: 'saves what wrappers learn',
      options: z.strictObject({}),
      slots: ['objective', 'inner', 'meta'],
      learnsWrappers: true,
      create: () => makeTrainer({}),
    });
    await (await create({ ...config, trainer: 'saves' }, {}, pluginOf(saves))).close();
  });

  test('a task set that the tasks do not have', async () => {
    const named = (tasks: string) => create({ ...FAKE_CONFIG, evaluation: { final: { tasks } } });
    expect((await named('corners')).config.evaluation.final.tasks).toBe('corners');
    const message = await failureOf(named('corner'), 'CONFIG_INVALID');
    expect(message).toMatch(
      /evaluation\.final\.tasks: .*task set of 'first' \('corners'\), found 'corner'; did you mean 'corners'/,
    );
  });
});
