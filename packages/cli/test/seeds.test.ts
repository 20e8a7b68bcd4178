import { cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Aggregate } from '@innerloop/report';
import { describe, expect, it } from 'vitest';
import { run, spawnCli } from './support/cli.js';
import { metricsOf, parametersOf, temporaryFolder } from './support/runs.js';

const folder = temporaryFolder();
const config = fileURLToPath(new URL('../../../configs/cart-pole/trpo.yaml', import.meta.url));
const TINY = [
  ...['run.iterations=2', 'run.backend=cpu', 'trainer.stepsPerIteration=60', 'policy.hiddenSizes=[4]'],
  ...['baseline.iterations=2', 'evaluation.every=0', 'evaluation.final.tasks=4', 'evaluation.final.examples=0'],
].flatMap((value) => ['--set', value]);

interface Evaluation {
  readonly iteration: number;
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

  // At the start of a seed's training, and after its own evaluation, when the one with sampled actions begins.
  it.each(['== seed 2', 'seed-1/report.html'])(
    'can be interrupted at %s, and resumed to the same numbers',
    async (text) => {
      const name = `cut-at-${text.replace(/\W+/g, '-')}`;
      let sent = false;
      const stopped = await spawnCli(['train', config, '--seeds', '1..2', '--out', name, ...TINY], {
        cwd: folder,
        during: (output, kill) => {
          if (sent || !output.includes(text)) return;
          sent = true;
          kill('SIGINT');
        },
      });
      expect(stopped.code, stopped.stderr).toBe(130);
      expect(stopped.stderr).toContain('Press Ctrl-C again to leave at once.');
      // One way to go on, that of the folder.
      expect(stopped.stdout.match(/Resume: .*/g)).toEqual([`Resume:    npx innerloop resume ${name}`]);
      expect(read<{ finished: number[] }>(name, 'aggregate.json').finished).toEqual([1]);
      expect(existsSync(join(folder, name, 'seed-1', 'evaluation-sampled.json'))).toBe(true);
      expect(existsSync(join(folder, name, 'seed-2', 'evaluation.json'))).toBe(false);

      const { code, stdout } = await run('resume', join(folder, name));
      expect(code).toBe(0);
      expect(stdout).toContain('seed 1, 1 of 2: finished already');
      for (const seed of ['seed-1', 'seed-2']) {
        const [whole, resumed] = [join(folder, 'all', seed), join(folder, name, seed)];
        expect(metricsOf(resumed)).toEqual(metricsOf(whole));
        expect(parametersOf(resumed, 'last').equals(parametersOf(whole, 'last'))).toBe(true);
        for (const file of ['evaluation.json', 'evaluation-sampled.json']) {
          expect(readFileSync(join(resumed, file), 'utf8')).toBe(readFileSync(join(whole, file), 'utf8'));
        }
      }
    },
  );

  it('measures sampled actions anew where a seed was taken further', async () => {
    cpSync(join(folder, 'all'), join(folder, 'further'), { recursive: true });
    const one = join(folder, 'further', 'seed-1');
    expect((await run('resume', one, '--iterations', '3')).code).toBe(0);
    // The sampled evaluation is of two iterations still, so it does not stand beside the greedy one of three.
    expect((await run('report', join(folder, 'further'))).code).toBe(0);
    expect(read<Aggregate>('further', 'aggregate.json').sampled).toBeNull();

    const { code, stdout } = await run('resume', join(folder, 'further'));
    expect(code).toBe(0);
    expect(stdout).toContain('seed 2, 2 of 2: finished already');
    expect(read<Evaluation>('further', 'seed-1', 'evaluation-sampled.json').iteration).toBe(3);
    const sampled = [1, 2].map((seed) => read<Evaluation>('further', `seed-${seed}`, 'evaluation-sampled.json').result);
    expect(read<Aggregate>('further', 'aggregate.json').sampled?.[0]?.values).toEqual(
      sampled.map(({ steps }) => steps[0]?.meanReturn),
    );
  });

  it('tells what to give to commands about one run', async () => {
    const out = join(folder, 'all');
    const one = join(out, 'seed-1');
    const evaluated = await run('evaluate', out);
    expect(evaluated.code).toBe(1);
    expect(evaluated.stderr).toContain("It holds the runs 'seed-1', 'seed-2': name one of them.");
    expect((await run('evaluate', one, '--tasks', '2')).code).toBe(0);
    expect((await run('report', out)).code).toBe(0);
    for (const words of [
      [out, '--compare', one],
      [one, '--compare', out],
    ]) {
      const { code, stderr } = await run('report', ...words);
      expect(code).toBe(1);
      expect(stderr).toContain(`--compare: ${out} holds several seeds. Name the run of one of them, such as ${one}`);
    }
    const longer = await run('resume', out, '--iterations', '9');
    expect(longer.stderr).toContain(`Leave the option out, or name one seed, such as ${one}`);
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
