import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { capture } from '../lib/process.mjs';
import { chosenRows } from '../lib/results/choice.mjs';
import { SEED_FAMILIES } from '../lib/results/families.mjs';
import { readRecords, resultsPage } from '../lib/results/page.mjs';
import { barOf, passes } from '../lib/results/point-navigation-page.mjs';
import { ROOT } from '../lib/workspace.mjs';
import {
  evaluateOnPaperGoals,
  type PaperRecord,
  type SeedRecord,
  seedRecord,
  temporaryFolder,
} from './support/results.js';

const folder = temporaryFolder();

describe('the choice of rows', () => {
  it('is of families, rows, or both', () => {
    expect(chosenRows('bandits,cart-pole/vpg')).toEqual([
      { family: 'bandits', row: 'bernoulli' },
      { family: 'bandits', row: 'gaussian' },
      { family: 'cart-pole', row: 'vpg' },
    ]);
    // 5 rows of 2D navigation, 2 of each of 5 environments and 4 more of each mountain car, 2 of bandits, 1 of MDPs.
    expect(chosenRows()).toHaveLength(5 + 5 * 2 + 2 * 4 + 2 + 1);
  });

  it('is of configs that measure what the page says', async () => {
    for (const [family, { rows, total }] of Object.entries(SEED_FAMILIES)) {
      for (const [row, { config: file = row, set = [] }] of Object.entries(rows)) {
        const { config } = await core.readConfig(join(ROOT, 'configs', family, `${file}.yaml`), set);
        const expected = total
          ? {
              score: 'total',
              final: { tasks: 1000, steps: total === 'all' ? 9 : 4, rollouts: total === 'all' ? 10 : 2 },
            }
          : { greedy: true, final: { tasks: 100, rollouts: 1 } };
        expect(config.evaluation, `${family}/${row}`).toMatchObject(expected);
      }
    }
  });
});

describe('the command', () => {
  const script = join(ROOT, 'scripts', 'results.mjs');

  it('writes the page from what is there', async () => {
    const out = join(folder, 'page');
    mkdirSync(join(out, 'pendulum'), { recursive: true });
    for (const seed of [10, 2]) {
      const record = seedRecord({ family: 'pendulum', row: 'trpo', seed, steps: 5, greedy: [-150], sampled: [-170] });
      writeFileSync(join(out, 'pendulum', `trpo-seed-${seed}.json`), JSON.stringify(record));
    }
    writeFileSync(join(out, 'pendulum', 'notes.json'), '{}'); // not of this command
    const { code, output } = await capture('node', [script, '--page-only', '--out', out]);
    expect(code, output).toBe(0);
    const page = readFileSync(join(out, 'results.md'), 'utf8');
    expect(page).toBe(resultsPage(readRecords(out)));
    expect(page).toMatch(/\| Seed +\| 2 +\| 10 +\|/);
  });

  it.each([
    [['--seeds', '3..1'], /--seeds: expected a range such as 1\.\.10 .* found '3\.\.1'/],
    [['--seeds', '1,x'], /--seeds: .* found '1,x'/],
    [['--seeds', '1,1'], /--seeds: .* found '1,1'/],
    [
      ['--only', 'cartpole'],
      /--only: expected families \(point-navigation, cart-pole, .*\) or <family>\/<row>, found 'cartpole'/,
    ],
    [['--only', 'cart-pole/maml'], /--only: expected rows of cart-pole \(trpo, vpg\), found 'cart-pole\/maml'/],
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
  const out = join(ROOT, 'results');
  const all = readRecords(out);
  const paper = (all.get('point-navigation') ?? []) as PaperRecord[];
  const page = join(ROOT, 'docs', 'results.md');

  it('are what docs/results.md says (node scripts/results.mjs --page-only)', () => {
    expect(existsSync(page) ? readFileSync(page, 'utf8') : null).toBe(resultsPage(all));
  });

  it('of 2D navigation were measured by the protocol of the paper, and only MAML can pass the bar', () => {
    for (const { row, seed, evaluation } of paper) {
      expect(evaluation, `${row}, seed ${seed}`).toMatchObject({ taskSet: 'paper', rollouts: 40 });
      expect(evaluation.result.steps).toHaveLength(row === 'oracle' ? 1 : 4);
      if (row !== 'pretrained' && row !== 'random') continue;
      const bar = barOf(evaluation.references[0] as Required<core.ReferenceRow>);
      const means = evaluation.result.steps.map(({ meanReturn }) => meanReturn);
      expect(passes(means, bar)).toBe(false);
    }
  });

  it('of seeds are of the plain command, on what the section says', () => {
    for (const [family, { rows, total }] of Object.entries(SEED_FAMILIES)) {
      for (const { row, seed, command, ...record } of (all.get(family) ?? []) as SeedRecord[]) {
        const place = `${family}/${row}, seed ${seed}`;
        expect(Object.keys(rows), place).toContain(row);
        const { config = row, set = [] } = rows[row] ?? {};
        const words = command.replaceAll("'", '').replace(/ --seeds [\d.,]+/, '');
        const settings = ['run.backend=wasm', ...set].map((text) => ` --set ${text}`).join('');
        expect(words, place).toBe(
          `npx innerloop train configs/${family}/${config}.yaml${settings} --out runs/${family}-${row}`,
        );
        const tasks = [record.greedy?.tasks ?? null, record.sampled.tasks];
        expect(tasks, place).toEqual(total ? [null, 1000] : [100, 100]);
        if (total) expect(record.sampled.total?.episodes, place).toBe(total === 'all' ? 100 : 10);
      }
    }
  });

  const major = (version: string) => version.split('.')[0];
  const kept = paper.filter(({ row }) => row === 'maml');
  it.skipIf(kept.length === 0)(
    'come from the checkpoints that are kept beside them',
    async () => {
      for (const { seed, evaluation, node, fusedMultiplyAdd } of kept) {
        const place = join(out, 'point-navigation', 'checkpoints', `seed-${seed}`);
        const steps = await evaluateOnPaperGoals(place, 3);
        const recorded = evaluation.result.steps;
        const list = (of: typeof steps, name: 'meanReturn' | 'ci95') => of.map((step) => step[name]);
        if (major(node) === major(process.version) && fusedMultiplyAdd === core.kernels().fused) {
          // Bit for bit; what is computed from the returns may be summed in another order.
          expect(steps.map(({ returns }) => returns)).toEqual(recorded.map(({ returns }) => returns));
          expect(list(steps, 'meanReturn')).toBeAllClose(list(recorded, 'meanReturn'), { rtol: 1e-12 });
          expect(list(steps, 'ci95')).toBeAllClose(list(recorded, 'ci95'), { rtol: 1e-12 });
        } else {
          // Rounding differs, and an episode that just reaches its goal may end a step later.
          expect(list(steps, 'meanReturn')).toBeAllClose(list(recorded, 'meanReturn'), { rtol: 0, atol: 0.1 });
        }
      }
    },
    300_000,
  );
});
