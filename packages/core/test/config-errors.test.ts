import { corePlugin, defineComponent, type ExperimentConfig, Registry, resolveConfig } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { failure, problems, registry, resolveYaml } from './support/config.js';
import { FAKE_CONFIG, FAKE_YAML, fakePlugin, makeCheck, pluginOf } from './support/experiment-fakes.js';

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
