import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AnyComponent,
  type ComponentKind,
  type ComponentKinds,
  createExperiment,
  defineComponent,
  type ErrorCode,
  type Events,
  type ExperimentConfig,
  type ExperimentOptions,
  InnerloopError,
  type InnerParameters,
  OWN_OBJECT,
  type Plugin,
  parseConfig,
  randomStream,
  TOKENS,
  type Token,
} from '@innerloop/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  FAKE_CONFIG,
  FAKE_YAML,
  fakePlugin,
  labelled,
  labelOf,
  makeCheck,
  makeLogger,
  makeObjective,
  makeOptimizer,
  makePolicy,
  makeTasks,
  makeTrainer,
  makeWrapper,
  pluginOf,
} from './support/experiment-fakes.js';

const create = (config: ExperimentConfig, options: ExperimentOptions = {}, ...plugins: Plugin[]) =>
  createExperiment(config, { backend: 'cpu', ...options, plugins: [fakePlugin, ...plugins] });

async function failureOf(promise: Promise<unknown>, code: ErrorCode): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InnerloopError);
  expect((error as InnerloopError).code).toBe(code);
  return (error as InnerloopError).message;
}

function component<Kind extends ComponentKind>(
  kind: Kind,
  make: () => unknown,
  inject: Readonly<Record<string, Token<unknown>>> = {},
): AnyComponent {
  return defineComponent({
    kind,
    name: 'special',
    summary: 's',
    options: z.strictObject({}),
    inject,
    create: () => make() as ComponentKinds[Kind],
  });
}

describe('swapping components', () => {
  const SLOTS = ['trainer', 'objective', 'tasks', 'policy', 'inner', 'meta', 'advantages', 'baseline'] as const;

  test.each(SLOTS)('%s: a change of one line changes this component and no other', async (slot) => {
    const metricsOf = async (config: ExperimentConfig) => (await (await create(config)).trainer.iterate(1)).metrics;
    const before = await metricsOf(FAKE_CONFIG);
    const after = await metricsOf({ ...FAKE_CONFIG, [slot]: { use: 'second', level: 7 } });
    expect(before[slot]).toMatch(/^first/);
    expect(after).toEqual({ ...before, [slot]: slot === 'trainer' ? 'second' : 'second:7' });
  });

  test.each(['wrappers', 'checks', 'loggers'] as const)('%s: the entries are made in order', async (slot) => {
    const experiment = await create({ ...FAKE_CONFIG, [slot]: ['second', { use: 'first', level: 2 }] });
    const made: readonly object[] = experiment.get<readonly object[]>(TOKENS[slot] as Token<readonly object[]>);
    expect(made).toHaveLength(2);
    // Loggers are guarded, so their labels are inside.
    if (slot !== 'loggers') expect(made.map(labelOf)).toEqual(['second:5', 'first:2']);
    expect(experiment.config[slot]).toEqual([
      { use: 'second', level: 5 },
      { use: 'first', level: 2 },
    ]);
  });

  test('optimizer: a standalone trainer takes its own slot', async () => {
    const { tasks, policy } = FAKE_CONFIG;
    for (const optimizer of ['first', 'second']) {
      const { trainer } = await create({ trainer: 'standalone', tasks, policy, optimizer });
      expect((await trainer.iterate(1)).metrics).toMatchObject({ optimizer: `${optimizer}:5` });
    }
  });
});

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

describe('objects of the user instead of names', () => {
  test('in every slot and list', async () => {
    const config: ExperimentConfig = {
      ...FAKE_CONFIG,
      objective: labelled('mine', makeObjective()),
      tasks: labelled('mine', makeTasks()),
      policy: labelled('mine', makePolicy()),
      inner: labelled('mine', { adapt: ({ policy }: InnerParameters) => policy }),
      meta: labelled('mine', makeOptimizer()),
      advantages: labelled('mine', {
        discount: 1,
        normalize: false,
        estimate: ({ rewards }: { rewards: Float64Array }) => rewards,
      }),
      baseline: labelled('mine', { fitted: 'after-update' as const, create: () => ({}) as never }),
      checks: ['first', labelled('mine', makeCheck('mine'))],
      loggers: [makeLogger()],
    };
    const experiment = await create(config);
    const { metrics } = await experiment.trainer.iterate(1);
    for (const slot of ['objective', 'tasks', 'policy', 'inner', 'meta', 'advantages', 'baseline'] as const) {
      expect(metrics[slot], slot).toBe('mine');
      expect(experiment.config[slot]).toEqual({ use: OWN_OBJECT });
    }
    expect(metrics.checks).toBe('first:5,mine');
    expect(experiment.config.checks).toEqual([{ use: 'first', level: 5 }, { use: OWN_OBJECT }]);
    expect(experiment.config.loggers).toEqual([{ use: OWN_OBJECT }]);
    expect(JSON.parse(JSON.stringify(experiment.config))).toEqual(experiment.config);
  });

  test('objects of a class, and a trainer, which may stand beside any slots', async () => {
    class Mine {
      readonly name = 'from a class';
      verdict() {
        return { kind: 'ok' as const };
      }
    }
    const trainer = makeTrainer({});
    const { tasks, policy, meta } = FAKE_CONFIG;
    const experiment = await create({ trainer, tasks, policy, meta, checks: [new Mine()], wrappers: [makeWrapper()] });
    expect(experiment.trainer).toBe(trainer);
    expect(experiment.checks[0]?.name).toBe('from a class');
    expect(experiment.tasks.actionSpace).toEqual({ kind: 'discrete', count: 3 });
  });
});

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

