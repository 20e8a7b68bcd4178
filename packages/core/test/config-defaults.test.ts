import { resolve } from 'node:path';
import { corePlugin, defineComponent, parseConfig, Registry, resolveConfig, stringifyConfig } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { registry, resolveYaml } from './support/config.js';
import { FAKE_YAML, fakePlugin, makeLogger, pluginOf } from './support/experiment-fakes.js';

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
