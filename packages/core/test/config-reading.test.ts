import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InnerloopError, parseConfig, readConfig } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { failure } from './support/config.js';
import { FAKE_YAML } from './support/experiment-fakes.js';

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
