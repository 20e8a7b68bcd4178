import { describe, expect, it } from 'vitest';
import { phases } from '../src/figures/health.js';
import { readReportData, renderReport } from '../src/index.js';
import { largeRun, type RunFiles, smallRun, writeRun } from './fixture.js';
import { all, numbers, one, type PageElement, parsePage, section } from './page.js';

async function page(files: RunFiles): Promise<PageElement> {
  return parsePage(renderReport(await readReportData(await writeRun(files))));
}

const small = await page(smallRun());
const large = await page(largeRun(120, 40));

describe('learning curve', () => {
  const wide = (root: PageElement) => one(section(root, 'Learning curve'), '.wide');

  it('puts returns where the scale says', () => {
    // Returns span −40 … −10, which is nice already; height 380 with margins 30 and 42: −40 at 338, −10 at 30.
    // Iterations 1 … 3 span 56 … 944. −20 is two thirds up: 338 − 308 · 2/3 = 132.667; −38: 338 − 308 · 2/30 = 317.467.
    const after = numbers(one(wide(small), '.return-after path'), 'd');
    expect(after).toBeAllClose([56, 338 - 308 / 3, 500, 132.667, 944, 30], { atol: 0.01 });
    const before = numbers(one(wide(small), '.return-before path'), 'd');
    expect(before.slice(2, 4)).toBeAllClose([500, 317.467], { atol: 0.01 });
  });

  it('has no smoothed line and no validation where there is no reason', () => {
    expect(all(small, '.return-after-smoothed')).toEqual([]);
    expect(all(small, '.validation-1')).toEqual([]);
    expect(all(small, '.best')).toEqual([]);
  });

  it('smooths long runs, and shows validation with intervals and the best checkpoint', () => {
    const curve = wide(large);
    // 120 points, two numbers each.
    expect(numbers(one(curve, '.return-after path'), 'd')).toHaveLength(240);
    expect(numbers(one(curve, '.return-after-smoothed path'), 'd')).toHaveLength(240);
    // Every tenth of 120 iterations.
    expect(all(curve, '.validation-0 > *')).toHaveLength(12);
    expect(all(curve, '.validation-1 > *')).toHaveLength(12);
    expect(all(curve, '.validation-1-interval line')).toHaveLength(12);
    // The best one is the last that says so, iteration 90: x = 56 + 888 · 89/119.
    expect(numbers(one(curve, '.best line'), 'x1')).toBeAllClose([720.134], { atol: 0.01 });
  });

  it('averages over a window', async () => {
    // 0 and 9 in turn. The window of 120 iterations is nine wide: about a 0 it holds four nines, mean 4; about a 9, five.
    const files = largeRun(120, 4);
    files.metrics = files.metrics.map(({ iteration }, index) => ({ iteration, return: index % 2 === 0 ? 0 : 9 }));
    const path = numbers(one(wide(await page(files)), '.return-smoothed path'), 'd');
    const y = (value: number) => 338 - (308 * value) / 9;
    expect([path[2 * 60 + 1], path[2 * 61 + 1]]).toBeAllClose([y(4), y(5)], { atol: 0.01 });
  });
});

describe('return against adaptation steps', () => {
  const wide = one(section(small, 'Return against adaptation steps'), '.wide');

  it('puts means, intervals and references where the scale says', () => {
    // Values with intervals span −42 … −11, made nice to −45 … −10; height 360: −45 at 318, −10 at 30.
    const y = (value: number) => 318 - ((value + 45) / 35) * 288;
    // Steps 0 and 1 at 56 + 24 and 960 − 16 − 24; two rows, 8 pixels apart, so 4 to the left and right of it.
    const ours = all(wide, '.row-0-dot circle');
    expect(ours.map((dot) => Number(dot.getAttribute('cx')))).toEqual([80, 920]);
    expect(ours.map((dot) => Number(dot.getAttribute('cy')))).toBeAllClose([y(-25), y(-14.25)], { atol: 0.01 });
    expect(one(wide, '.row-0-dot').getAttribute('transform')).toBe('translate(-4,0)');
    expect(one(wide, '.row-1-dot').getAttribute('transform')).toBe('translate(4,0)');
    const interval = all(wide, '.row-0-interval line')[1] as PageElement;
    const ends = [...numbers(interval, 'y1'), ...numbers(interval, 'y2')].sort((a, b) => a - b);
    expect(ends).toBeAllClose([y(-12.25), y(-16.25)], { atol: 0.01 });
    expect(numbers(one(wide, '.row-1-line path'), 'd')).toBeAllClose([80, y(-40), 920, y(-12)], { atol: 0.01 });
  });

  it('says the same in a table', () => {
    const rows = all(one(section(small, 'Return against adaptation steps'), 'table'), 'tbody tr');
    const cells = rows.map((row) => all(row, 'th, td').map((cell) => cell.textContent));
    expect(cells).toEqual([
      ['this run', '−25.00 ± 4.00', '−14.25 ± 2.00'],
      ['MAML (published)', '−40.00 ± 2.00', '−12.00 ± 1.00'],
    ]);
    const sources = one(section(small, 'Return against adaptation steps'), 'details');
    expect(one(sources, 'dd a').textContent).toBe('https://example.org/paper');
  });

  it('draws a reference without intervals', () => {
    const figure = one(section(large, 'Return against adaptation steps'), '.wide');
    expect(all(figure, '.row-2-dot > *')).toHaveLength(4);
    expect(all(figure, '.row-2-interval line')).toHaveLength(0);
    expect(all(figure, '.row-1-interval line')).toHaveLength(4);
  });
});

