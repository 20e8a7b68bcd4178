import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, spawnCli } from './support/cli.js';
import { earlierRun, refused } from './support/refusal.js';

const { folder, tiny, earlier } = earlierRun();

describe('a command line', () => {
  it('with an unknown command', async () => {
    const error = await refused('trian', tiny);
    expect(error).toMatch(/innerloop: expected one of the commands 'train', .*, found 'trian'; did you mean 'train'\?/);
  });

  it('with an unknown subcommand', async () => {
    const error = await refused('config', 'shema');
    expect(error).toMatch(/innerloop config: expected one of the commands .*, found 'shema'; did you mean 'schema'\?/);
  });

  it('with an unknown option', async () => {
    const error = await refused('resume', earlier, '--iteration', '9');
    expect(error).toMatch(
      /innerloop resume: expected one of the options '--iterations', .*, found '--iteration'; did you mean '--iterations'\?/,
    );
  });

  it.each([
    [['train'], /missing required argument 'config'/],
    [['train', 'a.yaml', 'b.yaml'], /too many arguments for 'train'/],
    [['train', 'a.yaml', '--set'], /option '--set <path=value>' argument missing/],
    [
      ['train', 'a.yaml', '--backend', 'gpu'],
      /--backend: expected one of 'auto', 'wasm', 'cpu', 'native', found 'gpu'/,
    ],
    [['resume', 'a', '--iterations', '0'], /--iterations: expected a whole number from 1 to 4294967295, found '0'/],
    [
      ['evaluate', 'a', '--checkpoint', 'lst'],
      /--checkpoint: expected one of 'last', 'best', found 'lst'; did you mean 'last'\?/,
    ],
    [['evaluate', 'a', '--step-sizes', '0.5,x'], /--step-sizes: expected numbers above 0 .* found '0\.5,x'/],
    [['evaluate', 'a', '--steps', '1.5'], /--steps: expected a whole number from 0 to 4095, found '1\.5'/],
    [['list', 'polcy'], /expected one of the kinds .*, found 'polcy'; did you mean 'policy'\?/],
  ])('that is wrong: %j', async (args, message) => {
    expect(await refused(...args)).toMatch(message);
  });

  it('with a task set that does not exist', async () => {
    const error = await refused('evaluate', earlier, '--tasks', 'papers');
    expect(error).toContain("--tasks: expected a number or one of 'paper', found 'papers'; did you mean 'paper'?");
  });

  it('shows stack traces when asked', async () => {
    const { code, stderr } = await run('--stack', 'train', join(folder, 'none.yaml'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {4}at /m);
  });

  it('of the real program exits with 1', async () => {
    const unknown = await spawnCli(['trian'], { cwd: folder });
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toBe('');
    expect(unknown.stderr).toMatch(/^error: innerloop: expected one of the commands .*\n$/);
    const existing = await spawnCli(['train', 'tiny.yaml', '--out', 'runs/earlier'], { cwd: folder });
    expect(existing.code).toBe(1);
    expect(existing.stderr).toMatch(/^error: .*already holds a run.*\n$/);
  });
});
