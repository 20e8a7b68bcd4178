import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { earlierRun, refused } from './support/refusal.js';
import { TINY, write } from './support/runs.js';

const { folder, tiny } = earlierRun();

/** Trains from a config that is the tiny one with one line changed. */
async function refusedConfig(line: RegExp, changed: string): Promise<string> {
  expect(TINY).toMatch(line);
  const config = write(folder, 'changed.yaml', TINY.replace(line, changed));
  const error = await refused('train', config, '--out', join(folder, 'runs', 'changed'));
  expect(readdirSync(join(folder, 'runs'))).not.toContain('changed');
  return error;
}

/** The message about one place of the changed config. */
const place = (position: string, path: string) => `${join(folder, 'changed.yaml')}:${position} ${path}: `;

describe('a config', () => {
  it('that names an unknown component', async () => {
    const error = await refusedConfig(/^meta: .*$/m, 'meta: { use: trop }');
    // `meta` is the eighth line, and the name begins after "meta: { use: ".
    expect(error).toContain(
      `${place('8:14', 'meta.use')}expected the name of a component of kind 'policy-optimizer', one of 'gradient', 'trpo', ` +
        "found 'trop'; did you mean 'trpo'?",
    );
  });

  it('that has an unknown key', async () => {
    const error = await refusedConfig(/^meta: .*$/m, 'meta: { use: trpo, maxKL: 0.02 }');
    expect(error).toContain(place('8:20', 'meta.maxKL'));
    expect(error).toMatch(
      /expected one of the keys 'maxKl', .*, found the unknown key 'maxKL'; did you mean 'maxKl'\?/,
    );
  });

  it('that has an unknown place', async () => {
    const error = await refusedConfig(/^policy: /m, 'polcy: ');
    expect(error).toMatch(
      /6:1 polcy: expected one of the keys .*, found the unknown key 'polcy'; did you mean 'policy'\?/,
    );
  });

  it('that has a wrong type', async () => {
    const error = await refusedConfig(/iterations: 6/, 'iterations: many');
    // The value begins after `run: { name: tiny, seed: 3, iterations: `, which has 40 letters.
    expect(error).toContain(`${place('1:41', 'run.iterations')}expected a number, found 'many'`);
  });

  it('that has a value out of range', async () => {
    const error = await refusedConfig(/maxKl: 0.01/, 'maxKl: 0');
    expect(error).toContain(`${place('8:27', 'meta.maxKl')}expected a number greater than 0, found 0`);
  });

  it('with an override that is out of range', async () => {
    const error = await refused('train', tiny, '--set', 'meta.maxKl=-1', '--out', join(folder, 'runs', 'changed'));
    expect(error).toContain('--set meta.maxKl=-1 meta.maxKl: expected a number greater than 0, found -1');
  });

  it('with an override that is none', async () => {
    const error = await refused('train', tiny, '--set', 'meta.maxKl');
    expect(error).toContain("--set 'meta.maxKl': expected path=value, such as meta.maxKl=0.02, found no '='");
  });

  it('that asks for an unknown task set', async () => {
    const error = await refusedConfig(/final: \{ tasks: 3/, 'final: { tasks: papr');
    expect(error).toMatch(/9:\d+ evaluation\.final\.tasks: expected .*'paper'.*, found 'papr'; did you mean 'paper'\?/);
  });

  it('that is not there', async () => {
    const error = await refused('train', join(folder, 'tinny.yaml'));
    expect(error).toContain(`${join(folder, 'tinny.yaml')}: expected a readable YAML file, found none`);
  });

  it('that is broken YAML', async () => {
    const error = await refusedConfig(/^tasks: .*$/m, 'tasks: { use: point-navigation');
    expect(error).toContain(`${join(folder, 'changed.yaml')}: expected YAML, found text that is not:`);
    expect(error).toMatch(/changed\.yaml:\d+:\d+: /);
  });
});
