import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@innerloop/core';
import { loadAgent } from '@innerloop/maml';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultPlugins } from '../src/index.js';
import { type Outcome, spawnCli } from './support/cli.js';
import { metricsOf, parametersOf, temporaryFolder, write } from './support/runs.js';

/*
 * The real program on a user's own tasks: the plugin in fixtures/own-tasks, named by a path beside the config.
 */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
const folder = temporaryFolder();
const fixture = fileURLToPath(new URL('./fixtures/own-tasks', import.meta.url));
const configText = (plugin: string) => `run: { name: rail, seed: 5, iterations: 4, backend: wasm }
trainer: { use: maml, tasksPerIteration: 4, rolloutsPerTask: 3 }
objective: maml
tasks: { use: rail, horizon: 8 }
policy: { use: gaussian-mlp, hiddenSizes: [4] }
inner: { use: vpg, learningRate: 0.1 }
meta: trpo
evaluation: { every: 2, tasks: 3, rollouts: 2, final: { tasks: 3, steps: 2, rollouts: 2, examples: 1 } }
loggers: [{ use: fragile }]
checks: [{ use: fragile }]
plugins: [${JSON.stringify(plugin)}]
`;
/** The plugin lies beside the config, and the run somewhere else. */
const home = join(folder, 'home');
const config = write(home, 'rail.yaml', configText('./own-tasks'));
const cli = (...args: readonly string[]) => spawnCli(args, { cwd: folder });
const train = (out: string, workers: number, ...set: string[]) =>
  cli('train', config, '--out', out, ...[`run.workers=${workers}`, ...set].flatMap((text) => ['--set', text]));

function expectSuccess({ code, stdout, stderr }: Outcome): string {
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** One `error:` line, and the exit code of a user's mistake. */
function expectRefusal({ code, stderr }: Outcome, message: string): void {
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(code).toBe(1);
}

beforeAll(async () => {
  cpSync(fixture, join(home, 'own-tasks'), { recursive: true });
  // As installed: the plugin finds core and zod from where it lies.
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(home, 'node_modules'));
  expectSuccess(await train('whole', 0));
});

describe("a user's own tasks", () => {
  it.each([0, 2])('train and resume to the same numbers with %d workers', async (workers) => {
    const out = `resumed-${workers}`;
    expectSuccess(await train(out, workers, 'run.iterations=2'));
    expect(metricsOf(join(folder, out))).toHaveLength(2);
    expect(expectSuccess(await cli('resume', out, '--iterations', '4'))).toContain(`workers  ${workers} (`);
    expect(metricsOf(join(folder, out))).toEqual(metricsOf(join(folder, 'whole')));
    expect(parametersOf(join(folder, out), 'last').equals(parametersOf(join(folder, 'whole'), 'last'))).toBe(true);
  });

  it('are evaluated, drawn or as a named set', async () => {
    const evaluate = async (...args: string[]) =>
      JSON.parse(expectSuccess(await cli('evaluate', 'whole', '--json', ...args))) as {
        steps: { step: number; returns: number[] }[];
      };
    const drawn = await evaluate('--tasks', '5', '--steps', '1');
    expect(drawn.steps.map(({ step, returns }) => [step, returns.length])).toEqual([
      [0, 5],
      [1, 5],
    ]);
    const set = await evaluate('--tasks', 'ends', '--steps', '0');
    // Force 1 for 8 steps of 0.1 s moves by 0.01 (1 + … + 8) = 0.36, the start is within 0.5 (5 σ): between 0.14 and 1.86 are missing.
    for (const value of set.steps[0]?.returns ?? []) expect(value).toBeGreaterThan(-8 * 1.9);
    for (const value of set.steps[0]?.returns ?? []) expect(value).toBeLessThan(-8 * 0.1);
    expect(set.steps[0]?.returns).toHaveLength(2);
  });

  it('are reported, printed and used in an application', async () => {
    expect(expectSuccess(await cli('report', 'whole'))).toContain(`Report:    ${join('whole', 'report.html')}`);
    expect(readFileSync(join(folder, 'whole/report.html'), 'utf8')).toContain('rail');
    const printed = expectSuccess(await cli('config', 'print', config));
    expect(parseConfig(printed, 'printed.yaml').config).toMatchObject({
      tasks: { use: 'rail', horizon: 8, mistake: 'none' },
    });
    const agent = await loadAgent(join(folder, 'whole'), { plugins: defaultPlugins });
    expect(agent.spaces.actionSpace).toEqual({ kind: 'box', low: [-1], high: [1] });
  });

  it('may be a package that is installed beside the config only', async () => {
    const project = join(folder, 'project');
    const file = write(project, 'rail.yaml', configText('innerloop-plugin-own-tasks'));
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(join(home, 'own-tasks'), join(project, 'node_modules/innerloop-plugin-own-tasks'));
    expectSuccess(await cli('train', file, '--out', 'by-name', '--set', 'run.workers=0'));
    expectSuccess(await cli('evaluate', 'by-name', '--tasks', '1', '--json'));
    const agent = await loadAgent(join(folder, 'by-name'), { plugins: defaultPlugins });
    expect(agent.spaces.observationSpace).toMatchObject({ low: [-5, -5] });
  });
});

describe('sample() that is wrong', () => {
  it.each([
    ['empty', 'expected a list of 3 tasks, found one of 0'],
    ['nothing', 'expected a list of 3 tasks, found undefined'],
    ['function', 'expected tasks of plain JSON, found a function at tasks[0].reward'],
    ['throw', 'sample(random, 3) of the task distribution threw: the rail is not calibrated'],
  ])('(%s) is reported in one sentence, whatever the workers', async (mistake, message) => {
    for (const workers of [0, 2]) {
      const outcome = await train(`${mistake}-${workers}`, workers, `tasks.mistake=${mistake}`);
      expectRefusal(outcome, message);
      expect(existsSync(join(folder, `${mistake}-${workers}`)), 'directory').toBe(false);
    }
  });
});

describe('a component that cannot be made', () => {
  it.each([
    ['logger', 'loggers', 'no connection'],
    ['check', 'checks', 'no threshold'],
  ])('(a %s) leaves no directory behind, so that the corrected command works', async (kind, list, message) => {
    const out = `after-${kind}`;
    expectRefusal(await train(out, 0, `${list}=[{use: fragile, broken: true}]`), message);
    expect(existsSync(join(folder, out))).toBe(false);
    expectSuccess(await train(out, 0, 'run.iterations=1'));
  });
});

describe('evaluate --out', () => {
  it('into a folder that does not exist is refused before anything is evaluated', async () => {
    expectRefusal(
      await cli('evaluate', 'whole', '--out', 'nowhere/evaluation.json', '--tasks', 'no-such-set'),
      `--out: expected a file in a folder that exists, found nowhere/evaluation.json: there is no folder ${join(folder, 'nowhere')}`,
    );
    expectRefusal(
      await cli('evaluate', 'whole', '--out', 'whole/run.json/evaluation.json', '--tasks', 'no-such-set'),
      'there is no folder',
    );
  });
});
