import { describe, expect, it } from 'vitest';
import { resultsPage } from '../lib/results/page.mjs';
import { barOf, passes } from '../lib/results/point-navigation-page.mjs';
import { cellsOf, paperRecord, seedRecord } from './support/results.js';

const pageOf = (...families: [string, object[]][]) => resultsPage(new Map(families)) as string;

describe('the section on 2D navigation', () => {
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

  it('has every row, ours and the paper’s, with its verdict', () => {
    const records = [
      paperRecord('maml', 1, [-40, -10, -3, -3], [published]),
      paperRecord('maml', 2, [-40, -12, -3.5, -3], [published]),
      paperRecord('maml', 3, [-40, -14, -3.2, -3], [published]), // below −13.9 after one step
      paperRecord('pretrained', 1, [-42, -35, -30, -28], [published]),
      paperRecord('random', 1, [-80, -60, -50, -45], [published]),
      paperRecord('oracle', 1, [-2.5]),
    ];
    const page = pageOf(['point-navigation', records]);
    const cells = cellsOf(page);
    // sd of −10, −12, −14 is 2; t of 2 degrees of freedom is 4.303: 4.303 · 2 / √3 = 4.97.
    const maml = ['−40.00 ± 0.00', '−12.00 ± 4.97', '−3.23 ± 0.63', '−3.00 ± 0.00'];
    expect(cells).toContainEqual(['MAML', '3 seeds', ...maml, '2 of 3 seeds']);
    const pretrained = ['−42.00 ± 0.50', '−35.00 ± 0.50', '−30.00 ± 0.50', '−28.00 ± 0.50'];
    expect(cells).toContainEqual(['Pretrained on all tasks jointly', '1 seed', ...pretrained, 'no']);
    expect(cells).toContainEqual(['Oracle that sees the goal', '1 seed', '−2.50 ± 0.50', '–', '–', '–', '–']);
    const theirs = ['−40.41 ± 4.01', '−11.68 ± 2.16', '−3.33 ± 0.55', '−3.23 ± 0.58'];
    expect(cells).toContainEqual(['MAML (Finn et al. 2017)', '', ...theirs, 'yes']);
    const third = ['−40.00 ± 0.50', '−14.00 ± 0.50', '−3.20 ± 0.50', '−3.00 ± 0.50'];
    expect(cells).toContainEqual(['MAML', '3', '60 of 100', ...third, 'no', '2 min 5 s', '4.3 s']);
    expect(page).toContain('tenth: −13.9, −3.9, −3.9 after 1, 2, 3 steps');
    expect(page).toContain('\nnpx innerloop train maml-1\nnpx innerloop train pretrained-1\n');
    expect(page).toContain(
      'backend wasm, 2 workers, kernels without fused multiply-add; A CPU, 2 cores, 8.0 GiB, linux x64',
    );
  });
});

