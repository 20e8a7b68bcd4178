import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { temporaryFolder } from './support/runs.js';

const folder = temporaryFolder();
const config = fileURLToPath(new URL('../../../configs/cart-pole/trpo.yaml', import.meta.url));
const TINY = [
  ...['run.iterations=2', 'run.backend=cpu', 'trainer.stepsPerIteration=60', 'policy.hiddenSizes=[4]'],
  ...['baseline.iterations=2', 'evaluation.every=0', 'evaluation.final.tasks=4', 'evaluation.final.examples=0'],
].flatMap((value) => ['--set', value]);

interface Evaluation {
  readonly result: { readonly steps: readonly { readonly meanReturn: number }[] };
}
const read = <T>(...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as T;

describe('train --seeds', () => {
  it('trains each seed in a run of its own, and writes what they have in common', async () => {
    const out = join(folder, 'all');
    const { code, stdout, stderr } = await run('train', config, '--seeds', '1..2', '--out', out, ...TINY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('seed 2, 2 of 2');
    const text = readFileSync(join(out, 'aggregate.json'), 'utf8');
    for (const seed of [1, 2]) {
      expect(readFileSync(join(out, `seed-${seed}`, 'config.yaml'), 'utf8')).toContain(`seed: ${seed}\n`);
      const { meanReturn } = read<Evaluation>('all', `seed-${seed}`, 'evaluation.json').result.steps[0] ?? {};
      expect(text).toContain(String(meanReturn));
      expect(existsSync(join(out, `seed-${seed}`, 'evaluation-sampled.json'))).toBe(true); // the config's own is greedy
    }
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('seed-2');
  });

  it('is the same training as of each seed alone', async () => {
    const alone = join(folder, 'alone');
    const { code } = await run('train', config, '--out', alone, ...TINY, '--set', 'run.seed=2');
    expect(code).toBe(0);
    expect(read<Evaluation>('all', 'seed-2', 'evaluation.json').result).toEqual(
      read<Evaluation>('alone', 'evaluation.json').result,
    );
  });

  it('resume repeats no finished seed and goes on with the others', async () => {
    const first = join(folder, 'all', 'seed-1', 'evaluation.json');
    const second = join(folder, 'all', 'seed-2', 'evaluation.json');
    const [before, expected] = [statSync(first).mtimeMs, readFileSync(second, 'utf8')];
    rmSync(second);
    const { code, stderr } = await run('resume', join(folder, 'all'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(statSync(first).mtimeMs).toBe(before);
    expect(readFileSync(second, 'utf8')).toBe(expected);
  });

  it('overwrites nothing', async () => {
    const { code, stderr } = await run('train', config, '--seeds', '3', '--out', join(folder, 'all'), ...TINY);
    expect(code).toBe(1);
    expect(stderr).toContain('is not empty');
    expect(existsSync(join(folder, 'all', 'seed-3'))).toBe(false);
  });

  it.each([[], ['--seeds', '1..2']])(
    'refuses parts that do not fit each other before it makes a folder',
    async (...seeds) => {
      const maml = fileURLToPath(new URL('../../../configs/point-navigation/quickstart.yaml', import.meta.url));
      const out = join(folder, 'misfit');
      const { code, stderr } = await run('train', maml, ...seeds, '--out', out, '--set', 'baseline.use=mlp-value');
      expect(code).toBe(1);
      expect(stderr).toContain("baseline: the trainer 'maml' gives every batch a baseline of its own");
      expect(existsSync(out)).toBe(false);
    },
  );

  it.each(['2..1', '1,,2', 'many'])('refuses --seeds %s', async (seeds) => {
    const { code, stderr } = await run('train', config, '--seeds', seeds, '--out', join(folder, 'none'), ...TINY);
    expect(code).not.toBe(0);
    expect(stderr).toContain('--seeds');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
