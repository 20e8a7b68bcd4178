import { join } from 'node:path';
import { afterEach, beforeAll, expect } from 'vitest';
import { run } from './cli.js';
import { contents, TINY, temporaryFolder, write } from './runs.js';

/** What a test file of mistakes starts from. */
export interface EarlierRun {
  /** The test file's own folder. */
  readonly folder: string;
  /** The config TINY in it. */
  readonly tiny: string;
  /** A run of TINY from before, which nothing may touch: that is asserted after every test. */
  readonly earlier: string;
}

/** Trains the earlier run before the tests of a file. */
export function earlierRun(): EarlierRun {
  const folder = temporaryFolder();
  const tiny = write(folder, 'tiny.yaml', TINY);
  const earlier = join(folder, 'runs', 'earlier');
  let before: Record<string, string>;
  beforeAll(async () => {
    expect((await run('train', tiny, '--out', earlier)).code).toBe(0);
    before = contents(earlier);
  });
  afterEach(() => {
    expect(contents(earlier)).toEqual(before);
  });
  return { folder, tiny, earlier };
}

/** Runs a command that must be refused with one clear error; returns its text. */
export async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await run(...args);
  expect(stderr).toMatch(/^error: /);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(stderr).not.toContain('defect');
  expect(code).toBe(1);
  return stderr;
}
