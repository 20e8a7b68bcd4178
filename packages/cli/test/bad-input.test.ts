import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { run, spawnCli } from './support/cli.js';
import { environment, type PluginText, pluginText } from './support/plugins.js';
import { contents, metricsOf, parametersOf, TINY, temporaryFolder, write } from './support/runs.js';

/** Which files the disk has no room for. */
const disk = vi.hoisted(() => ({ full: (_: string): boolean => false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest);
    if (disk.full(String(path))) {
      handle.writeFile = async () => {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
    }
    return handle;
  };
  return { ...real, open };
});

const folder = temporaryFolder();
const tiny = write(folder, 'tiny.yaml', TINY);
/** A run from before, which nothing may touch. */
const earlier = join(folder, 'runs', 'earlier');
let before: Record<string, string>;

beforeAll(async () => {
  expect((await run('train', tiny, '--out', earlier)).code).toBe(0);
  before = contents(earlier);
});

afterEach(() => {
  disk.full = () => false;
  expect(contents(earlier)).toEqual(before);
});

/** Runs a command that must be refused with one clear error; returns its text. */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await run(...args);
  expect(stderr).toMatch(/^error: /);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(stderr).not.toContain('defect');
  expect(code).toBe(1);
  return stderr;
}

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

describe('a plugin', () => {
  const config = (text: PluginText) => {
    write(folder, 'broken.mjs', pluginText(text));
    const lines = TINY.replace(/^tasks: .*$/m, 'tasks: { use: broken }').replace(/^wrappers: .*\n/m, '');
    return write(folder, 'with-plugin.yaml', `${lines}plugins: [./broken.mjs]\n`);
  };
  // Each plugin is loaded from a file of its own name, since Node keeps what it has loaded.
  let count = 0;
  const trainWith = async (text: PluginText) => {
    const path = config(text);
    const name = `broken-${count++}.mjs`;
    copyFileSync(join(folder, 'broken.mjs'), join(folder, name));
    writeFileSync(path, readFileSync(path, 'utf8').replace('broken.mjs', name));
    return refused('train', path, '--out', join(folder, 'runs', `plugin-${count}`));
  };

  it('that throws while it is loaded', async () => {
    const error = await trainWith({ loading: "throw new Error('no GPU');" });
    expect(error).toMatch(/The plugin '\.\/broken-\d\.mjs' \(.*broken-\d\.mjs\) failed while it was loaded: no GPU/);
  });

  it('that is for another version', async () => {
    const error = await trainWith({ requires: '^9.0.0' });
    expect(error).toMatch(
      /'\.\/broken-\d\.mjs' \('innerloop-broken' 1\.2\.3\) expected @innerloop\/core \^9\.0\.0, found 0\.1\.0\./,
    );
  });

  it('that is not there', async () => {
    const path = write(folder, 'absent.yaml', `${TINY}plugins: [./absent.mjs]\n`);
    const error = await refused('train', path, '--out', join(folder, 'runs', 'absent'));
    expect(error).toContain(
      `The plugin './absent.mjs' was not found: there is no file or folder ${join(folder, 'absent.mjs')}`,
    );
  });

  it('whose component throws while it is made', async () => {
    const error = await trainWith({ create: "throw new Error('no licence');" });
    expect(error).toContain("'broken'");
    expect(error).toContain('innerloop-broken');
    expect(error).toContain('no licence');
  });

  it('whose environment returns NaN', async () => {
    const step = 'return { observation: [0, 0], reward: NaN, terminated: false, truncated: false };';
    const error = await trainWith({ create: environment('return [0, 0];', step) });
    expect(error).toMatch(/reward.* finite .*NaN/s);
  });

  it('whose environment returns an observation of the wrong shape', async () => {
    const error = await trainWith({ create: environment('return [0, 0, 0];', '') });
    expect(error).toMatch(
      /observation \(task \{"id":0\}, episode 0, reset\): expected an array of 2 numbers, found Array of length 3/,
    );
  });

  it('whose environment throws', async () => {
    const error = await trainWith({ create: environment("throw new Error('simulator crashed');", '') });
    expect(error).toContain('simulator crashed');
  });
});

