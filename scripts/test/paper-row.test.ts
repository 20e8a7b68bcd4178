import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cli from '@innerloop/cli';
import * as core from '@innerloop/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeRows, ROWS, readRecords } from '../lib/paper-rows.mjs';
import { capture } from '../lib/process.mjs';
import { barOf, overSeeds, passes, resultsPage } from '../lib/results-page.mjs';
import { ROOT } from '../lib/workspace.mjs';

const folder = mkdtempSync(join(tmpdir(), 'innerloop-paper-row-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Steps {
  readonly steps: readonly { step: number; meanReturn: number; ci95: number; returns: readonly number[] }[];
}

interface Recorded {
  readonly row: string;
  readonly label: string;
  readonly seed: number;
  readonly commands: readonly string[];
  readonly node: string;
  readonly backend: string;
  readonly fusedMultiplyAdd: boolean;
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly seconds: { readonly training: number; readonly evaluation: number };
  readonly checkpoint: { readonly name: string; readonly iteration: number; readonly sha256: string };
  readonly config: core.ResolvedConfig;
  readonly evaluation: core.EvaluationRecord;
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Recorded;

let printed = '';
let onPrint: (text: string) => void = () => undefined;

/** Runs something whose output goes into `printed`. */
async function silently<T>(task: () => Promise<T>): Promise<T> {
  printed = '';
  const take = (text: string | Uint8Array) => {
    printed += String(text);
    onPrint(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take),
    vi.spyOn(process.stderr, 'write').mockImplementation(take),
    vi.spyOn(console, 'log').mockImplementation((text: string) => void take(`${text}\n`)),
  ];
  try {
    return await task();
  } finally {
    for (const spy of spies) spy.mockRestore();
    onPrint = () => undefined;
  }
}

async function evaluate(run: string, steps: number): Promise<Steps['steps']> {
  const line = ['evaluate', run, '--tasks', 'paper', '--steps', String(steps), '--rollouts', '40', '--json'];
  const code = await silently(() => cli.main(['node', 'innerloop', ...line]));
  expect(code, printed).toBe(0);
  return (JSON.parse(printed) as Steps).steps;
}

describe('a row of a tiny experiment', () => {
  const set = [
    ...['policy.hiddenSizes=[4]', 'tasks.horizon=10'],
    ...['trainer.tasksPerIteration=2', 'trainer.rolloutsPerTask=2'],
    ...['evaluation.every=1', 'evaluation.tasks=2', 'evaluation.rollouts=2'],
  ];
  const rows = Object.keys(ROWS);
  const options = { rows, seeds: [1], iterations: 3, set, runs: join(folder, 'runs'), out: join(folder, 'out') };
  const make = (changes = {}) => silently(() => makeRows({ ...options, ...changes }, { core, cli }));
  const recordOf = (row: string, out = options.out) => json(join(out, `${row}-seed-1.json`));

  beforeAll(async () => {
    expect(await make(), printed).toBe(0);
  }, 300_000);

  it('is recorded, with the config, the commands, the machine and the evaluation', () => {
    const record = recordOf('maml');
    expect(record).toMatchObject({
      row: 'maml',
      label: 'MAML, seed 1',
      seed: 1,
      node: process.version,
      backend: 'wasm',
    });
    expect(record.config).toMatchObject({ run: { name: 'paper', seed: 1, iterations: 3 }, tasks: { horizon: 10 } });
    expect(record.commands).toEqual([
      'npx innerloop train configs/point-navigation/paper.yaml --set run.backend=wasm ' +
        "--set 'policy.hiddenSizes=[4]' --set tasks.horizon=10 --set trainer.tasksPerIteration=2 " +
        '--set trainer.rolloutsPerTask=2 --set evaluation.every=1 --set evaluation.tasks=2 --set evaluation.rollouts=2 ' +
        `--set run.iterations=3 --set run.seed=1 --out ${options.runs}/paper-maml-seed-1`,
      `npx innerloop evaluate ${options.runs}/paper-maml-seed-1 --tasks paper --steps 3 --rollouts 40`,
    ]);
    expect(record.machine.cores).toBeGreaterThan(0);
    expect(record).toHaveProperty('workers', expect.any(Number));
    expect(record.seconds.training).toBeGreaterThan(0);
    expect(record.evaluation).toMatchObject({
      taskSet: 'paper',
      rollouts: 40,
      stepSizes: [0.005, 0.0025, 0.0025],
      views: [],
    });
    expect(record.evaluation.result.examples).toEqual([]);
    expect(record.evaluation.result.steps.map(({ returns }) => returns.length)).toEqual([40, 40, 40, 40]);
    expect(record.checkpoint).toMatchObject({ name: 'best', iteration: record.evaluation.iteration });
    // One list of numbers a line, so that the file can be read and compared.
    const text = readFileSync(join(options.out, 'maml-seed-1.json'), 'utf8');
    expect(text.split('\n').length).toBeLessThan(350);
  });

  it('is what its baseline should be', () => {
    expect(recordOf('random').checkpoint).toMatchObject({ name: 'last', iteration: 0 });
    expect(recordOf('random').seconds.training).toBe(0);
    expect(recordOf('pretrained').config.trainer).toMatchObject({ adaptationSteps: 0 });
    expect(recordOf('oracle').config.tasks).toMatchObject({ observeGoal: true });
    expect(recordOf('oracle').evaluation.result.steps).toHaveLength(1);
    expect(readRecords(options.out).map(({ row }: Recorded) => row)).toEqual(rows);
  });

  it('has a checkpoint that gives its numbers again, whatever becomes of the run', async () => {
    const kept = join(folder, 'moved');
    cpSync(join(options.out, 'checkpoints', 'seed-1'), kept, { recursive: true });
    expect(readdirSync(kept).sort()).toEqual(['checkpoints', 'config.yaml', 'run.json']);
    const { file } = recordOf('maml').checkpoint as unknown as { file: string };
    expect(readdirSync(join(kept, 'checkpoints')).sort()).toEqual([file, 'best.json']);
    expect(JSON.parse(readFileSync(join(kept, 'run.json'), 'utf8'))).toMatchObject({
      source: 'configs/point-navigation/paper.yaml',
    });
    expect(await evaluate(kept, 3)).toEqual(recordOf('maml').evaluation.result.steps);
  });

  it('is not made twice', async () => {
    const before = readFileSync(join(options.out, 'maml-seed-1.json'), 'utf8');
    expect(await make({ rows: ['maml'] })).toBe(0);
    expect(readFileSync(join(options.out, 'maml-seed-1.json'), 'utf8')).toBe(before);
    expect(printed).toContain('Recorded:');
    expect(printed).not.toMatch(/iteration|evaluating/);
  });

  it('goes on where it was interrupted, to the same numbers', async () => {
    const other = { rows: ['maml'], runs: join(folder, 'other-runs'), out: join(folder, 'other-out') };
    onPrint = (text) => {
      if (text.includes('iteration 1/3')) process.emit('SIGINT');
    };
    expect(await make(other), printed).toBe(130);
    expect(existsSync(other.out)).toBe(false);
    expect(await make(other), printed).toBe(0);
    const [whole, resumed] = [recordOf('maml'), recordOf('maml', other.out)];
    expect(resumed.checkpoint.sha256).toBe(whole.checkpoint.sha256);
    expect(resumed.evaluation).toEqual(whole.evaluation);
  }, 60_000);

  it('is not taken from a run of another config', async () => {
    await expect(make({ rows: ['maml'], iterations: 4 })).rejects.toThrow(
      /paper-maml-seed-1 was made with another config: run\.iterations differ\. Move it away/,
    );
  });

  it('ends with the code of a command that fails', async () => {
    const taken = join(folder, 'taken');
    cpSync(options.out, join(taken, 'paper-maml-seed-1'), { recursive: true }); // a folder that is no run
    expect(await make({ rows: ['maml'], runs: taken, out: join(folder, 'never') })).toBe(1);
    expect(printed).toContain('is not empty');
  });
});

/** A record with these mean returns; everything else is of no account. */
function record(row: string, seed: number, means: readonly number[], references: readonly core.ReferenceRow[] = []) {
  const steps = means.map((meanReturn, step) => ({ step, meanReturn, ci95: 0.5, returns: [meanReturn] }));
  const plan = { tasks: [{}], taskSet: 'paper', seed: 2000, rollouts: 40, stepSizes: [0.5, 0.25], references };
  return {
    ...{
      row,
      seed,
      commands: [`npx innerloop train ${row}-${seed}`],
      innerloop: '0.1.0',
      node: 'v20',
      backend: 'wasm',
    },
    ...{
      fusedMultiplyAdd: false,
      workers: 2,
      machine: { cpu: 'A CPU', cores: 2, memory: 8 * 2 ** 30, platform: 'linux x64' },
    },
    ...{ seconds: { training: 125, evaluation: 4.25 }, checkpoint: { iteration: 60 } },
    config: { run: { iterations: row === 'random' ? 0 : 100 } },
    evaluation: { ...plan, checkpoint: 'best', iteration: 60, views: [], result: { steps, examples: [] } },
  };
}

describe('the page', () => {
  const published = {
    label: 'MAML (Finn et al. 2017)',
    meanReturn: [-40.41, -11.68, -3.33, -3.23, -3.35],
    ci95: [4.01, 2.16, 0.55, 0.58, 0.59],
    source: 'a figure',
  };

  it('has the bar below the published intervals', () => {
    // −11.68 − 2.16 = −13.84, −3.33 − 0.55 = −3.88, −3.23 − 0.58 = −3.81; down to the tenth below.
    expect(barOf(published)).toEqual([-13.9, -3.9, -3.9]);
    expect(passes([-40, -13.9, -3.9, -3.9], [-13.9, -3.9, -3.9])).toBe(true);
    expect(passes([-40, -13.91, -3, -3], [-13.9, -3.9, -3.9])).toBe(false);
    expect(passes([-40, -10, -3, -4], [-13.9, -3.9, -3.9])).toBe(false);
    expect(passes([-2], [-13.9, -3.9, -3.9])).toBeNull();
  });

  it('has intervals over seeds by Student’s t', () => {
    // sd of −10, −12, −14 is 2; t of 2 degrees of freedom is 4.303: 4.303 · 2 / √3 = 4.9687.
    expect(overSeeds([-10, -12, -14])).toEqual({ mean: -12, half: expect.closeTo(4.9687, 4) });
    expect(overSeeds([-3])).toEqual({ mean: -3, half: null });
  });

  it('has every row, ours and the paper’s, with its verdict', () => {
    const page = resultsPage([
      record('maml', 1, [-40, -10, -3, -3], [published]),
      record('maml', 2, [-40, -12, -3.5, -3], [published]),
      record('maml', 3, [-40, -14, -3.2, -3], [published]), // below −13.9 after one step
      record('pretrained', 1, [-42, -35, -30, -28], [published]),
      record('random', 1, [-80, -60, -50, -45], [published]),
      record('oracle', 1, [-2.5]),
    ]) as string;
    const cells = page
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .slice(2, -2)
          .split('|')
          .map((cell) => cell.trim()),
      );
    expect(cells).toContainEqual([
      'MAML',
      '3 seeds',
      '−40.00 ± 0.00',
      '−12.00 ± 4.97',
      '−3.23 ± 0.63',
      '−3.00 ± 0.00',
      '2 of 3 seeds',
    ]);
    expect(cells).toContainEqual([
      'Pretrained on all tasks jointly',
      '1 seed',
      '−42.00 ± 0.50',
      '−35.00 ± 0.50',
      '−30.00 ± 0.50',
      '−28.00 ± 0.50',
      'no',
    ]);
    expect(cells).toContainEqual(['Oracle that sees the goal', '1 seed', '−2.50 ± 0.50', '–', '–', '–', '–']);
    expect(cells).toContainEqual([
      'MAML (Finn et al. 2017)',
      '',
      '−40.41 ± 4.01',
      '−11.68 ± 2.16',
      '−3.33 ± 0.55',
      '−3.23 ± 0.58',
      'yes',
    ]);
    expect(cells).toContainEqual([
      'MAML',
      '3',
      '60 of 100',
      '−40.00 ± 0.50',
      '−14.00 ± 0.50',
      '−3.20 ± 0.50',
      '−3.00 ± 0.50',
      'no',
    ]);
    expect(cells).toContainEqual(['Random initialisation', '1', '0', '2 min 5 s', '4.3 s']);
    expect(page).toContain('tenth: −13.9, −3.9, −3.9 after 1, 2, 3 steps');
    expect(page).toContain('\nnpx innerloop train maml-1\nnpx innerloop train maml-2\n');
    expect(page).toContain(
      'backend wasm, 2 workers, kernels without fused multiply-add; A CPU, 2 cores, 8.0 GiB, linux x64',
    );
  });
});

describe('the command', () => {
  const script = join(ROOT, 'scripts', 'paper-row.mjs');
  afterEach(() => rmSync(join(folder, 'page'), { recursive: true, force: true }));

  it('writes the page from what is there', async () => {
    const out = join(folder, 'page');
    cpSync(join(folder, 'out'), out, { recursive: true });
    const { code, output } = await capture('node', [script, '--page-only', '--out', out]);
    expect(code, output).toBe(0);
    expect(readFileSync(join(out, 'results.md'), 'utf8')).toBe(resultsPage(readRecords(out)));
  });

  it.each([
    [['--seeds', '3..1'], /--seeds: expected a range such as 1\.\.3 .* found '3\.\.1'/],
    [['--seeds', '1,x'], /--seeds: .* found '1,x'/],
    [['--only', 'mamml'], /--only: expected maml, pretrained, random, oracle, original .* found 'mamml'/],
    [['--iterations', 'many'], /--iterations: expected a whole number, found 'many'/],
    [['--page-only', '--out', 'results/nowhere'], /results\/nowhere: expected results of this command, found none/],
    [['--seed', '1'], /error: .*'--seed'/],
  ])('refuses %j', async (args, message) => {
    const { code, output } = await capture('node', [script, ...args]);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output.trim().split('\n')).toHaveLength(1);
  });
});