describe('change per task', () => {
  const figures = section(small, 'Change per task');

  it('has one mark a task, gains and losses of another shape', () => {
    expect(all(figures, '.gain circle')).toHaveLength(3);
    expect(all(figures, '.loss path')).toHaveLength(1);
    const panels = all(section(large, 'Change per task'), 'figure');
    expect(panels.map((panel) => all(panel, '.gain > *, .loss > *').length)).toEqual([40, 40, 40]);
  });

  it('sorts the tasks and puts changes where the scale says', () => {
    // Changes −2, 5, 10, 30 at ranks 1 … 4 of 0 … 5 over 48 … 312 pixels: 52.8 a rank.
    // The range −2 … 30 is made nice to −5 … 30; height 260 with margins 30 and 28: −5 at 232, 30 at 30.
    const y = (value: number) => 232 - ((value + 5) / 35) * 202;
    const gains = all(figures, '.gain circle');
    expect(gains.map((dot) => Number(dot.getAttribute('cx')))).toBeAllClose([153.6, 206.4, 259.2], { atol: 0.01 });
    expect(gains.map((dot) => Number(dot.getAttribute('cy')))).toBeAllClose([y(5), y(10), y(30)], { atol: 0.01 });
    const place = one(figures, '.loss path').getAttribute('transform') ?? '';
    expect(
      place
        .match(/-?\d+(\.\d+)?/g)
        ?.slice(0, 2)
        .map(Number),
    ).toBeAllClose([100.8, y(-2)], { atol: 0.01 });
  });

  it('counts the tasks that got worse in words', () => {
    const words = 'After 1 step, 3 of 4 tasks improved, 1 got worse (the most: task 2, by 2.00).';
    expect(one(figures, 'figcaption').textContent).toBe(words);
    expect(one(figures, 'svg.plot').getAttribute('aria-label')).toContain(words);
  });
});

describe('trajectories', () => {
  const panels = all(section(small, 'Trajectories'), 'figure');

  it('has a panel a task and a line a number of steps', () => {
    expect(panels).toHaveLength(2);
    const [plane, rewards] = panels as [PageElement, PageElement];
    expect(all(plane, '.path path')).toHaveLength(2);
    expect(all(plane, '.target > *')).toHaveLength(1);
    expect(all(rewards, '.rewards path')).toHaveLength(2);
    expect(all(rewards, '.target')).toHaveLength(0);
    expect(all(section(large, 'Trajectories'), '.path path')).toHaveLength(6 * 4);
  });

  it('has equal scales on both axes, with the goal in its place', () => {
    // x spans 0 … 0.4, y 0 … 0.1; the square around them has sides of 0.4 · 1.1 = 0.44 about (0.2, 0.05).
    // It is drawn over 44 … 288 and 256 … 12: 244 pixels each way.
    const x = (value: number) => 44 + ((value + 0.02) / 0.44) * 244;
    const y = (value: number) => 256 - ((value + 0.17) / 0.44) * 244;
    const plane = panels[0] as PageElement;
    const after = numbers(one(plane, '.path.step-1 path'), 'd');
    expect(after).toBeAllClose([x(0), y(0), x(0.2), y(0), x(0.4), y(0)], { atol: 0.01 });
    const before = numbers(one(plane, '.path.step-0 path'), 'd');
    expect(before.slice(4)).toBeAllClose([x(0), y(0.1)], { atol: 0.01 });
    expect(numbers(one(plane, '.target path'), 'transform')).toBeAllClose([x(0.4), y(0)], { atol: 0.01 });
  });

  it('tells the steps apart by dashes too', () => {
    const dashes = [0, 1, 2, 3].map((step) => {
      const group = all(section(large, 'Trajectories'), `.path.step-${step}`)[0] as PageElement;
      return group.getAttribute('stroke-dasharray');
    });
    expect(new Set(dashes).size).toBe(4);
  });

  it('draws rewards over time where no task has a view', async () => {
    const figures = section(await page(largeRun(12, 8, false)), 'Rewards over time');
    expect(all(figures, '.rewards path')).toHaveLength(6 * 4);
    // One point a time step: 60 rewards of two numbers.
    expect(numbers(all(figures, '.rewards path')[0] as PageElement, 'd')).toHaveLength(120);
  });
});

