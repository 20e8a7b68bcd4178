import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readReportData, renderReport } from '../src/index.js';
import { config, type RunFiles, smallRun, writeRun } from './fixture.js';
import { all, numbers, one, type PageElement, parsePage, section, text } from './page.js';

const folder = await mkdtemp(join(tmpdir(), 'innerloop-compare-'));
afterAll(() => rm(folder, { recursive: true }));

/** The evaluation of the small run with these mean returns, intervals of 2. */
function evaluationOf(means: readonly number[], changes: Record<string, unknown> = {}) {
  const steps = means.map((meanReturn, step) => ({ step, meanReturn, ci95: 2, returns: [0, 0, 0, 0] }));
  return { ...smallRun().evaluation, views: [], ...changes, result: { steps, examples: [] } };
}

async function fileWith(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

async function pageWith(...compare: string[]): Promise<PageElement> {
  return parsePage(renderReport(await readReportData(await writeRun(smallRun()), { compare })));
}

const adaptation = (page: PageElement) => section(page, 'Return against adaptation steps');
const rowsOf = (page: PageElement) =>
  all(one(adaptation(page), 'table'), 'tbody tr').map((row) => all(row, 'th, td').map((cell) => cell.textContent));

const OURS = ['this run', '−25.00 ± 4.00', '−14.25 ± 2.00'];
const PUBLISHED = ['MAML (published)', '−40.00 ± 2.00', '−12.00 ± 1.00'];

describe('compare', () => {
  it('adds a row for a run, a file and a record, before the published ones', async () => {
    const second: RunFiles = { ...smallRun(), config: config('second', 3), evaluation: evaluationOf([-30, -20]) };
    const other = [{ goal: [0, 0] }, { goal: [1, 0] }, { goal: [0, 1] }, { goal: [1, 1] }];
    const page = await pageWith(
      await writeRun(second),
      await fileWith('random.json', evaluationOf([-80, -60, -50], { tasks: other, seed: 9, stepSizes: null })),
      await fileWith('record.json', { label: 'oracle, seed 1', row: 'oracle', evaluation: evaluationOf([-2.5]) }),
    );
    expect(rowsOf(page)).toEqual([
      [...OURS, '–'],
      ['second, seed 1', '−30.00 ± 2.00', '−20.00 ± 2.00', '–'],
      ['random', '−80.00 ± 2.00', '−60.00 ± 2.00', '−50.00 ± 2.00'],
      ['oracle, seed 1', '−2.50 ± 2.00', '–', '–'],
      [...PUBLISHED, '–'],
    ]);
    const sources = one(adaptation(page), 'details');
    expect(text(one(sources, 'summary'))).toBe('Sources of the other rows');
    expect(all(sources, 'dd').map(text)).toEqual([
      expect.stringMatching(
        /evaluation\.json, on the tasks of this run, 5 episodes each, seed 7, step sizes 0\.1, 0\.05$/,
      ),
      expect.stringMatching(/random\.json, on 4 other tasks, 5 episodes each, seed 9$/),
      expect.stringMatching(/record\.json, on the tasks of this run, 5 episodes each, seed 7/),
      'https://example.org/paper',
    ]);
  });

  it('draws each row with a look of its own', async () => {
    const files = await Promise.all(
      [-30, -35, -40].map((mean, index) => fileWith(`mean-${index}.json`, evaluationOf([mean, mean + 10]))),
    );
    const wide = one(adaptation(await pageWith(...files)), '.wide');
    // Values with intervals span −42 … −11, made nice to −45 … −10; height 360: −45 at 318, −10 at 30.
    const y = (value: number) => 318 - ((value + 45) / 35) * 288;
    expect(numbers(one(wide, '.row-1-line path'), 'd')).toBeAllClose([80, y(-30), 920, y(-20)], { atol: 0.01 });
    expect(numbers(one(wide, '.row-3-line path'), 'd')).toBeAllClose([80, y(-40), 920, y(-30)], { atol: 0.01 });
    expect(all(wide, '.row-2-interval line')).toHaveLength(2);
    // Five rows, 8 pixels apart; the one in the middle is not moved.
    const shift = (row: number) => numbers(one(wide, `.row-${row}-dot`), 'transform')[0];
    expect([0, 1, 2, 3, 4].map(shift)).toEqual([-16, -8, undefined, 8, 16]);
    const looks = [0, 1, 2, 3, 4].map((row) => {
      const line = one(wide, `.row-${row}-line`);
      return `${line.getAttribute('stroke')} ${line.getAttribute('stroke-dasharray')}`;
    });
    expect(new Set(looks).size, looks.join()).toBe(5);
  });

  it('names a file called evaluation.json after its folder', async () => {
    const run = await writeRun({ ...smallRun(), evaluation: evaluationOf([-30, -20]) });
    expect(rowsOf(await pageWith(join(run, 'evaluation.json')))[1]?.[0]).toBe(basename(run));
  });

  it('changes nothing if there is nothing to compare with', async () => {
    const page = await pageWith();
    expect(rowsOf(page)).toEqual([OURS, PUBLISHED]);
    expect(text(one(one(adaptation(page), 'details'), 'summary'))).toBe('Sources of the published rows');
  });

  it('escapes what comes from the files', async () => {
    const attack = '<script>alert("1")</script>';
    const page = await pageWith(await fileWith('attack.json', { label: attack, evaluation: evaluationOf([-1, -1]) }));
    expect(all(page, 'script')).toEqual([]);
    expect(rowsOf(page)[1]?.[0]).toBe(attack);
  });

  it('refuses what is not there, not finished or broken, and names it', async () => {
    const missing = join(folder, 'missing');
    await expect(pageWith(missing)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining(`there is nothing at ${missing}`),
    });
    const unfinished = await writeRun({ ...smallRun(), evaluation: null });
    await expect(pageWith(unfinished)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining(`innerloop resume ${unfinished}`),
    });
    const broken = await fileWith('broken.json', { evaluation: { tasks: [] } });
    await expect(pageWith(broken)).rejects.toMatchObject({
      code: 'RUN_UNREADABLE',
      message: expect.stringMatching(/broken\.json: is not as expected: evaluation\.tasks: /),
    });
    await expect(pageWith(await fileWith('list.json', [1]))).rejects.toThrow(/list\.json: is not as expected/);
  });
});