describe('the results of the repository', () => {
  const out = join(ROOT, 'results', 'point-navigation');
  const records: Recorded[] = readRecords(out);
  const page = join(ROOT, 'docs', 'results.md');

  it('are what docs/results.md says (node scripts/paper-row.mjs --page-only)', () => {
    expect(existsSync(page) ? readFileSync(page, 'utf8') : null).toBe(resultsPage(records));
  });

  it('were measured by the protocol of the paper, and only MAML can pass the bar', () => {
    for (const { row, seed, evaluation } of records) {
      expect(evaluation, `${row}, seed ${seed}`).toMatchObject({ taskSet: 'paper', rollouts: 40 });
      expect(evaluation.result.steps).toHaveLength(row === 'oracle' ? 1 : 4);
      if (row !== 'pretrained' && row !== 'random') continue;
      const bar = barOf(evaluation.references[0] as Required<core.ReferenceRow>);
      expect(
        passes(
          evaluation.result.steps.map(({ meanReturn }) => meanReturn),
          bar,
        ),
      ).toBe(false);
    }
  });

  const kept = records.filter(({ row }) => row === 'maml');
  it.skipIf(kept.length === 0)(
    'come from the checkpoints that are kept beside them',
    async () => {
      for (const { seed, evaluation, node, fusedMultiplyAdd } of kept) {
        const steps = await evaluate(join(out, 'checkpoints', `seed-${seed}`), 3);
        const recorded = evaluation.result.steps;
        const major = (version: string) => version.split('.')[0];
        if (major(node) === major(process.version) && fusedMultiplyAdd === core.kernels().fused) {
          expect(steps).toEqual(recorded);
        } else {
          // Rounding differs, and an episode that just reaches its goal may end a step later.
          const means = (list: Steps['steps']) => list.map(({ meanReturn }) => meanReturn);
          expect(means(steps)).toBeAllClose(means(recorded), { rtol: 0, atol: 0.1 });
        }
      }
    },
    300_000,
  );
});
