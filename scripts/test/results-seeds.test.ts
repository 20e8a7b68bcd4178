import { cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as cli from '@innerloop/cli';
import type { EvaluationRecord } from '@innerloop/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { chosenRows } from '../lib/results/choice.mjs';
import { readRecords } from '../lib/results/page.mjs';
import { make, readJson, type SeedRecord, silently, temporaryFolder } from './support/results.js';

const folder = temporaryFolder();
const TRPO = chosenRows('cart-pole/trpo');
const set = [
  ...['run.iterations=2', 'trainer.stepsPerIteration=60', 'policy.hiddenSizes=[4]', 'baseline.iterations=2'],
  ...['evaluation.every=0', 'evaluation.final.tasks=20', 'evaluation.final.examples=1'],
];
const options = { rows: TRPO, seeds: [1, 2], set, runs: join(folder, 'runs'), out: join(folder, 'out') };
const runs = join(options.runs, 'cart-pole-trpo');
const pathOf = (seed: number, out = options.out) => join(out, 'cart-pole', `trpo-seed-${seed}.json`);
const recordOf = (seed: number, out = options.out) => readJson<SeedRecord>(pathOf(seed, out));

describe('a row that is trained with several seeds', () => {
  beforeAll(async () => {
    const { result, printed } = await make(options);
    expect(result, printed).toBe(0);
  }, 120_000);

  it('is recorded for each seed, with the command, the machine and both evaluations', () => {
    const record = recordOf(2);
    expect(record).toMatchObject({
      ...{ family: 'cart-pole', row: 'trpo', seed: 2, node: process.version, backend: 'wasm', workers: 0 },
      command:
        'npx innerloop train configs/cart-pole/trpo.yaml --seeds 1..2 --set run.backend=wasm --set run.iterations=2 ' +
        "--set trainer.stepsPerIteration=60 --set 'policy.hiddenSizes=[4]' --set baseline.iterations=2 --set evaluation.every=0 " +
        '--set evaluation.final.tasks=20 --set evaluation.final.examples=1 --out runs/cart-pole-trpo',
      config: { run: { name: 'cart-pole-trpo', seed: 2, iterations: 2 } },
      checkpoint: { name: 'last', iteration: 2 },
    });
    expect(record.seconds.training).toBeGreaterThan(0);
    for (const [actions, file] of [
      ['greedy', 'evaluation.json'],
      ['sampled', 'evaluation-sampled.json'],
    ] as const) {
      const measured = readJson<EvaluationRecord>(runs, 'seed-2', file);
      expect(measured.greedy).toBe(actions === 'greedy');
      const { meanReturn, ci95, returns } = measured.result.steps[0] ?? {};
      // Returns of CartPole are whole numbers, which six digits keep.
      expect(record[actions]).toMatchObject({ tasks: 20, iteration: 2, steps: [{ meanReturn, ci95, returns }] });
    }
    expect(record.greedy?.steps).not.toEqual(record.sampled.steps);
  });

  it('has the environment steps of training', () => {
    const lines = readFileSync(join(runs, 'seed-1', 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const total = (JSON.parse(lines.at(-1) as string) as Record<string, number>)['steps/total'];
    expect(recordOf(1).environmentSteps).toBe(total);
    expect(total).toBeGreaterThanOrEqual(120); // 2 iterations of at least 60
  });

  it('is a file that can be read and compared', () => {
    const text = readFileSync(pathOf(1), 'utf8');
    expect(text.split('\n').length).toBeLessThan(250);
    expect(readFileSync(join(runs, 'seed-1', 'evaluation.json'), 'utf8')).toContain('"observations"'); // an example's
    expect(text).not.toContain('"observations"');
  });

  it('is not made twice', async () => {
    const files = [pathOf(1), join(runs, 'aggregate.json'), join(runs, 'seed-1', 'report.html')];
    const before = files.map((file) => statSync(file).mtimeMs);
    const { result, printed } = await make(options);
    expect(result).toBe(0);
    expect(printed).toContain('Recorded:');
    expect(printed).not.toMatch(/iteration|evaluating/);
    expect(files.map((file) => statSync(file).mtimeMs)).toEqual(before);
  });

  it('is recorded from a folder that was made by hand, of the seeds that are asked for', async () => {
    const hand = { ...options, seeds: [2], runs: join(folder, 'by-hand'), out: join(folder, 'hand-out') };
    const overrides = ['run.backend=wasm', ...set].flatMap((text) => ['--set', text]);
    const line = ['configs/cart-pole/trpo.yaml', '--seeds', '2,1', ...overrides];
    const trained = await silently(() =>
      cli.main(['node', 'innerloop', 'train', ...line, '--out', join(hand.runs, 'cart-pole-trpo')]),
    );
    expect(trained.result, trained.printed).toBe(0);
    const { result, printed } = await make(hand);
    expect(result, printed).toBe(0);
    expect(printed).not.toMatch(/iteration|evaluating/);
    expect(existsSync(pathOf(1, hand.out))).toBe(false);
    expect(recordOf(2, hand.out).command).toContain(' --seeds 2,1 ');
    expect(recordOf(2, hand.out).greedy).toEqual(recordOf(2).greedy);
  }, 60_000);

  it('goes on where it was interrupted, to the same numbers, and keeps the seeds that are finished', async () => {
    const other = { ...options, runs: join(folder, 'other-runs'), out: join(folder, 'other-out') };
    let seed = 0;
    const interrupted = await make(other, (text) => {
      if (text.includes('== seed 2')) seed = 2;
      if (seed === 2 && text.includes('iteration 1/2')) process.emit('SIGINT');
    });
    expect(interrupted.result, interrupted.printed).toBe(130);
    expect([existsSync(pathOf(1, other.out)), existsSync(pathOf(2, other.out))]).toEqual([true, false]);
    const { result, printed } = await make(other);
    expect(result, printed).toBe(0);
    expect(printed).toContain('seed 1, 1 of 2: finished already');
    for (const n of [1, 2]) {
      expect(recordOf(n, other.out).checkpoint).toEqual(recordOf(n).checkpoint);
      expect(recordOf(n, other.out).greedy).toEqual(recordOf(n).greedy);
      expect(recordOf(n, other.out).sampled).toEqual(recordOf(n).sampled);
    }
  }, 60_000);

  it('is finished where only the evaluation with sampled actions was missing', async () => {
    const other = { ...options, runs: join(folder, 'cut-runs'), out: join(folder, 'cut-out') };
    cpSync(options.runs, other.runs, { recursive: true });
    rmSync(join(other.runs, 'cart-pole-trpo', 'seed-2', 'evaluation-sampled.json'));
    expect((await make(other)).result).toBe(0);
    expect(recordOf(2, other.out).sampled).toEqual(recordOf(2).sampled);
  });

  it('is not taken from a folder of another config, or without a seed that is asked for', async () => {
    await expect(make({ ...options, set: [...set, 'policy.hiddenSizes=[5]'] })).rejects.toThrow(
      /cart-pole-trpo was made with another config: policy\.hiddenSizes differ\. Move it away/,
    );
    await expect(make({ ...options, seeds: [1, 2, 3] })).rejects.toThrow(
      /cart-pole-trpo was made for the seeds 1\.\.2, without 3\. Move it away/,
    );
  });

  it('is not taken from a folder with a seed that was taken further', async () => {
    const further = { ...options, runs: join(folder, 'further-runs'), out: join(folder, 'further-out') };
    cpSync(options.runs, further.runs, { recursive: true });
    const one = join(further.runs, 'cart-pole-trpo', 'seed-1');
    const resumed = await silently(() => cli.main(['node', 'innerloop', 'resume', one, '--iterations', '3']));
    expect(resumed.result, resumed.printed).toBe(0);
    await expect(make(further)).rejects.toThrow(
      /cart-pole-trpo was taken further: .*seed-1 has 3 iterations in place of 2\. Move it away/,
    );
    expect(existsSync(further.out)).toBe(false);
  });

  it('refuses a folder that holds something else, and touches nothing', async () => {
    const taken = join(folder, 'taken');
    cpSync(options.out, join(taken, 'cart-pole-trpo'), { recursive: true }); // a folder that is none of train --seeds
    await expect(make({ ...options, runs: taken, out: join(folder, 'never') })).rejects.toThrow(
      /cart-pole-trpo holds something other than a run of several seeds, .* Move it away, or choose another --runs/,
    );
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});

describe('a row whose totals count', () => {
  it('is recorded with the total of each task in place of its returns', async () => {
    const small = [
      'run.iterations=1',
      'trainer.tasksPerIteration=2',
      'evaluation.every=0',
      'evaluation.final.tasks=30',
    ];
    const choice = { ...options, rows: chosenRows('bandits/gaussian'), seeds: [1], set: small };
    const { result, printed } = await make(choice);
    expect(result, printed).toBe(0);
    const record = readJson<SeedRecord>(options.out, 'bandits', 'gaussian-seed-1.json');
    const { rollouts, result: measured } = readJson<EvaluationRecord>(
      ...[options.runs, 'bandits-gaussian', 'seed-1', 'evaluation.json'],
    );
    const steps = measured.steps.map(({ step, meanReturn, ci95 }) => ({ step, meanReturn, ci95 }));
    expect(record.greedy).toBeNull();
    expect(record.sampled.steps).toEqual(steps);
    // 10 pulls before and after each of 9 steps.
    expect([rollouts, steps.length, record.sampled.total?.episodes]).toEqual([10, 10, 100]);
    const sum = (task: number) =>
      measured.steps.reduce((total, { returns }) => total + 10 * (returns[task] as number), 0);
    const totals = Array.from({ length: 30 }, (_, task) => sum(task));
    expect(record.sampled.total?.totals).toBeAllClose(totals, { rtol: 1e-5 });
    expect(record.sampled.total?.mean).toBeAllClose(totals.reduce((a, b) => a + b) / 30);
    expect([...readRecords(options.out).keys()]).toEqual(['cart-pole', 'bandits']);
  }, 60_000);
});