describe('optimisation health', () => {
  const health = section(small, 'Optimisation health');
  const panel = (title: string) =>
    all(health, 'figure').find((figure) => figure.querySelector('h3')?.textContent === title) as PageElement;

  it('shows the limit of the KL, and the steps that were not taken', () => {
    const kl = panel('KL of the meta-step');
    // 0 … 0.01 over 178 … 30 (height 220, margins 42 and 30): the limit is at the top, 0.008 at 178 − 0.8 · 148.
    expect(numbers(one(kl, '.limit line'), 'y1')).toEqual([30]);
    expect(numbers(one(kl, '.kl-step path'), 'd')).toBeAllClose([56, 59.6, 180, 178, 304, 59.6], { atol: 0.01 });
    expect(all(kl, '.not-taken > *')).toHaveLength(1);
    const backtracks = panel('Backtracks of the line search');
    expect(all(backtracks, '.taken > *')).toHaveLength(2);
    expect(all(backtracks, '.not-taken > *')).toHaveLength(1);
  });

  it('says how many steps were taken, why not, and where the time went', () => {
    expect(health.textContent).toContain('2 of 3 steps were taken.');
    expect(health.textContent).toContain('no step <improved> the surrogate (1 time)');
    // 0.6 and 0.3 of 1 s.
    expect(health.textContent).toContain('60 % of all time went to sampling and 30 % to the update');
  });
});

it('says nothing of a line search where the optimizer has none', async () => {
  const read = await readReportData(await writeRun(smallRun()));
  const metrics = read.metrics.map((line) => ({ ...line, backtracks: 0 }));
  const health = (use: string) =>
    section(
      parsePage(renderReport({ ...read, metrics, config: Object.assign({}, read.config, { meta: { use } }) })),
      'Optimisation health',
    ).textContent;
  expect(health('trpo')).toMatch(/line search backtracked in 0 iterations.*Backtracks of the line search/s);
  expect(health('gradient')).not.toMatch(/line search/i);
});

it('tells the time of the value function apart, where it has a phase', async () => {
  const line = { iteration: 1, 'time/sample': 0.2, 'time/update': 0.1, 'time/value': 0.6, 'time/iteration': 1 };
  expect(phases(line)).toEqual({ sample: 0.2, update: 0.1, value: 0.6, rest: expect.closeTo(0.1) });
  const read = await readReportData(await writeRun(smallRun()));
  const health = section(parsePage(renderReport({ ...read, metrics: [line] })), 'Optimisation health');
  expect(health.textContent).toContain(
    '20 % of all time went to sampling, 10 % to the update and 60 % to the value function.',
  );
  expect(health.textContent).toContain('value function');
});

describe('every figure', () => {
  it.each([
    ['small', small],
    ['large', large],
  ])('has a text alternative, valid coordinates and no warning (%s)', (_, root) => {
    const figures = all(root, 'svg.plot');
    expect(figures.length).toBeGreaterThan(10);
    for (const figure of figures) {
      expect(figure.getAttribute('role')).toBe('img');
      expect((figure.getAttribute('aria-label') ?? '').length).toBeGreaterThan(40);
      expect(figure.textContent).not.toContain('⚠');
      for (const path of all(figure, 'path')) expect(path.getAttribute('d')).not.toMatch(/NaN|Infinity/);
    }
  });
});
