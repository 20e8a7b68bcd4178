import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { metricsOf, temporaryFolder } from './support/runs.js';

const CONFIGS = fileURLToPath(new URL('../../../configs', import.meta.url));
const folder = temporaryFolder();
const problems = ['cart-pole', 'acrobot', 'pendulum', 'mountain-car', 'mountain-car-continuous'];
const names = problems.flatMap((problem) => readdirSync(join(CONFIGS, problem)).map((file) => `${problem}/${file}`));

/** Trains a config with some settings changed. */
async function train(name: string, ...settings: string[]) {
  const out = join(folder, `${name.replace('/', '-')}-${settings.length}`);
  const set = settings.flatMap((text) => ['--set', text]);
  const { code, stdout, stderr } = await run('train', join(CONFIGS, name), '--out', out, ...set);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout, metrics: metricsOf(out) };
}

it('has VPG and TRPO for each problem', () => {
  expect(names).toEqual(problems.flatMap((problem) => [`${problem}/trpo.yaml`, `${problem}/vpg.yaml`]));
});

describe.each(names)('configs/%s', (name) => {
  it('has a comment for every key', () => {
    const lines = readFileSync(join(CONFIGS, name), 'utf8').trimEnd().split('\n');
    const bare = lines.filter((line) => /: \S|^ +- /.test(line.replace(/#.*/, '')) && !/ # \S/.test(line));
    expect(bare).toEqual([]);
  });

  it('runs, and is evaluated with greedy actions', async () => {
    const { stdout } = await train(
      name,
      ...['run.iterations=1', 'trainer.stepsPerIteration=100', 'evaluation.final.tasks=2'],
    );
    expect(stdout).toContain('(1 episode each, seed 2000, greedy actions)');
  });
});

describe('in a few iterations', () => {
  // A return that is far beyond that of random actions, and well below what was seen after so many iterations.
  it.each([
    ['cart-pole/trpo.yaml', 8, 100], // random: 22; seen: 306
    ['cart-pole/vpg.yaml', 12, 80], // random: 22; seen: 230
    ['acrobot/trpo.yaml', 5, -350], // random: -499; seen: -210
    ['pendulum/trpo.yaml', 15, -600], // random: -1200; seen: -322
    ['mountain-car/trpo.yaml', 10, -180], // random: -200; seen: -157
    ['mountain-car-continuous/trpo.yaml', 5, 60], // random: -30; seen: 90
    ['mountain-car-continuous/vpg.yaml', 12, 60], // random: -30; seen: 92
  ])(
    '%s learns',
    async (name, iterations, least) => {
      const { metrics } = await train(
        name,
        ...[`run.iterations=${iterations}`, 'run.backend=wasm', 'evaluation.every=0', 'evaluation.final.tasks=1'],
      );
      const returns = metrics.map((line) => line['return/mean'] as number);
      expect(Math.max(...returns.slice(-2))).toBeGreaterThan(least);
    },
    120_000,
  );
});
