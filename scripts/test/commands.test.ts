import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nextRun } from '../lib/next-run.mjs';
import { capture } from '../lib/process.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerloop-commands-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('nextRun', () => {
  it('begins with 001 where there are no runs', () => {
    expect(nextRun(folder, 'quickstart')).toBe('quickstart-001');
    expect(nextRun(join(folder, 'missing'), 'quickstart')).toBe('quickstart-001');
  });

  it('goes on after the highest number, past gaps, other names and 999', () => {
    for (const name of [
      'quickstart-002',
      'quickstart-009',
      'quickstart-x',
      'quickstart',
      'other-050',
      'quickstart-10-a',
    ])
      mkdirSync(join(folder, name));
    expect(nextRun(folder, 'quickstart')).toBe('quickstart-010');
    mkdirSync(join(folder, 'quickstart-1000'));
    expect(nextRun(folder, 'quickstart')).toBe('quickstart-1001');
  });
});

describe('setup.mjs', () => {
  it.each(['18.20.4', '20.18.3'])('refuses Node %s and says what is needed', async (version) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const hook = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const { code, output } = await capture(process.execPath, ['--import', hook, 'scripts/setup.mjs']);
    expect(code).toBe(1);
    expect(output).toContain(`Innerloop needs Node 20.19 or newer; this is Node ${version}`);
    expect(output).toContain('https://nodejs.org');
  });
});

describe('install-native.mjs', () => {
  const install = async (env: Record<string, string>, ...args: string[]) => {
    const place = join(folder, 'native');
    const { code, output } = await capture(process.execPath, ['scripts/install-native.mjs', place, ...args], { env });
    return { code, output: output.replaceAll(folder, '<folder>') };
  };
  const linux = process.platform === 'linux' && process.arch === 'x64';

  it.runIf(linux)('skips with its reason where a tool is missing', async () => {
    const { code, output } = await install({ CXX: 'no-such-compiler' });
    expect(output).toMatch(/^native: skipped: not found: .*a C\+\+ compiler \(looked for no-such-compiler;/);
    expect(code).toBe(77);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(linux)('skips with its reason where the index does not answer', async () => {
    const { code, output } = await install({ PIP_INDEX_URL: 'http://127.0.0.1:9/simple' }, '--if-reachable', '20');
    expect(output).toMatch(/^native: skipped: (the Python index did not answer within 20 s|not found: )/);
    expect(code).toBe(77);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('touches nothing that it did not make', async () => {
    mkdirSync(join(folder, 'native'));
    file('native/precious.txt', 'mine');
    const { code, output } = await install({});
    expect(output).toBe(
      'native: failed: <folder>/native is something else; give the path of a folder that is new or empty\n',
    );
    expect(code).toBe(1);
    expect(readdirSync(join(folder, 'native'))).toEqual(['precious.txt']);
  });
});

describe('count.mjs', () => {
  const suite = (status: string, tests: number) => ({ status, assertionResults: Array(tests).fill({}) });
  const passing = { numPassedTests: 3, numFailedTests: 0, testResults: [suite('passed', 3)] };
  const checks = [
    { name: 'a', ok: true },
    { name: 'b', ok: true },
  ];
  const count = async (tests: unknown, checked: unknown, ...codes: [string, string, ...string[]]) => {
    const paths = [file('tests.json', tests), file('checks.json', checked)];
    const { code, stdout } = await capture(process.execPath, ['scripts/count.mjs', ...paths, ...codes]);
    return [stdout, code];
  };

  it('adds tests and checks', async () => {
    expect(await count(passing, checks, '0', '0')).toEqual(['5 passed, 0 failed\n', 0]);
  });

  it('counts failed tests, files that do not load, and failed checks', async () => {
    // One failed test in a file of two, one file without tests that failed to load, one of two checks.
    const report = { numPassedTests: 1, numFailedTests: 1, testResults: [suite('failed', 2), suite('failed', 0)] };
    const mixed = [{ name: 'a', ok: false }, checks[1]];
    expect(await count(report, mixed, '1', '1')).toEqual(['2 passed, 3 failed\n', 1]);
  });

  it('adds the tests on the native backend, where they ran', async () => {
    const native = file('native.json', passing);
    expect(await count(passing, checks, '0', '0', native, '0')).toEqual(['8 passed, 0 failed\n', 0]);
    expect(await count(passing, checks, '0', '0', native, '1')).toEqual(['8 passed, 1 failed\n', 1]);
    expect(await count(passing, checks, '0', '0', join(folder, 'none.json'), '1')).toEqual(['5 passed, 1 failed\n', 1]);
  });

  it('counts a tool that broke off, with or without a report', async () => {
    expect(await count(passing, checks, '1', '0')).toEqual(['5 passed, 1 failed\n', 1]);
    expect(await count('', checks, '0', '0')).toEqual(['2 passed, 1 failed\n', 1]);
    expect(await count(passing, '[{"na', '0', '139')).toEqual(['3 passed, 1 failed\n', 1]);
  });
});
