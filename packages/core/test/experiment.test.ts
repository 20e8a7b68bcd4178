import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExperiment, type Events, parseConfig } from '@innerloop/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { component, create, failureOf } from './support/create-experiment.js';
import { FAKE_CONFIG, FAKE_YAML, fakePlugin, makePolicy, makeTrainer, pluginOf } from './support/experiment-fakes.js';

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