describe('the section on an environment', () => {
  const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
  const cartPole = (row: string, greedy: number, steps: number, only = seeds) =>
    only.map((seed) => seedRecord({ family: 'cart-pole', row, seed, steps, greedy: [greedy], sampled: [400 + seed] }));
  /** Means, steps, time, target and verdict of a row. */
  const rowOf = (page: string, label: string) => cellsOf(page).find(([first]) => first === label);

  it('has greedy and sampled means over seeds, the most steps, the mean time, and a target that is met', () => {
    const page = pageOf(['cart-pole', [...cartPole('trpo', 490, 98_117), ...cartPole('vpg', 449, 250_000)]]);
    // 401 … 410: mean 405.5, sd 3.0277; t of 9 degrees of freedom is 2.262: 2.262 · 3.0277 / √10 = 2.17. Times 1 … 10 min: 5.5.
    const cells = ['TRPO', '10 seeds', '490.00 ± 0.00', '405.50 ± 2.17', '98 117', '5 min 30 s'];
    expect(rowOf(page, 'TRPO')).toEqual([...cells, '≥ 475 within 100 000 steps', 'yes']);
    expect(rowOf(page, 'VPG')?.slice(-2)).toEqual(['≥ 450 within 250 000 steps', 'no']); // 449
    expect(page.match(/npx innerloop train configs\/cart-pole\/trpo\.yaml/g)).toHaveLength(1);
    expect(cellsOf(page)).toContainEqual(['TRPO, greedy', ...seeds.map(() => '490.00')]);
    expect(cellsOf(page)).toContainEqual(['TRPO, sampled', ...seeds.map((seed) => `${400 + seed}.00`)]);
  });

  it('does not call a target met that took too many steps, in one seed', () => {
    const [first = {}, ...others] = cartPole('trpo', 500, 100_000);
    const over = { ...first, environmentSteps: 100_001 };
    expect(rowOf(pageOf(['cart-pole', [first, ...others]]), 'TRPO')?.at(-1)).toBe('yes');
    expect(rowOf(pageOf(['cart-pole', [over, ...others]]), 'TRPO')?.slice(4)).toEqual([
      '100 001',
      '5 min 30 s',
      '≥ 475 within 100 000 steps',
      'no',
    ]);
  });

  it('does not judge before all seeds are measured, and leaves rows without any out', () => {
    const page = pageOf(['cart-pole', cartPole('trpo', 500, 90_000, [1, 2, 3])]);
    expect(rowOf(page, 'TRPO')?.[1]).toBe('3 seeds');
    expect(rowOf(page, 'TRPO')?.at(-1)).toBe('–');
    expect(page).not.toContain('VPG');
    expect(page).not.toContain('## Acrobot');
  });

  it('has a minus in targets, and no target where there is none', () => {
    const list = (family: string) =>
      seeds.map((seed) => seedRecord({ family, row: 'trpo', seed, steps: 1e5, greedy: [-99.5], sampled: [-120] }));
    const page = pageOf(['acrobot', list('acrobot')], ['mountain-car', list('mountain-car')]);
    const rows = cellsOf(page).filter(([first]) => first === 'TRPO');
    expect(rows.map((row) => row.slice(-2))).toEqual([
      ['≥ −100 within 500 000 steps', 'yes'],
      ['–', '–'],
    ]);
  });

  it('has no sign before what rounds to 0', () => {
    const plan = { family: 'mountain-car-continuous', row: 'trpo', steps: 1, sampled: [-0.006] };
    const page = pageOf(['mountain-car-continuous', [seedRecord({ ...plan, seed: 1, greedy: [-0.004] })]]);
    expect(cellsOf(page)).toContainEqual(['TRPO, greedy', '0.00']);
    expect(cellsOf(page)).toContainEqual(['TRPO, sampled', '−0.01']);
  });

  it('names published results once for each source', () => {
    const references = [
      { label: 'TRPO', meanReturn: [500], source: 'a table' },
      { label: 'A2C', meanReturn: [480.5], source: 'a table' },
    ];
    const plan = { family: 'cart-pole', row: 'trpo', steps: 1, greedy: [500], sampled: [490], references };
    const page = pageOf(['cart-pole', [1, 2].map((seed) => seedRecord({ ...plan, seed }))]);
    expect(page).toContain('\n- TRPO 500.00; A2C 480.50: a table.\n');
    expect(page.match(/a table/g)).toHaveLength(1);
  });
});

describe('the sections on totals', () => {
  const record = (family: string, row: string, episodes: number) => (seed: number) =>
    seedRecord({ family, row, seed, steps: 800, sampled: [0.5, 0.75], total: { mean: 70 + seed, episodes } });

  it('have what all pulls pay, beside random arms and the best one', () => {
    const page = pageOf(['bandits', [1, 2, 3].map(record('bandits', 'bernoulli', 100))]);
    // 71, 72, 73: sd 1; 4.303 · 1 / √3 = 2.48. The best of 5 uniform means is 5/6 on average.
    const earned = ['72.00 ± 2.48', '50.00', '83.33', '800', '2 min 0 s'];
    expect(cellsOf(page)).toContainEqual(['MAML, Bernoulli arms', '3 seeds', ...earned, '≥ 67.1', 'yes']);
    expect(cellsOf(page)).toContainEqual(['MAML, Bernoulli arms, earned', '71.00', '72.00', '73.00']);
    expect(cellsOf(page)).toContainEqual(['MAML, Bernoulli arms, an episode after', '0.75', '0.75', '0.75']);
  });

  it('have what an episode of an MDP earns', () => {
    const page = pageOf(['tabular-mdp', [1, 2, 3].map(record('tabular-mdp', 'maml-trpo', 10))]);
    // 7.1, 7.2, 7.3 an episode, below 11.7.
    const earned = ['7.20 ± 0.25', '10.00', '21.85', '800', '2 min 0 s'];
    expect(cellsOf(page)).toContainEqual(['MAML', '3 seeds', ...earned, '≥ 11.7', 'no']);
  });
});
