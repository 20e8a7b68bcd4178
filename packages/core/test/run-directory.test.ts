import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RunDirectory } from '../src/index.js';
import { saboteur } from './support/failing-fs.js';
import { RUN_INFO } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

vi.mock('node:fs/promises', async (original) =>
  (await import('./support/failing-fs.js')).sabotage(await original<typeof import('node:fs/promises')>()),
);

beforeEach(() => saboteur.reset());

const FILES = { config: 'run:\n  name: a\n', info: RUN_INFO };

describe('RunDirectory.create', () => {
  it('writes the config and what the run was made with', async () => {
    const path = join(temporaryFolder(), 'runs/deep/a');
    const directory = await RunDirectory.create(path, FILES);
    expect(readdirSync(path).sort()).toEqual(['checkpoints', 'config.yaml', 'run.json']);
    expect(readFileSync(join(path, 'config.yaml'), 'utf8')).toBe('run:\n  name: a\n');
    const opened = await RunDirectory.open(path);
    expect(opened.path).toBe(directory.path);
    expect(await opened.readConfig()).toBe('run:\n  name: a\n');
    expect(await opened.readInfo()).toEqual(RUN_INFO);
    expect(await opened.readMetrics()).toEqual([]);
    expect(await opened.readEvaluation()).toBeNull();
  });

  it('takes an empty folder, and refuses everything else without touching it', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'empty'));
    await RunDirectory.create(join(folder, 'empty'), FILES);

    const again = await rejection(RunDirectory.create(join(folder, 'empty'), { ...FILES, config: 'other' }));
    expect(again).toMatchObject({ code: 'RUN_EXISTS' });
    expect(again.message).toContain('it already holds a run. Choose another --out, or go on with that run: resume');
    expect(readFileSync(join(folder, 'empty/config.yaml'), 'utf8')).toBe(FILES.config);

    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full/notes.txt'), 'mine');
    const full = await rejection(RunDirectory.create(join(folder, 'full'), FILES));
    expect(full).toMatchObject({ code: 'RUN_EXISTS' });
    expect(full.message).toContain("it holds 'notes.txt'");
    expect(readdirSync(join(folder, 'full'))).toEqual(['notes.txt']);

    const file = await rejection(RunDirectory.create(join(folder, 'full/notes.txt'), FILES));
    expect(file).toMatchObject({ code: 'RUN_EXISTS' });
    expect(readFileSync(join(folder, 'full/notes.txt'), 'utf8')).toBe('mine');
  });

  it('lets only one of two processes have a name', async () => {
    const path = join(temporaryFolder(), 'a');
    const outcomes = await Promise.allSettled([RunDirectory.create(path, FILES), RunDirectory.create(path, FILES)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await (await RunDirectory.open(path)).readInfo()).toEqual(RUN_INFO);
  });

  it('leaves nothing behind when the disk is full, so that the name can be used again', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a');
    await RunDirectory.create(path, FILES);
    const changes = saboteur.count;
    // Two folders, then three changes for each of two files.
    expect(changes).toBe(8);
    for (let at = 1; at <= changes; at++) {
      const other = join(folder, `try-${at}`);
      saboteur.reset(at, 'ENOSPC');
      expect(await rejection(RunDirectory.create(other, FILES))).toMatchObject({ code: 'FILE_NOT_WRITTEN' });
      saboteur.reset();
      await RunDirectory.create(other, FILES);
    }
  });
});

describe('RunDirectory.open', () => {
  it('says which run was probably meant', async () => {
    const folder = temporaryFolder();
    await RunDirectory.create(join(folder, 'quickstart-1'), FILES);
    await RunDirectory.create(join(folder, 'paper'), FILES);
    const error = await rejection(RunDirectory.open(join(folder, 'papr')));
    expect(error).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(error.message).toBe(`There is no run at ${join(folder, 'papr')}. Did you mean ${join(folder, 'paper')}?`);
    expect((await rejection(RunDirectory.open(folder))).message).toContain(
      "It holds the runs 'paper', 'quickstart-1': name one of them.",
    );
    expect((await rejection(RunDirectory.open(join(folder, 'paper/run.json')))).message).toContain('is a file');
    expect(await rejection(RunDirectory.open(join(folder, 'no/such')))).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('metrics.jsonl', () => {
  it('is read without a half-written last line, and cut as a whole', async () => {
    const directory = await RunDirectory.create(join(temporaryFolder(), 'a'), FILES);
    const path = join(directory.path, 'metrics.jsonl');
    for (const iteration of [1, 2, 3]) await directory.appendMetrics({ iteration, accepted: true });
    writeFileSync(path, '{"iteration":4,"acc', { flag: 'a' });
    expect((await directory.readMetrics()).map((line) => line.iteration)).toEqual([1, 2, 3]);
    expect(await directory.truncateMetrics(2)).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('{"iteration":1,"accepted":true}\n{"iteration":2,"accepted":true}\n');
    expect(await directory.truncateMetrics(5)).toBe(2);
    expect(await directory.truncateMetrics(0)).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('names the line that is broken', async () => {
    const directory = await RunDirectory.create(join(temporaryFolder(), 'a'), FILES);
    writeFileSync(join(directory.path, 'metrics.jsonl'), '{"iteration":1}\n{"iter\n{"iteration":3}\n');
    const error = await rejection(directory.readMetrics());
    expect(error).toMatchObject({ code: 'RUN_UNREADABLE' });
    expect(error.message).toContain('metrics.jsonl line 2 cannot be read');
  });

  it('reports run files that are no JSON objects', async () => {
    const directory = await RunDirectory.create(join(temporaryFolder(), 'a'), FILES);
    writeFileSync(join(directory.path, 'evaluation.json'), '7');
    expect((await rejection(directory.readEvaluation())).message).toContain(
      'evaluation.json cannot be read: it is not a JSON object',
    );
    writeFileSync(join(directory.path, 'run.json'), '{');
    expect(await rejection(directory.readInfo())).toMatchObject({ code: 'RUN_UNREADABLE' });
  });
});
