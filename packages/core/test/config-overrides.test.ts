import { describe, expect, test } from 'vitest';
import { failure, problems, resolveYaml } from './support/config.js';
import { FAKE_YAML } from './support/experiment-fakes.js';

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
