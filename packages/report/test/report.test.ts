import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readReportData, renderReport, writeReport } from '../src/index.js';
import { config, largeRun, type RunFiles, smallRun, writeRun } from './fixture.js';
import { all, one, parsePage, section, text } from './page.js';

async function source(files: RunFiles): Promise<string> {
  return renderReport(await readReportData(await writeRun(files)));
}

describe('the page', () => {
  it('leads with the numbers in plain words', async () => {
    const body = text(parsePage(await source(smallRun())));
    expect(body).toContain('Return before adaptation−25.00± 4.00');
    expect(body).toContain('Return after 1 step−14.25± 2.00');
    expect(body).toContain('Measured on 4 unseen tasks, with 5 episodes a task');
    expect(body).toContain('For comparison, MAML (published) has −12.00 ± 1.00 after 1 step.');
    expect(body).not.toContain('Unfinished');
  });

  it('shows the total of all episodes of a task where that is what counts', async () => {
    const total = (score: string) => ({ ...smallRun(), config: { ...config('total', 3), evaluation: { score } } });
    // 5 · (return before + return after): −250, −110, −175, −250. Mean −196.25; deviations −53.75, 86.25, 21.25, −53.75, whose squares
    // sum to 13 668.75: sd √4556.25 = 67.5, 1.96 · 67.5 / √4 = 66.15.
    const sentence = 'All 10 episodes of a task, those adapted to included, earned −196.3 ± 66.2 together.';
    expect(text(parsePage(await source(total('total'))))).toContain(sentence);
    expect(text(parsePage(await source(total('adapted'))))).not.toContain('together');
    const greedy = total('total');
    greedy.evaluation = { ...greedy.evaluation, greedy: true };
    expect(text(parsePage(await source(greedy)))).not.toContain('together');
  });

  it('shows a run that is unfinished and has no evaluation', async () => {
    const files = { ...smallRun(), config: config('half', 5), evaluation: null };
    const page = parsePage(await source(files));
    expect(text(page)).toContain('Unfinished run: 3 of 5 iterations are done.');
    expect(text(page)).toContain('This run has no final evaluation yet.');
    expect(all(page, 'h2').map(text)).toEqual([
      'What ran',
      'Learning curve',
      'Optimisation health',
      'How to reproduce',
    ]);
    expect(text(section(page, 'How to reproduce'))).toMatch(
      /Go on from the last checkpoint:npx innerloop resume \S+ Resolved/,
    );
  });

  it('counts the iterations of a run that was taken further', async () => {
    const directory = await writeRun({ ...smallRun(), config: config('longer', 2) });
    const pageFor = async (iterations: number) => {
      await mkdir(join(directory, 'checkpoints'), { recursive: true });
      await writeFile(join(directory, 'checkpoints', 'last.json'), JSON.stringify({ iterations }));
      return text(parsePage(renderReport(await readReportData(directory))));
    };
    expect(await pageFor(3)).toMatch(/Iterations3 of 3, taken further from 2.*--iterations 6/);
    expect(await pageFor(4)).toContain('Unfinished run: 3 of 4 iterations are done.');
  });

  it('shows a run without any iteration', async () => {
    const page = parsePage(await source({ ...smallRun(), metrics: [], evaluation: null }));
    expect(text(page)).toContain('Unfinished run: no iteration has finished yet.');
    expect(text(section(page, 'Learning curve'))).toContain('No returns have been recorded yet.');
  });

  it('shows a single iteration, a single task and a single number of steps', async () => {
    const files = smallRun();
    files.metrics = files.metrics.slice(0, 1);
    const result = { steps: [{ step: 0, meanReturn: -1, ci95: 0, returns: [-1] }], examples: [] };
    files.evaluation = { ...files.evaluation, tasks: [null], views: [], references: [], result };
    const page = parsePage(await source(files));
    expect(text(page)).toContain('Measured on 1 task, with 5 episodes');
    expect(text(section(page, 'Return'))).toContain('this run−1.00 ± 0.00');
  });

  it('speaks of no adaptation where there was none', async () => {
    const { tasks, policy, run, advantages } = config('pole', 2);
    const files = smallRun();
    files.config = {
      ...{ run, tasks, policy, advantages },
      trainer: { use: 'policy-gradient', stepsPerIteration: 100 },
      optimizer: { use: 'trpo', maxKl: 0.02 },
      baseline: { use: 'mlp-value' },
    };
    files.metrics = files.metrics.slice(0, 2).map(({ iteration, accepted, backtracks, gradientNorm }) => ({
      ...{ iteration, accepted, backtracks, gradientNorm, entropy: 0.6 },
      'return/mean': 20 * (iteration as number),
      'kl/policy': 0.015,
      'value/explainedVariance': iteration === 1 ? null : 0.5,
      'evaluation/return/0': 21,
      'evaluation/ci95/0': 1,
    }));
    const { examples } = (smallRun().evaluation as Record<string, unknown>).result as {
      examples: { episodes: unknown[] }[];
    };
    files.evaluation = {
      ...files.evaluation,
      tasks: [{}, {}],
      greedy: true,
      stepSizes: null,
      views: [null],
      references: [{ label: 'TRPO (zoo)', meanReturn: [500], source: 'a page', greedy: false, taskSet: 'all' }],
      result: {
        steps: [{ step: 0, meanReturn: 40, ci95: 2, returns: [39, 41] }],
        examples: [{ task: {}, episodes: examples[0]?.episodes.slice(0, 1) }],
      },
    };
    const page = parsePage(await source(files));
    expect(text(page)).not.toMatch(/adaptation|after 0 steps|meta/i);
    expect(all(page, 'h2').map(text)).toEqual([
      ...['What ran', 'Learning curve', 'Return', 'Rewards over time', 'Optimisation health', 'How to reproduce'],
    ]);
    expect(text(page)).toContain('Return40.00± 2.00 (95 % interval)');
    expect(text(page)).toContain(
      'Measured on one task, 2 times, with 5 episodes a time, greedy actions, from the best',
    );
    expect(text(page)).toContain("TRPO (zoo) has 500.0 (on the task set 'all', with sampled actions).");
    expect(text(section(page, 'Return'))).toContain('Mean over 2 measurements of one task with greedy actions');
    expect(text(section(page, 'Return'))).toContain('TRPO (zoo)500.0');
    const panels = text(section(page, 'Optimisation health'));
    for (const title of ['KL of the policy step', 'limit, 0.02', 'Entropy of the policy', 'value function explains']) {
      expect(panels).toContain(title);
    }
    expect(text(section(page, 'How to reproduce'))).toMatch(
      /Measure returns as above:.* --steps 0 .*--seed 7 --greedy/,
    );
  });

  it('shows a run of another trainer, with fewer metrics', async () => {
    const { trainer, tasks, policy, run } = config('plain', 2);
    const files = smallRun();
    files.config = {
      run,
      tasks,
      policy,
      trainer: { ...trainer, use: 'policy-gradient' },
      optimizer: { use: 'gradient' },
    };
    files.metrics = [
      { iteration: 1, return: -5, gradientNorm: null },
      { iteration: 2, return: -4, gradientNorm: 0.5 },
    ];
    const page = parsePage(await source({ ...files, evaluation: null }));
    expect(all(one(section(page, 'Learning curve'), '.wide'), '.return path')).toHaveLength(1);
    expect(all(section(page, 'Optimisation health'), 'h3').map(text)).toEqual(['Norm of the gradient']);
  });

  it('gives command lines that a shell takes as they are', async () => {
    const data = await readReportData(await writeRun(smallRun()));
    const page = parsePage(renderReport({ ...data, directory: "runs/it's mine" }));
    const commands = all(page, 'pre.command').map((command) => command.textContent);
    const directory = `'runs/it'\\''s mine'`;
    expect(commands.slice(1)).toEqual([
      `npx innerloop resume ${directory} --iterations 6`,
      `npx innerloop evaluate ${directory} --tasks 4 --steps 1 --rollouts 5 --seed 7 --step-sizes 0.1,0.05`,
    ]);
  });

  it('escapes everything that comes from the run', async () => {
    const attack = '<script>alert("1")</script>';
    const files = smallRun();
    files.config = { ...config(attack, 3), note: attack };
    files.run = { ...files.run, source: attack, backend: { name: attack, reason: attack }, plugins: [attack] };
    files.metrics = files.metrics.map((line) => ({
      ...line,
      accepted: false,
      reason: attack,
      [`return/${attack}`]: 1,
    }));
    const references = [{ label: attack, meanReturn: [-1], source: `https://example.org/"><script>alert(1)</script>` }];
    files.evaluation = { ...files.evaluation, references, taskSet: attack, checkpoint: attack };
    const html = await source(files);
    expect(/<script/i.test(html)).toBe(false);
    const page = parsePage(html);
    expect(one(page, 'h1').textContent).toBe(attack);
    expect(all(page, 'script')).toEqual([]);
    const names = all(page, '*').flatMap((element) => [...element.attributes].map(({ name }) => name));
    expect(names.filter((name) => name.startsWith('on'))).toEqual([]);
  });

  it('refers to nothing outside itself', async () => {
    const html = await source(largeRun(60, 10));
    const page = parsePage(html);
    expect(all(page, 'script, link, img, image, iframe, object, embed, use, base')).toEqual([]);
    const urls = all(page, '*').flatMap((element) =>
      [...element.attributes]
        .filter(({ value }) => /https?:|url\(|^\/\//.test(value))
        .map(({ name, value }) => [element.tagName.toLowerCase(), name, value]),
    );
    expect(urls).toEqual([['a', 'href', 'https://arxiv.org/abs/1703.03400']]);
    expect(
      all(page, 'style')
        .map((style) => style.textContent)
        .join(),
    ).not.toMatch(/@import|url\(|https?:/);
  });
});

describe('reading a run', () => {
  it.each(['config.yaml', 'run.json', 'metrics.jsonl'])('says that %s is missing', async (name) => {
    const directory = await writeRun(smallRun());
    await rm(join(directory, name));
    const expected = { code: 'RUN_NOT_FOUND', message: expect.stringContaining(join(directory, name)) };
    await expect(writeReport(directory)).rejects.toMatchObject(expected);
  });

  it.each([
    ['config.yaml', 'run: [1, ', 'CONFIG_UNREADABLE', 'config.yaml: cannot be parsed'],
    ['config.yaml', 'run: { name: x }', 'CONFIG_UNREADABLE', 'run.seed: '],
    ['run.json', '{"innerloop":', 'RUN_UNREADABLE', 'run.json: cannot be parsed'],
    ['run.json', '{"innerloop": 1}', 'RUN_UNREADABLE', 'run.json: is not as expected'],
    ['metrics.jsonl', '{"iteration":1}\nbroken\n', 'RUN_UNREADABLE', 'metrics.jsonl, line 2: cannot be parsed'],
    ['metrics.jsonl', '{"iteration":1}\n{"kl":2}\n', 'RUN_UNREADABLE', 'metrics.jsonl, line 2: is not as expected'],
    ['evaluation.json', '{}', 'RUN_UNREADABLE', 'evaluation.json: is not as expected'],
  ])('names the place of what is broken in %s: %s', async (name, content, code, message) => {
    const directory = await writeRun(smallRun());
    await writeFile(join(directory, name), content);
    await expect(writeReport(directory)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('notices returns that do not match the tasks', async () => {
    const files = smallRun();
    files.evaluation = { ...files.evaluation, tasks: [1, 2, 3] };
    await expect(source(files)).rejects.toThrow(/result\.steps\.0\.returns: expected one a task, 3, found 4/);
  });

  it('leaves out a last line that was cut short, but not one that only lacks its end', async () => {
    const directory = await writeRun(smallRun());
    await writeFile(join(directory, 'metrics.jsonl'), '{"iteration":1}\n{"iteration":2,"ret');
    expect((await readReportData(directory)).metrics).toEqual([{ iteration: 1 }]);
    await writeFile(join(directory, 'metrics.jsonl'), '{"iteration":1}\n{"iteration":2}');
    expect((await readReportData(directory)).metrics).toEqual([{ iteration: 1 }, { iteration: 2 }]);
  });
});

describe('writing', () => {
  it('replaces an earlier report as a whole', async () => {
    const directory = await writeRun(smallRun());
    const path = await writeReport(directory);
    expect(path).toBe(join(directory, 'report.html'));
    const before = await readFile(path, 'utf8');
    const reader = await open(path);
    await writeFile(join(directory, 'metrics.jsonl'), '{"iteration":1,"return/after":-3}\n');
    await writeReport(directory);
    // Who had the earlier file open still reads all of it: it was replaced, not written over.
    expect(await reader.readFile('utf8')).toBe(before);
    await reader.close();
    expect(await readFile(path, 'utf8')).toContain('1 of 3');
    expect(await readdir(directory)).toEqual([
      'config.yaml',
      'evaluation.json',
      'metrics.jsonl',
      'report.html',
      'run.json',
    ]);
  });

  it('keeps the earlier report if the run cannot be read', async () => {
    const directory = await writeRun(smallRun());
    const before = await readFile(await writeReport(directory), 'utf8');
    await writeFile(join(directory, 'run.json'), '');
    await expect(writeReport(directory)).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
    expect(await readFile(join(directory, 'report.html'), 'utf8')).toBe(before);
  });

  it('leaves nothing behind if the file cannot be written', async () => {
    const directory = await writeRun(smallRun());
    const file = join(directory, 'taken');
    await mkdir(join(file, 'inside'), { recursive: true });
    const expected = { code: 'FILE_NOT_WRITTEN', message: expect.stringContaining(file) };
    await expect(writeReport(directory, { file })).rejects.toMatchObject(expected);
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await readdir(file)).toEqual(['inside']);
  });

  it('writes elsewhere if asked to', async () => {
    const directory = await writeRun(smallRun());
    const file = join(directory, 'other.html');
    expect(await writeReport(directory, { file })).toBe(file);
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>/);
  });
});
