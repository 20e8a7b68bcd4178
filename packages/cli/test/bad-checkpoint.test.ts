import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { earlierRun, refused } from './support/refusal.js';
import { contents } from './support/runs.js';

const { folder, earlier } = earlierRun();

describe('a checkpoint', () => {
  /** A copy of the earlier run, to be damaged. */
  const damaged = (damage: (checkpoints: string) => void): string => {
    const copy = join(folder, 'damaged');
    rmSync(copy, { recursive: true, force: true });
    cpSync(earlier, copy, { recursive: true });
    damage(join(copy, 'checkpoints'));
    return copy;
  };
  const parametersFile = (checkpoints: string, name: 'last' | 'best') =>
    join(checkpoints, (JSON.parse(readFileSync(join(checkpoints, `${name}.json`), 'utf8')) as { file: string }).file);

  it('that is truncated', async () => {
    const copy = damaged((checkpoints) => truncateSync(parametersFile(checkpoints, 'last'), 300));
    const after = contents(copy);
    const error = await refused('resume', copy, '--iterations', '8');
    expect(error).toContain(parametersFile(join(copy, 'checkpoints'), 'last'));
    expect(error).toContain('truncated');
    expect(contents(copy)).toEqual(after);
  });

  it('that is truncated, while the other is intact', async () => {
    // The best is that of iteration 2, 4 or 6, and of another file than the last unless it is 6.
    const best = JSON.parse(readFileSync(join(earlier, 'checkpoints/best.json'), 'utf8')) as { iteration: number };
    expect(best.iteration).toBeLessThan(6);
    const copy = damaged((checkpoints) => truncateSync(parametersFile(checkpoints, 'best'), 300));
    const error = await refused('evaluate', copy, '--tasks', '2');
    expect(error).toContain('The last checkpoint (iteration 6) is intact: use it with --checkpoint last.');
    expect((await run('evaluate', copy, '--tasks', '2', '--checkpoint', 'last')).code).toBe(0);
  });

  it('that was altered', async () => {
    const copy = damaged((checkpoints) => {
      const path = parametersFile(checkpoints, 'last');
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      writeFileSync(path, bytes);
    });
    const error = await refused('evaluate', copy, '--checkpoint', 'last');
    expect(error).toContain('was altered since it was saved');
  });

  it('whose pointer cannot be read', async () => {
    const copy = damaged((checkpoints) => truncateSync(join(checkpoints, 'last.json'), 20));
    const error = await refused('resume', copy, '--iterations', '8');
    expect(error).toContain(`${join(copy, 'checkpoints/last.json')} cannot be read: it is not JSON, perhaps truncated`);
  });

  it('that is not there', async () => {
    const copy = damaged((checkpoints) => rmSync(join(checkpoints, 'best.json')));
    const error = await refused('evaluate', copy, '--checkpoint', 'best');
    expect(error).toContain(`There is no checkpoint ${join(copy, 'checkpoints/best.json')}`);
  });
});
