import {
  type ComponentKind,
  defineComponent,
  InnerloopError,
  parseConfig,
  randomStream,
  TOKENS,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { component, create, failureOf } from './support/create-experiment.js';
import { FAKE_CONFIG, FAKE_YAML, makeCheck, makePolicy, makeWrapper, pluginOf } from './support/experiment-fakes.js';

describe('the container', () => {
  test('makes each part once, when it is first asked for', async () => {
    const made: string[] = [];
    const noting = (kind: ComponentKind, make: () => object) =>
      component(kind, () => {
        made.push(kind);
        return make();
      });
    const policy = noting('policy', makePolicy);
    const check = noting('check', () => makeCheck('x'));
    const plugin = { ...pluginOf(policy), components: [policy, check] };
    const experiment = await create({ ...FAKE_CONFIG, policy: 'special', checks: ['special'] }, {}, plugin);
    expect(made).toEqual([]);
    expect(experiment.get(TOKENS.policy)).toBe(experiment.get(TOKENS.policy));
    expect(made).toEqual(['policy']);
    expect(experiment.trainer).toBe(experiment.trainer);
    expect(made).toEqual(['policy', 'check']);
  });

  test('injects the run settings and the event bus', async () => {
    let injected: unknown;
    const check = defineComponent({
      kind: 'check',
      name: 'special',
      summary: 's',
      options: z.strictObject({}),
      inject: { run: TOKENS.run, events: TOKENS.events },
      create: (_, given) => {
        injected = given;
        return makeCheck('x');
      },
    });
    const config = { ...FAKE_CONFIG, run: { name: 'r', seed: 5, iterations: 6 }, checks: ['special'] };
    const { checks, events } = await create(config, {}, pluginOf(check));
    expect(checks).toHaveLength(1);
    expect(injected).toEqual({ run: { name: 'r', seed: 5, iterations: 6 }, events });
  });

  test('gives tasks with the wrappers applied in order', async () => {
    const { tasks } = await create({ ...FAKE_CONFIG, wrappers: ['first', 'second'] });
    expect(tasks.actionSpace).toEqual({ kind: 'discrete', count: 4 });
    const environment = tasks.create(0);
    environment.reset(randomStream({ seed: 1, purpose: 'user' }));
    // 10 (10 · 1 + 1) + 1
    expect(environment.step(1).reward).toBe(111);
  });

  test('a component that throws is COMPONENT_FAILED with its place, plugin and cause', async () => {
    const broken = component('policy', () => {
      throw new RangeError('no room');
    });
    const { config, source } = parseConfig(FAKE_YAML.replace('policy: first', 'policy: special'), 'x.yaml');
    const experiment = await create(config, { source }, pluginOf(broken, 'the-plugin'));
    const message = await failureOf((async () => experiment.trainer)(), 'COMPONENT_FAILED');
    expect(message).toBe("x.yaml:4:9 policy: the policy 'special' of the-plugin could not be made: no room");
    const error = await (async () => experiment.trainer)().catch((thrown: unknown) => thrown as Error);
    expect((error as Error).cause).toBeInstanceOf(RangeError);
  });

  test('an error that explains itself passes unchanged', async () => {
    const own = new InnerloopError('ENVIRONMENT_INVALID', 'all is said');
    const broken = component('check', () => {
      throw own;
    });
    const experiment = await create({ ...FAKE_CONFIG, checks: ['first', 'special'] }, {}, pluginOf(broken));
    expect(() => experiment.checks).toThrow(own);
  });

  test('a component that makes something else is COMPONENT_FAILED with what is missing', async () => {
    const odd = component('check', () => ({ name: 'odd' }));
    const experiment = await create({ ...FAKE_CONFIG, checks: ['first', 'special'] }, {}, pluginOf(odd, 'p'));
    const message = await failureOf((async () => experiment.checks)(), 'COMPONENT_FAILED');
    expect(message).toMatch(/checks\.1: .*check 'special' of p.*found one without 'verdict'/);
  });

  test('wrappers that do not fit the tasks are COMPONENT_FAILED', async () => {
    const wrapper = {
      ...makeWrapper(),
      spaces: () => {
        throw new Error('needs a box of actions');
      },
    };
    const experiment = await create({ ...FAKE_CONFIG, wrappers: [wrapper] });
    const message = await failureOf((async () => experiment.tasks)(), 'COMPONENT_FAILED');
    expect(message).toMatch(/wrappers.*do not fit.*needs a box of actions/);
  });

  test('components that need each other in a circle are told before anything is made', async () => {
    const policy = component('policy', makePolicy, { inner: TOKENS.inner });
    const inner = component('inner-optimizer', () => ({ adapt: () => [] }), { policy: TOKENS.policy });
    const plugin = { ...pluginOf(policy), components: [policy, inner] };
    const message = await failureOf(
      create({ ...FAKE_CONFIG, policy: 'special', inner: 'special' }, {}, plugin),
      'CONFIG_INVALID',
    );
    expect(message).toMatch(/circle.*policy \('special'\) → inner \('special'\) → policy \('special'\)/);
    const wrapper = pluginOf(component('wrapper', makeWrapper, { tasks: TOKENS.tasks }));
    const wrapped = await failureOf(create({ ...FAKE_CONFIG, wrappers: ['special'] }, {}, wrapper), 'CONFIG_INVALID');
    expect(wrapped).toMatch(/wrappers\.0 \('special'\)/);
  });

  test('a token that the config does not fill', async () => {
    const experiment = await create(FAKE_CONFIG);
    const message = await failureOf((async () => experiment.get(TOKENS.optimizer))(), 'CONFIG_INVALID');
    expect(message).toMatch(/core:optimizer.*fills 'trainer', 'objective'/);
  });
});
