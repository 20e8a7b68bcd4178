import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { earlierRun, refused } from './support/refusal.js';

const { folder, tiny, earlier } = earlierRun();

describe('a run directory', () => {
  it('that exists', async () => {
    const error = await refused('train', tiny, '--out', earlier);
    expect(error).toContain(`${earlier} cannot be the directory of a new run: it already holds a run.`);
    expect(error).toContain(`Choose another --out, or go on with that run: resume ${earlier}`);
  });

  it('that is a folder of other things', async () => {
    const error = await refused('train', tiny, '--out', join(folder, 'runs'));
    expect(error).toMatch(/is not empty: it holds .*'earlier'/);
  });

  it.each(['resume', 'evaluate', 'report'])('that is not there: %s', async (command) => {
    const path = join(folder, 'runs', 'erlier');
    expect(await refused(command, path)).toContain(`There is no run at ${path}. Did you mean ${earlier}?`);
  });

  it.each(['resume', 'evaluate', 'report'])('that is no run: %s', async (command) => {
    const error = await refused(command, join(folder, 'runs'));
    expect(error).toContain("is not a run: it has no config.yaml. It holds the runs 'earlier'");
  });
});
