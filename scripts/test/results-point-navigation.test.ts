import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chosenRows } from '../lib/results/choice.mjs';
import { readRecords } from '../lib/results/page.mjs';
import { evaluateOnPaperGoals, make, type PaperRecord, readJson, temporaryFolder } from './support/results.js';

const folder = temporaryFolder();
const ROWS = chosenRows('point-navigation');
const MAML = chosenRows('point-navigation/maml');

describe('a row of 2D navigation, as a tiny experiment', () => {
  const set = [
    ...['policy.hiddenSizes=[4]', 'tasks.horizon=10', 'run.iterations=3'],
    ...['trainer.tasksPerIteration=2', 'trainer.rolloutsPerTask=2'],
    ...['evaluation.every=1', 'evaluation.tasks=2', 'evaluation.rollouts=2'],
  ];
  const options = { rows: ROWS, seeds: [1], set, runs: join(folder, 'runs'), out: join(folder, 'out') };
  const pathOf = (row: string, out = options.out) => join(out, 'point-navigation', `${row}-seed-1.json`);
  const recordOf = (row: string, out = options.out) => readJson<PaperRecord>(pathOf(row, out));

  beforeAll(async () => {
    const { result, printed } = await make(options);
    expect(result, printed).toBe(0);
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
        "--set 'policy.hiddenSizes=[4]' --set tasks.horizon=10 --set run.iterations=3 --set trainer.tasksPerIteration=2 " +
        '--set trainer.rolloutsPerTask=2 --set evaluation.every=1 --set evaluation.tasks=2 --set evaluation.rollouts=2 ' +
        `--set run.seed=1 --out ${options.runs}/paper-maml-seed-1`,
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
    expect(readFileSync(pathOf('maml'), 'utf8').split('\n').length).toBeLessThan(350);
  });

  it('is what its baseline should be', () => {
    expect(recordOf('random').checkpoint).toMatchObject({ name: 'last', iteration: 0 });
    expect(recordOf('random').seconds.training).toBe(0);
    expect(recordOf('pretrained').config.trainer).toMatchObject({ adaptationSteps: 0 });
    expect(recordOf('oracle').config.tasks).toMatchObject({ observeGoal: true });
    expect(recordOf('oracle').evaluation.result.steps).toHaveLength(1);
    const records = readRecords(options.out).get('point-navigation') as PaperRecord[];
    expect(records.map(({ row }) => row)).toEqual(['maml', 'pretrained', 'random', 'oracle', 'original']);
  });

  it('has a checkpoint that gives its numbers again, whatever becomes of the run', async () => {
    const kept = join(folder, 'moved');
    cpSync(join(options.out, 'point-navigation', 'checkpoints', 'seed-1'), kept, { recursive: true });
    expect(readdirSync(kept).sort()).toEqual(['checkpoints', 'config.yaml', 'run.json']);
    const { file } = recordOf('maml').checkpoint as unknown as { file: string };
    expect(readdirSync(join(kept, 'checkpoints')).sort()).toEqual([file, 'best.json']);
    expect(readJson(kept, 'run.json')).toMatchObject({ source: 'configs/point-navigation/paper.yaml' });
    expect(await evaluateOnPaperGoals(kept, 3)).toEqual(recordOf('maml').evaluation.result.steps);
  });

  it('is not made twice', async () => {
    const before = readFileSync(pathOf('maml'), 'utf8');
    const { result, printed } = await make({ ...options, rows: MAML });
    expect(result).toBe(0);
    expect(readFileSync(pathOf('maml'), 'utf8')).toBe(before);
    expect(printed).toContain('Recorded:');
    expect(printed).not.toMatch(/iteration|evaluating/);
  });

  it('goes on where it was interrupted, to the same numbers', async () => {
    const other = { ...options, rows: MAML, runs: join(folder, 'other-runs'), out: join(folder, 'other-out') };
    const interrupted = await make(other, (text) => {
      if (text.includes('iteration 1/3')) process.emit('SIGINT');
    });
    expect(interrupted.result, interrupted.printed).toBe(130);
    expect(existsSync(other.out)).toBe(false);
    const { result, printed } = await make(other);
    expect(result, printed).toBe(0);
    const [whole, resumed] = [recordOf('maml'), recordOf('maml', other.out)];
    expect(resumed.checkpoint.sha256).toBe(whole.checkpoint.sha256);
    expect(resumed.evaluation).toEqual(whole.evaluation);
  }, 60_000);

  it('is not taken from a run of another config', async () => {
    const longer = { ...options, rows: MAML, set: [...set, 'run.iterations=4'] };
    await expect(make(longer)).rejects.toThrow(
      /paper-maml-seed-1 was made with another config: run\.iterations differ\. Move it away/,
    );
  });

  it('ends with the code of a command that fails', async () => {
    const taken = join(folder, 'taken');
    cpSync(options.out, join(taken, 'paper-maml-seed-1'), { recursive: true }); // a folder that is no run
    const { result, printed } = await make({ ...options, rows: MAML, runs: taken, out: join(folder, 'never') });
    expect(result).toBe(1);
    expect(printed).toContain('is not empty');
  });
});
