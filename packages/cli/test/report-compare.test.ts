import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { TINY, temporaryFolder, write } from './support/runs.js';

const folder = temporaryFolder();
const first = join(folder, 'first');
const quick = ['--set', 'run.iterations=1', '--set', 'evaluation.every=0'];

beforeAll(async () => {
  const config = write(folder, 'tiny.yaml', TINY);
  expect((await run('train', config, '--out', first, ...quick)).code).toBe(0);
  cpSync(first, join(folder, 'second'), { recursive: true });
  cpSync(join(first, 'evaluation.json'), join(folder, 'third.json'));
});

it('report --compare shows other runs, given together or one by one', async () => {
  const others = [join(folder, 'second'), join(folder, 'third.json')];
  for (const args of [['--compare', ...others], others.flatMap((path) => ['--compare', path])]) {
    const { code, stderr } = await run('report', first, ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const page = readFileSync(join(first, 'report.html'), 'utf8');
    expect(page).toContain('<th scope="row">tiny, seed 3</th>');
    expect(page).toContain('<th scope="row">third</th>');
  }
  await run('report', first);
  expect(readFileSync(join(first, 'report.html'), 'utf8')).not.toContain('>third<');
});

it('report --compare names what it cannot read, and keeps the report', async () => {
  await run('report', first);
  const before = readFileSync(join(first, 'report.html'), 'utf8');
  const { code, stderr } = await run('report', first, '--compare', join(folder, 'nowhere'));
  expect(code).toBe(1);
  expect(stderr).toContain(`--compare: there is nothing at ${join(folder, 'nowhere')}`);
  expect(readFileSync(join(first, 'report.html'), 'utf8')).toBe(before);
});