describe('a checkpoint', () => {
  /** A copy of the earlier run, to be damaged. */
  const damaged = (damage: (checkpoints: string) => void): string => {
    const copy = join(folder, 'damaged');
    rmSync(copy, { recursive: true, force: true });
    cpSync(earlier, copy, { recursive: true });
    damage(join(copy, 'checkpoints'));
    return copy;
  };
  const parametersFile = (checkpoints: string, name: 'last' | 'best') =>
    join(checkpoints, (JSON.parse(readFileSync(join(checkpoints, `${name}.json`), 'utf8')) as { file: string }).file);

  it('that is truncated', async () => {
    const copy = damaged((checkpoints) => truncateSync(parametersFile(checkpoints, 'last'), 300));
    const after = contents(copy);
    const error = await refused('resume', copy, '--iterations', '8');
    expect(error).toContain(parametersFile(join(copy, 'checkpoints'), 'last'));
    expect(error).toContain('truncated');
    expect(contents(copy)).toEqual(after);
  });

  it('that is truncated, while the other is intact', async () => {
    // The best is that of iteration 2, 4 or 6, and of another file than the last unless it is 6.
    const best = JSON.parse(readFileSync(join(earlier, 'checkpoints/best.json'), 'utf8')) as { iteration: number };
    expect(best.iteration).toBeLessThan(6);
    const copy = damaged((checkpoints) => truncateSync(parametersFile(checkpoints, 'best'), 300));
    const error = await refused('evaluate', copy, '--tasks', '2');
    expect(error).toContain('The last checkpoint (iteration 6) is intact: use it with --checkpoint last.');
    expect((await run('evaluate', copy, '--tasks', '2', '--checkpoint', 'last')).code).toBe(0);
  });

  it('that was altered', async () => {
    const copy = damaged((checkpoints) => {
      const path = parametersFile(checkpoints, 'last');
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      writeFileSync(path, bytes);
    });
    const error = await refused('evaluate', copy, '--checkpoint', 'last');
    expect(error).toContain('was altered since it was saved');
  });

  it('whose pointer cannot be read', async () => {
    const copy = damaged((checkpoints) => truncateSync(join(checkpoints, 'last.json'), 20));
    const error = await refused('resume', copy, '--iterations', '8');
    expect(error).toContain(`${join(copy, 'checkpoints/last.json')} cannot be read: it is not JSON, perhaps truncated`);
  });

  it('that is not there', async () => {
    const copy = damaged((checkpoints) => rmSync(join(checkpoints, 'best.json')));
    const error = await refused('evaluate', copy, '--checkpoint', 'best');
    expect(error).toContain(`There is no checkpoint ${join(copy, 'checkpoints/best.json')}`);
  });
});

describe('a run directory', () => {
  it('that exists', async () => {
    const error = await refused('train', tiny, '--out', earlier);
    expect(error).toContain(`${earlier} cannot be the directory of a new run: it already holds a run.`);
    expect(error).toContain(`Choose another --out, or go on with that run: resume ${earlier}`);
  });

  it('that is a folder of other things', async () => {
    const error = await refused('train', tiny, '--out', join(folder, 'runs'));
    expect(error).toMatch(/is not empty: it holds .*'earlier'/);
  });

  it.each(['resume', 'evaluate', 'report'])('that is not there: %s', async (command) => {
    const path = join(folder, 'runs', 'erlier');
    expect(await refused(command, path)).toContain(`There is no run at ${path}. Did you mean ${earlier}?`);
  });

  it.each(['resume', 'evaluate', 'report'])('that is no run: %s', async (command) => {
    const error = await refused(command, join(folder, 'runs'));
    expect(error).toContain("is not a run: it has no config.yaml. It holds the runs 'earlier'");
  });
});

describe('a full disk', () => {
  it('before a run', async () => {
    disk.full = () => true;
    const out = join(folder, 'full');
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(`${join(out, 'config.yaml')} could not be written: the disk is full.`);
    expect(readdirSync(folder)).not.toContain('full'); // Half a run is removed again.
  });

  it('during a run, which then goes on when there is room', async () => {
    disk.full = (path) => path.includes('000003');
    const out = join(folder, 'filled');
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(`${join(out, 'checkpoints/000003.safetensors')} could not be written: the disk is full.`);
    disk.full = () => false;
    expect((await run('resume', out)).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(earlier));
    expect(parametersOf(out, 'last').equals(parametersOf(earlier, 'last'))).toBe(true);
  });

  let count = 0;
  it.each(['metrics.jsonl', 'last.json', 'evaluation.json', 'report.html'])('while %s is written', async (file) => {
    disk.full = (path) => path.includes(file);
    const out = join(folder, `room-${count++}`);
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(file);
    expect(error).toMatch(/the disk is full|ENOSPC/);
    disk.full = () => false;
    expect((await run('resume', out)).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(earlier));
  });

  it('when an earlier run is to go on', async () => {
    disk.full = () => true;
    const error = await refused('resume', earlier, '--iterations', '8');
    expect(error).toContain('the disk is full');
  });
});

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

describe('a defect', () => {
  it('is told apart from a mistake of the user', async () => {
    const { writeReport } = { writeReport: vi.fn() };
    writeReport.mockRejectedValue(new TypeError('x is undefined'));
    vi.doMock('@innerloop/report', async (original) => ({ ...(await original<object>()), writeReport }));
    vi.resetModules();
    const { run: runAgain } = await import('./support/cli.js');
    const { code, stderr } = await runAgain('report', earlier);
    vi.doUnmock('@innerloop/report');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: x is undefined\nThis is a defect of Innerloop or of a plugin; run again with --stack to see where it comes from.\n',
    );
  });
});
