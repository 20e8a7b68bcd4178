import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExperimentConfig, parseConfig } from '@innerloop/core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from './support/cli.js';
import { contents, metricsOf, TINY, temporaryFolder, write } from './support/runs.js';

const folder = temporaryFolder();
const config = write(folder, 'tiny.yaml', TINY);
const trained = join(folder, 'trained');
const parse = (text: string): ExperimentConfig => parseConfig(text, 'config.yaml').config;
let training: Awaited<ReturnType<typeof run>>;

beforeAll(async () => {
  training = await run('train', config, '--out', trained);
});

afterEach(() => vi.unstubAllEnvs());

interface Steps {
  readonly steps: readonly { step: number; meanReturn: number; ci95: number; returns: number[] }[];
}

describe('train', () => {
  it('says what it runs, how it goes, how it went and how to go on', () => {
    const { code, stdout, stderr } = training;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('run      tiny: maml on point-navigation, seed 3');
    expect(stdout).toContain('backend  cpu (cpu was asked for)');
    expect(stdout).toMatch(/iteration 1\/6 {2}return -\d+\.\d\d → -\d+\.\d\d {2}KL 0\.\d+ .* left/);
    expect(stdout).toMatch(/iteration 6\/6 .* done/);
    expect(stdout).toContain('validation after iteration 2: return');
    expect(stdout).toContain('Return on 3 unseen tasks (2 episodes each, seed 2000)');
    expect(stdout).toMatch(/adaptation steps +return +95 % interval/);
    expect([...stdout.matchAll(/^ +(\d) +-\d+\.\d\d +-\d+\.\d\d to -\d+\.\d\d$/gm)].map((m) => m[1])).toEqual([
      '0',
      '1',
      '2',
    ]);
    expect(stdout).toContain(`Report:    ${join(trained, 'report.html')}`);
    expect(stdout).toContain(`npx innerloop evaluate ${trained} --tasks 40`);
    expect(stdout).toContain(`npx innerloop resume ${trained} --iterations 12`);
    expect(stdout).not.toContain(String.fromCharCode(27)); // No colours without a terminal.
  });

  it('leaves a whole run directory, with the backend that was used', () => {
    const saved = parse(readFileSync(join(trained, 'config.yaml'), 'utf8'));
    expect(saved.run).toMatchObject({ name: 'tiny', seed: 3, iterations: 6, backend: 'cpu' });
    const info = JSON.parse(readFileSync(join(trained, 'run.json'), 'utf8')) as Record<string, unknown>;
    expect(info).toMatchObject({ innerloop: '0.1.0', backend: { name: 'cpu' }, source: config });
    expect(metricsOf(trained).map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const file of ['evaluation.json', 'report.html', 'checkpoints/last.json', 'checkpoints/best.json']) {
      expect(existsSync(join(trained, file)), file).toBe(true);
    }
  });

  it('saves the name of the backend that auto chose', async () => {
    const out = join(folder, 'auto');
    vi.stubEnv('INNERLOOP_NATIVE', folder); // No native backend is there, whether this machine has one or not.
    const quick = ['--set', 'run.iterations=1', '--set', 'evaluation.every=0', '--backend', 'auto'];
    const { code, stdout } = await run('train', config, '--out', out, ...quick);
    expect(code).toBe(0);
    expect(stdout).toContain('backend  wasm (wasm was taken because native cannot be used (');
    expect(parse(readFileSync(join(out, 'config.yaml'), 'utf8'))).toMatchObject({ run: { backend: 'wasm' } });
  });

  it('says which options an override drops', async () => {
    const out = join(folder, 'adam');
    const quick = ['--set', 'run.iterations=1', '--set', 'evaluation.every=0', '--set', 'meta.use=gradient'];
    const { code, stdout } = await run('train', config, '--out', out, ...quick);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "note: --set meta.use=gradient replaces 'trpo' at meta; its options from the file are dropped: maxKl",
    );
  });

  it('ends with 1 if a check stops it, and says why', async () => {
    const out = join(folder, 'stopped');
    const check = ['--set', 'checks=[{use: kl-limit, limit: 1.0e-9, action: stop}]'];
    const { code, stdout } = await run('train', config, '--out', out, ...check);
    expect(code).toBe(1);
    expect(stdout).toMatch(/is above the limit 1e-9/);
    expect(stdout).toContain(`npx innerloop resume ${out}`);
  });
});

describe('resume', () => {
  it('refuses fewer iterations than the run has, and changes nothing', async () => {
    const before = contents(trained);
    const { code, stderr } = await run('resume', trained, '--iterations', '4');
    expect(code).toBe(1);
    expect(stderr).toContain('iterations: expected at least 6, since the run has done so many already, found 4');
    expect(contents(trained)).toEqual(before);
  });

  it('says so if the run is finished, and changes nothing but the report', async () => {
    const before = contents(trained);
    const { code, stdout } = await run('resume', trained);
    expect(code).toBe(0);
    expect(stdout).toContain('The run is already finished: it has all of its 6 iterations.');
    const after = contents(trained);
    delete before[join(trained, 'report.html')];
    delete after[join(trained, 'report.html')];
    expect(after).toEqual(before);
  });
});

