import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  configJsonSchema,
  corePlugin,
  defineComponent,
  type ExperimentConfig,
  InnerloopError,
  parseConfig,
  Registry,
  readConfig,
  resolveConfig,
  stringifyConfig,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FAKE_CONFIG, FAKE_YAML, fakePlugin, makeCheck, makeLogger, pluginOf } from './experiment-fakes.js';

const registry = new Registry([corePlugin, fakePlugin]);

function resolveYaml(yaml: string, overrides: readonly string[] = [], known = registry) {
  const { config, source, baseDirectory } = parseConfig(yaml, 'configs/x.yaml', overrides);
  return { ...resolveConfig(config, { registry: known, source, baseDirectory }), notices: source.notices };
}

function failure(act: () => unknown): InnerloopError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InnerloopError);
    return error as InnerloopError;
  }
  throw new Error('nothing was thrown');
}

/** The lines of the error's list. */
function problems(yaml: string, overrides: readonly string[] = []): string[] {
  const error = failure(() => resolveYaml(yaml, overrides));
  expect(error.code).toBe('CONFIG_INVALID');
  const [head, ...lines] = error.message.split('\n');
  expect(head).toBe(
    `configs/x.yaml is not a valid experiment (${lines.length} problem${lines.length > 1 ? 's' : ''}):`,
  );
  return lines.map((line) => line.trim());
}

describe('a config with every default', () => {
  test('is filled in', () => {
    expect(resolveYaml(FAKE_YAML).config).toEqual({
      run: {
        ...{ name: 'x', seed: 1, iterations: 100, backend: 'auto', checkpointEvery: 1 },
        ...{ workers: 'auto', workerTimeout: 600 },
      },
      trainer: { use: 'first', level: 5 },
      objective: { use: 'first', level: 5 },
      tasks: { use: 'first', level: 1 },
      wrappers: [],
      policy: { use: 'first', level: 5 },
      inner: { use: 'first', level: 5 },
      meta: { use: 'first', level: 3 },
      advantages: { use: 'gae', discount: 0.99, lambda: 1, normalize: true },
      baseline: expect.objectContaining({ use: 'linear-feature' }),
      evaluation: {
        every: 10,
        tasks: 20,
        steps: 1,
        rollouts: 20,
        seed: 1000,
        greedy: false,
        score: 'adapted',
        keepBest: true,
        final: { tasks: 40, steps: 3, rollouts: 20, seed: 2000, examples: 6 },
      },
      checks: [],
      loggers: [],
      plugins: [],
    });
  });

  test('has the progress logger if that is registered, unless loggers are given', () => {
    const progress = defineComponent({
      kind: 'logger',
      name: 'progress',
      summary: 's',
      options: z.strictObject({}),
      create: makeLogger,
    });
    const known = new Registry([corePlugin, fakePlugin, pluginOf(progress)]);
    expect(resolveYaml(FAKE_YAML, [], known).config.loggers).toEqual([{ use: 'progress' }]);
    expect(resolveYaml(`${FAKE_YAML}loggers: []`, [], known).config.loggers).toEqual([]);
  });

  test('is named after its file, with what is no letter of a name replaced', () => {
    const { config, source } = parseConfig(FAKE_YAML, 'a/my run!.yml');
    expect(resolveConfig(config, { registry, source, baseDirectory: '.' }).config.run.name).toBe('my-run-');
    expect(resolveConfig(config, { registry, baseDirectory: '.' }).config.run.name).toBe('experiment');
    expect(resolveYaml(`${FAKE_YAML}run: { name: mine }`).config.run.name).toBe('mine');
  });

  test('keeps an empty section as if it was left out', () => {
    expect(resolveYaml(`${FAKE_YAML}run:\nevaluation:\nchecks:\nbaseline:\n`).config).toEqual(
      resolveYaml(FAKE_YAML).config,
    );
  });

  test('makes paths of plugins absolute and leaves package names', () => {
    const { plugins } = resolveYaml(`${FAKE_YAML}plugins: ['./p', '../q.js', '@a/b']`).config;
    expect(plugins).toEqual([resolve('configs/p'), resolve('q.js'), '@a/b']);
  });
});