describe('the experiment', () => {
  test('tells the backend in use, its source and the notices', async () => {
    const input = parseConfig(`${FAKE_YAML}run: { backend: cpu }`, 'x.yaml', ['meta.use=second']);
    const experiment = await createExperiment(input.config, { ...input, plugins: [fakePlugin] });
    expect(experiment.backend).toEqual({ name: 'cpu', reason: 'cpu was asked for' });
    expect(experiment.source).toBe('x.yaml');
    expect(experiment.notices).toEqual([expect.stringMatching(/replaces 'first' at meta.*level/)]);
    expect((await create({ ...FAKE_CONFIG, run: { backend: 'wasm' } }, { backend: 'cpu' })).config.run.backend).toBe(
      'cpu',
    );
  });

  test('close() closes what was made, once each, and reports a logger that fails under its plugin', async () => {
    const closed: string[] = [];
    const logger = component('logger', () => ({
      attach: () => {},
      close: async () => {
        closed.push('logger');
        throw new Error('disk full');
      },
    }));
    const trainer = { ...makeTrainer({}), close: async () => void closed.push('trainer') };
    const { tasks, policy } = FAKE_CONFIG;
    const config = { trainer, tasks, policy, loggers: ['special'] };
    await (await create(config, {}, pluginOf(logger))).close();
    expect(closed).toEqual([]);

    const experiment = await create(config, {}, pluginOf(logger, 'a-plugin'));
    const errors: Events['error'][] = [];
    experiment.events.on('error', (error) => errors.push(error));
    for (const each of experiment.loggers) each.attach(experiment.events);
    expect(experiment.trainer).toBe(trainer);
    await experiment.close();
    expect(closed).toEqual(['logger', 'trainer']);
    expect(errors).toEqual([{ source: "logger 'special' of a-plugin", message: 'disk full', fatal: false }]);
  });

  describe('with plugins from its config', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'innerloop-experiment-'));
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(
        fileURLToPath(new URL('../node_modules/zod', import.meta.url)),
        join(folder, 'node_modules/zod'),
        'dir',
      );
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      writeFileSync(
        join(folder, 'my-check.js'),
        `import { z } from 'zod';
        export const myPlugin = {
          [Symbol.for('@innerloop/core:plugin')]: true, name: 'mine', version: '1.0.0', requires: '>=0.1.0',
          components: [{
            kind: 'check', name: 'never', summary: 'Rejects everything', inject: {},
            options: z.strictObject({ word: z.string().default('no') }),
            create: ({ word }) => ({ name: 'never', verdict: () => ({ kind: 'reject', reason: word }) }),
          }],
        };`,
      );
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('listing it is all it takes', async () => {
      const input = parseConfig(
        `${FAKE_YAML}plugins: [./my-check.js]\nchecks: [{ use: never, word: nope }]`,
        join(folder, 'x.yaml'),
      );
      const { checks, registry, config } = await create(input.config, input);
      expect(await checks[0]?.verdict({ stage: 'adaptation', iteration: 1, kl: [] })).toEqual({
        kind: 'reject',
        reason: 'nope',
      });
      expect(registry.plugins.map(({ name }) => name)).toEqual(['@innerloop/core', 'fakes', 'mine']);
      expect(config.plugins).toEqual([join(folder, 'my-check.js')]);
    });

    test('one that is not there, or whose list is malformed', async () => {
      const missing = create({ ...FAKE_CONFIG, plugins: ['./my-chek.js'] }, { baseDirectory: folder });
      expect(await failureOf(missing, 'PLUGIN_NOT_FOUND')).toContain(join(folder, 'my-chek.js'));
      const malformed = create({ ...FAKE_CONFIG, plugins: 'x' as unknown as string[] });
      expect(await failureOf(malformed, 'CONFIG_INVALID')).toMatch(/plugins: expected a list, found 'x'/);
    });
  });

  test('a plugin given in code is checked like one from a file', async () => {
    const future = { ...pluginOf(component('policy', makePolicy)), requires: '^99.0.0' };
    expect(await failureOf(create(FAKE_CONFIG, {}, future), 'PLUGIN_VERSION')).toMatch(/'extra'.*\^99/);
  });
});