describe('evaluate', () => {
  const evaluate = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('evaluate', trained, '--json', ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Steps;
  };

  it('prints JSON of the documented shape', async () => {
    const result = await evaluate('--tasks', '4', '--steps', '2', '--rollouts', '3', '--seed', '7');
    expect(Object.keys(result)).toEqual(['steps']);
    expect(result.steps.map(({ step }) => step)).toEqual([0, 1, 2]);
    for (const entry of result.steps) {
      expect(Object.keys(entry)).toEqual(['step', 'meanReturn', 'ci95', 'returns']);
      expect(entry.returns).toHaveLength(4);
      const mean = entry.returns.reduce((sum, value) => sum + value, 0) / 4;
      const variance = entry.returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3;
      expect(entry.meanReturn).toBeCloseTo(mean, 12);
      expect(entry.ci95).toBeCloseTo((1.96 * Math.sqrt(variance)) / 2, 12); // √4 tasks
    }
  });

  it('gives the same numbers for the same seed, and others for another', async () => {
    const once = await evaluate('--tasks', '2', '--seed', '7');
    expect(await evaluate('--tasks', '2', '--seed', '7')).toEqual(once);
    expect(await evaluate('--tasks', '2', '--seed', '8')).not.toEqual(once);
  });

  it('takes step sizes, a task set and a checkpoint', async () => {
    const base = ['--tasks', 'paper', '--steps', '1', '--rollouts', '1', '--seed', '7', '--checkpoint', 'last'];
    const usual = await evaluate(...base);
    expect(usual.steps[0]?.returns).toHaveLength(40);
    // The config's own step size is 0.5.
    expect(await evaluate(...base, '--step-sizes', '0.5')).toEqual(usual);
    const longer = await evaluate(...base, '--step-sizes', '1,0.5');
    expect(longer.steps[0]).toEqual(usual.steps[0]);
    expect(longer.steps[1]).not.toEqual(usual.steps[1]);
  });

  it('prints a table, and writes everything to a new file', async () => {
    const out = join(folder, 'evaluation.json');
    const { code, stdout } = await run('evaluate', trained, '--out', out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/adaptation steps +return/);
    const record = JSON.parse(readFileSync(out, 'utf8')) as { tasks: unknown[]; result: { examples: unknown[] } };
    expect(record.tasks).toHaveLength(3); // As the config's final evaluation says.
    expect(record.result.examples).toHaveLength(1);
    const again = await run('evaluate', trained, '--out', out);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--out: expected a file that does not exist yet'),
    });
  });
});

describe('report', () => {
  it('is written again', async () => {
    const { code, stdout } = await run('report', trained);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Report:    ${join(trained, 'report.html')}\n` });
    expect(readFileSync(join(trained, 'report.html'), 'utf8')).toContain('<svg');
  });
});

describe('list', () => {
  it('shows every kind, or one with when to choose which', async () => {
    const all = await run('list');
    expect(all.code).toBe(0);
    for (const kind of ['trainer', 'objective', 'tasks', 'policy', 'inner-optimizer', 'policy-optimizer', 'logger']) {
      expect(all.stdout).toMatch(new RegExp(`^${kind}$`, 'm'));
    }
    expect(all.stdout).toMatch(
      / @innerloop\/optim-vpg\n {2}trpo .*\n\n.*When to choose which: innerloop list <kind>\n$/s,
    );
    const one = await run('list', 'policy-optimizer');
    expect(one.stdout).toMatch(
      /^policy-optimizer\n {2}gradient .*@innerloop\/optim-vpg\n(?: {6}\S.*\n)+\n {2}trpo .*@innerloop\/optim-trpo\n(?: {6}\S.*\n)+$/,
    );
    expect(one.stdout.replace(/\s+/g, ' ')).toContain('reptile has no curvature and is refused; take gradient for it');
    const advice = one.stdout.split('\n').filter((line) => line.startsWith('      '));
    expect(Math.max(...advice.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('config', () => {
  it('prints what the run will be, so that it can be read again', async () => {
    const { code, stdout, stderr } = await run('config', 'print', config, '--set', 'meta.maxKl=0.02');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toMatchObject({ meta: { use: 'trpo', maxKl: 0.02, cgIterations: 10 }, run: { seed: 3 } });
    const again = await run('config', 'print', write(folder, 'printed.yaml', stdout));
    expect(again.stdout).toBe(stdout);
  });

  it('prints a JSON Schema with the components', async () => {
    const { code, stdout } = await run('config', 'schema');
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as { $schema: string; properties: Record<string, unknown> };
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['run', 'trainer', 'meta', 'loggers']));
    expect(JSON.stringify(schema.properties.meta)).toContain('"trpo"');
  });

  const configs = ['quickstart', 'maml-trpo', 'maml-gradient', 'fomaml-trpo', 'paper'];
  it.each(configs)('accepts configs/point-navigation/%s.yaml, where every key has its comment', async (name) => {
    const path = fileURLToPath(new URL(`../../../configs/point-navigation/${name}.yaml`, import.meta.url));
    const { code, stderr } = await run('config', 'print', path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.filter((line) => /: \S|^ +- /.test(line.replace(/#.*/, '')) && !/ # \S/.test(line))).toEqual([]);
  });
});

describe('the program', () => {
  it('has a version, and help with examples', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const help = await run('--help');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Examples:\n  innerloop train configs/point-navigation/quickstart.yaml');
    for (const command of ['train', 'resume', 'evaluate', 'report', 'list', 'verify']) {
      const { code, stdout } = await run(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}innerloop ${command}`));
    }
  });
});