test('what stringifyConfig writes resolves to the same config', () => {
  const { config } = resolveYaml(
    `${FAKE_YAML}run: { name: '1e3', seed: 4294967295 }
evaluation: { every: 0, stepSizes: [0.1, 1e-10], final: { tasks: corners } }
checks: [kl-limit, { use: kl-limit, stage: adaptation, statistic: max, limit: 1e-7 }]
wrappers: [first, { use: second, level: 0 }]
plugins: ['./p']`,
  );
  const text = stringifyConfig(config);
  const again = parseConfig(text, '/elsewhere/config.yaml');
  expect(resolveConfig(again.config, { registry, ...again }).config).toEqual(config);
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
});

describe('errors have the place, what was expected, what was found and the nearest name', () => {
  test.each([
    [
      'run: { sed: 3 }',
      /^configs\/x\.yaml:9:8 run\.sed: expected one of the keys 'name', 'seed'.* found the unknown key 'sed'; did you mean 'seed'\?/,
    ],
    ['evaluaton: {}', /x\.yaml:9:1 evaluaton: .* unknown key 'evaluaton'; did you mean 'evaluation'\?/],
    ['run: { iterations: -1 }', /x\.yaml:9:20 run\.iterations: expected a number of at least 0, found -1$/],
    ['run: { seed: 4294967296 }', /run\.seed: expected a number of at most 4294967295, found 4294967296/],
    ['run: { seed: 1.5 }', /run\.seed: expected a whole number, found 1\.5/],
    ["run: { name: 'a/b' }", /run\.name: expected a text of letters.*found 'a\/b'/],
    [
      'run: { backend: waasm }',
      /run\.backend: expected one of 'auto', 'wasm', 'cpu', 'native', found 'waasm'; did you mean 'wasm'\?/,
    ],
    ['run: fast', /x\.yaml:9:6 run: expected a map, found 'fast'/],
    ['evaluation: { final: { stpes: 2 } }', /evaluation\.final\.stpes: .*did you mean 'steps'\?/],
    ['evaluation: { final: { tasks: 0 } }', /evaluation\.final\.tasks: expected a number of at least 1, found 0/],
    [
      'evaluation: { final: { tasks: [] } }',
      /evaluation\.final\.tasks: expected a number, or a text, found an empty list/,
    ],
    [
      'evaluation: { stepSizes: [0.1, -1] }',
      /x\.yaml:9:32 evaluation\.stepSizes\.1: expected a number greater than 0, found -1/,
    ],
    ['evaluation: { keepBest: 1 }', /keepBest: expected true or false, found 1/],
    [
      'evaluation: { score: total, greedy: true }',
      /evaluation\.score: expected 'adapted', since with greedy: true .*, found 'total'/,
    ],
    ['plugins: [1]', /plugins\.0: expected a text, found 1/],
    [
      'checks: { use: kl-limit }',
      /x\.yaml:9:9 checks: expected a list of components of kind 'check', found a map with the keys 'use'/,
    ],
    [
      'checks: [{ use: kl-limt }]',
      /x\.yaml:9:17 checks\.0\.use: expected .* one of 'first', 'kl-limit', 'second', found 'kl-limt'; did you mean 'kl-limit'\?/,
    ],
    ['checks: [{ limit: 1 }]', /checks\.0\.use: expected the name of a component of kind 'check'.*found nothing/],
    [
      'checks: [{ use: kl-limit, limit: 0 }]',
      /x\.yaml:9:34 checks\.0\.limit: expected a number greater than 0, found 0/,
    ],
    ['checks: [{ use: kl-limit, statistic: max }]', /checks\.0\.statistic: expected 'mean'.*found 'max'/],
    ['baseline: 3', /baseline: expected \{ use: the name of a component of kind 'baseline'.*found 3/],
    ['baseline: [zero]', /baseline: expected .* found a list of 1/],
    ['wrappers: [second, kl-limit]', /wrappers\.1: .*found 'kl-limit'.*'kl-limit' is of kind 'check'/],
    [
      'optimizer: first',
      /x\.yaml:9:1 optimizer: expected only slots that the trainer 'first' uses .*'objective', 'inner', 'meta'.*found 'optimizer'/,
    ],
  ])('%s', (line, message) => {
    const found = problems(`${FAKE_YAML}${line}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  test('options of components, also of a schema that is not strict', () => {
    expect(problems(FAKE_YAML.replace('level: 3', 'lvel: 3'))).toEqual([
      "configs/x.yaml:8:3 meta.lvel: expected one of the keys 'level', found the unknown key 'lvel'; did you mean 'level'?",
    ]);
    expect(problems(FAKE_YAML.replace('level: 3', 'level: 10'))).toEqual([
      'configs/x.yaml:8:10 meta.level: expected a number of at most 9, found 10',
    ]);
    const loose = defineComponent({
      kind: 'check',
      name: 'loose',
      summary: 's',
      options: z.object({ a: z.number().default(1) }),
      create: () => makeCheck('loose'),
    });
    const known = new Registry([corePlugin, fakePlugin, pluginOf(loose)]);
    const yaml = `${FAKE_YAML}checks: [{ use: loose, b: 1 }]`;
    expect(failure(() => resolveYaml(yaml, [], known)).message).toMatch(/checks\.0\.b: .* unknown key 'b'/);
  });

  test('slots that the trainer needs and the config leaves out', () => {
    const found = problems('trainer: first\npolicy: first\nobjektive: first\n');
    expect(found).toHaveLength(5);
    expect(found[0]).toMatch(/x\.yaml:3:1 objektive: .*did you mean 'objective'/);
    expect(found[1]).toMatch(
      /objective: expected \{ use: .*kind 'objective', one of 'first', 'second' \}, found nothing; is 'objektive' meant/,
    );
    expect(found.slice(2).map((line) => line.replace(/:.*/, ''))).toEqual(
      Array(3)
        .fill('configs/x.yaml tasks')
        .map((_, i) => `configs/x.yaml ${['tasks', 'inner', 'meta'][i]}`),
    );
  });

  test('all problems at once, those of a trainer with wrong options included', () => {
    const found = problems(
      'trainer: { use: standalone, level: -1 }\ntasks: frist\npolicy: first\noptimizer: first\ninner: first\n',
    );
    expect(found.map((line) => line.split(' ')[1])).toEqual(['trainer.level:', 'tasks:', 'inner:']);
  });

  test('an optional slot whose default is in no plugin', () => {
    const error = failure(() => resolveYaml(FAKE_YAML, [], new Registry([fakePlugin])));
    expect(error.message).toMatch(/advantages: expected .*'first', 'second', found 'gae'/);
  });

  test('a component that needs a slot which nothing fills', () => {
    const needy = defineComponent({
      kind: 'check',
      name: 'needy',
      summary: 's',
      options: z.strictObject({}),
      inject: { inner: Symbol.for('@innerloop/core:inner') },
      create: () => makeCheck('needy'),
    });
    const known = new Registry([corePlugin, fakePlugin, pluginOf(needy)]);
    const yaml = 'trainer: standalone\noptimizer: first\ntasks: first\npolicy: first\nchecks: [needy]\n';
    const error = failure(() => resolveYaml(yaml, [], known));
    expect(error.message).toMatch(
      /x\.yaml:5:10 checks\.0: expected the slot 'inner' to be filled, since the check 'needy' needs it/,
    );
  });

  test('a config given in code', () => {
    const config = { ...FAKE_CONFIG, run: { seed: -1 } };
    const error = failure(() => resolveConfig(config, { registry, baseDirectory: '.' }));
    expect(error.message).toBe(
      'The config given in code is not a valid experiment (1 problem):\n  run.seed: expected a number of at least 0, found -1',
    );
    expect(failure(() => resolveConfig(null, { registry, baseDirectory: '.' })).message).toMatch(
      /expected a map.*found nothing/,
    );
  });

  test('an object in code that is not of the kind of its place', () => {
    const check = { verdict: () => ({ kind: 'ok' }) };
    const config = { ...FAKE_CONFIG, checks: [check] } as unknown as ExperimentConfig;
    const error = failure(() => resolveConfig(config, { registry, baseDirectory: '.' }));
    expect(error.message).toMatch(/checks\.0: expected an object of kind 'check', found one without 'name'/);
  });

  test('the saved config of a run that was made with an object', () => {
    const [problem] = problems(FAKE_YAML.replace('policy: first', "policy: { use: '(object given in code)' }"));
    expect(problem).toMatch(/policy\.use: .*found '\(object given in code\)'; the run was made in code/);
  });
});

describe('--set', () => {
  test('replaces a value, read as YAML', () => {
    const { config, notices } = resolveYaml(FAKE_YAML, [
      'meta.level=7',
      'run.name=other',
      'evaluation.stepSizes=[0.5, 1]',
      'run.seed = 9',
    ]);
    expect(config.meta).toEqual({ use: 'first', level: 7 });
    expect(config.run).toMatchObject({ name: 'other', seed: 9 });
    expect(config.evaluation.stepSizes).toEqual([0.5, 1]);
    expect(notices).toEqual([]);
  });

  test("another component drops the file's options, says so, and keeps the overrides' own in any order", () => {
    for (const overrides of [
      ['meta.use=second', 'meta.level=8'],
      ['meta.level=8', 'meta.use=second'],
    ]) {
      const { config, notices } = resolveYaml(FAKE_YAML, overrides);
      expect(config.meta).toEqual({ use: 'second', level: 8 });
      expect(notices).toEqual([
        "--set meta.use=second replaces 'first' at meta; its options from the file are dropped: level",
      ]);
    }
    expect(resolveYaml(FAKE_YAML, ['meta.use=second']).config.meta).toEqual({ use: 'second', level: 5 });
    expect(resolveYaml(FAKE_YAML, ['tasks=second']).notices[0]).toMatch(/'first' at tasks.*level/);
  });

  test('the same component keeps its options, and one without options is replaced in silence', () => {
    expect(resolveYaml(FAKE_YAML, ['meta.use=first'])).toMatchObject({ config: { meta: { level: 3 } }, notices: [] });
    expect(resolveYaml(FAKE_YAML, ['inner.use=second'])).toMatchObject({
      config: { inner: { use: 'second' } },
      notices: [],
    });
  });

  test('reaches into lists, bare names and slots that the file leaves out', () => {
    const yaml = `${FAKE_YAML}checks: [kl-limit, { use: kl-limit, limit: 3 }]`;
    const { config } = resolveYaml(yaml, [
      'checks.0.limit=0.5',
      'checks.1.action=stop',
      'policy.level=0',
      'advantages.discount=0.9',
      'wrappers.0.use=first',
      'baseline.use=zero',
    ]);
    expect(config.checks).toMatchObject([{ limit: 0.5 }, { limit: 3, action: 'stop' }]);
    expect(config.policy).toEqual({ use: 'first', level: 0 });
    expect(config.advantages).toMatchObject({ use: 'gae', discount: 0.9 });
    expect(config.wrappers).toEqual([{ use: 'first', level: 5 }]);
    expect(config.baseline).toEqual({ use: 'zero' });
  });

  test('a slot can be emptied', () => {
    const overrides = ['trainer=standalone', 'objective=', 'inner=null', 'meta=', 'optimizer=second'];
    const { config } = resolveYaml(FAKE_YAML, overrides);
    expect(config).toMatchObject({ trainer: { use: 'standalone' }, optimizer: { use: 'second' } });
    expect(['objective', 'inner', 'meta'].filter((slot) => slot in config)).toEqual([]);
  });

  test('an alias in the file does not carry an override to its other places', () => {
    const yaml = FAKE_YAML.replace('tasks: { use', 'tasks: &a { use').replace('policy: first', 'policy: *a');
    const { config } = resolveYaml(yaml, ['policy.level=9']);
    expect([config.tasks.level, config.policy.level]).toEqual([1, 9]);
  });

  test('errors name the override', () => {
    expect(problems(FAKE_YAML, ['meta.level=-1'])).toEqual([
      '--set meta.level=-1 meta.level: expected a number of at least 0, found -1',
    ]);
    expect(problems(FAKE_YAML, ['meta.lvel=1'])[0]).toMatch(/^--set meta\.lvel=1 meta\.lvel: .*did you mean 'level'/);
    expect(problems(FAKE_YAML, ['mta.level=1'])[0]).toMatch(/^--set mta\.level=1 mta: .*did you mean 'meta'/);
  });

  test.each([
    ['meta.level', 'OPTION_INVALID', /'meta\.level': expected path=value.*no '='/],
    ['=3', 'OPTION_INVALID', /expected path=value/],
    ['meta..level=3', 'OPTION_INVALID', /empty or forbidden part/],
    ['__proto__.x=3', 'OPTION_INVALID', /forbidden/],
    ['meta.level=[1', 'OPTION_INVALID', /expected a YAML value/],
    ['meta.level.deep=3', 'CONFIG_INVALID', /expected a map or a list at 'meta\.level', found 3/],
    ['checks.1.limit=3', 'CONFIG_INVALID', /an index from 0 to 0 into the list 'checks' \(0 entries\), found '1'/],
    ['checks.first=3', 'CONFIG_INVALID', /into the list 'checks'.*found 'first'/],
  ])('%s is refused', (override, code, message) => {
    const error = failure(() => resolveYaml(FAKE_YAML, [override]));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('reading a file', () => {
  test('gives the config, its folder and its places', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'innerloop-config-'));
    try {
      const file = join(folder, 'x.yaml');
      writeFileSync(file, FAKE_YAML);
      const { config, source, baseDirectory } = await readConfig(file);
      expect(config).toMatchObject({ trainer: { use: 'first' } });
      expect(baseDirectory).toBe(folder);
      expect(source.locate(['tasks', 'level'])).toBe(`${file}:3:29`);
      expect(source.locate(['tasks', 'level'], 'key')).toBe(`${file}:3:22`);
      // What is not there has the place of its nearest parent.
      expect(source.locate(['tasks', 'horizon'])).toBe(`${file}:3:8`);
      expect(source.locate(['run'])).toBe(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a missing file is CONFIG_UNREADABLE', async () => {
    const error = await readConfig('no/such.yaml').catch((thrown: unknown) => thrown as InnerloopError);
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect((error as Error).message).toMatch(/^no\/such\.yaml: expected a readable YAML file/);
  });

  test.each([
    ['a: 1\nb: [1, 2\nc: 3\n', /x\.yaml:3:1: /],
    ['a: 1\na: 2\n', /x\.yaml:2:1: .*unique/],
    ['a: *nowhere\n', /nowhere/],
    ['a: !odd 3\n', /x\.yaml:1:4: .*!odd/],
    ['', /expected a map.*found nothing/],
    ['- a\n', /expected a map.*found a list/],
    ['just text\n', /expected a map.*found 'just text'/],
  ])('%j is CONFIG_UNREADABLE', (text, message) => {
    const error = failure(() => parseConfig(text, 'configs/x.yaml'));
    expect(error.code).toBe('CONFIG_UNREADABLE');
    expect(error.message).toMatch(message);
  });
});

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
