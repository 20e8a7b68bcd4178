import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckpointContent, loadCheckpoint, ParameterLayout, saveCheckpoint } from '../src/index.js';
import { rejection, temporaryFolder } from './support/temporary.js';

const layout = new ParameterLayout([{ name: 'w', shape: [2] }]);

function content(iteration: number, more: Partial<CheckpointContent> = {}): CheckpointContent {
  return {
    iteration,
    iterations: 10,
    metricsLines: iteration,
    evaluation: { best: null },
    trainer: { moments: [0.1, -2] },
    layout,
    parameters: Float64Array.of(iteration, 1 / 3),
    ...more,
  };
}

/** A folder with the best checkpoint after iteration 3 and the last after 5. */
async function twoCheckpoints(): Promise<string> {
  const folder = join(temporaryFolder(), 'checkpoints');
  await saveCheckpoint(folder, ['best', 'last'], content(3, { score: -1.5 }));
  await saveCheckpoint(folder, ['last'], content(5, { evaluation: { best: { iteration: 3, score: -1.5 } } }));
  return folder;
}

describe('saveCheckpoint and loadCheckpoint', () => {
  it('gives back what was saved, and keeps only the parameters that a pointer names', async () => {
    const folder = await twoCheckpoints();
    expect(readdirSync(folder).sort()).toEqual(['000003.safetensors', '000005.safetensors', 'best.json', 'last.json']);
    const last = await loadCheckpoint(folder, 'last', layout);
    expect(last).toEqual({
      name: 'last',
      parameters: Float64Array.of(5, 1 / 3),
      record: {
        iteration: 5,
        iterations: 10,
        metricsLines: 5,
        evaluation: { best: { iteration: 3, score: -1.5 } },
        trainer: { moments: [0.1, -2] },
        file: '000005.safetensors',
        sha256: createHash('sha256')
          .update(readFileSync(join(folder, '000005.safetensors')))
          .digest('hex'),
      },
    });
    expect((await loadCheckpoint(folder, 'best', layout)).parameters).toEqual(Float64Array.of(3, 1 / 3));
    await saveCheckpoint(folder, ['best', 'last'], content(12));
    expect(readdirSync(folder).sort()).toEqual(['000012.safetensors', 'best.json', 'last.json']);
  });

  it('removes left-over temporary files, but nothing whose name is not its own', async () => {
    const folder = await twoCheckpoints();
    const temporary = '.last.json.01234567-89ab-cdef-0123-456789abcdef.tmp';
    for (const name of [temporary, '000004.safetensors', 'mine.safetensors', '000004 copy.safetensors', 'notes.tmp']) {
      writeFileSync(join(folder, name), 'x');
    }
    await saveCheckpoint(folder, ['last'], content(6));
    expect(readdirSync(folder).sort()).toEqual([
      '000003.safetensors',
      '000004 copy.safetensors',
      '000006.safetensors',
      'best.json',
      'last.json',
      'mine.safetensors',
      'notes.tmp',
    ]);
  });

  it("does not overwrite the other pointer's parameters with different ones of the same iteration", async () => {
    const folder = await twoCheckpoints();
    // As after a resume on a machine that computes slightly different numbers.
    const file = await saveCheckpoint(folder, ['last'], content(3, { parameters: Float64Array.of(3, 0.25) }));
    expect(file).toMatch(/^000003-[0-9a-f]{8}\.safetensors$/);
    expect((await loadCheckpoint(folder, 'best', layout)).parameters).toEqual(Float64Array.of(3, 1 / 3));
    expect((await loadCheckpoint(folder, 'last', layout)).parameters).toEqual(Float64Array.of(3, 0.25));
  });

  it('does not save a state that JSON cannot hold', async () => {
    const folder = await twoCheckpoints();
    const error = await rejection(
      saveCheckpoint(folder, ['last'], content(6, { trainer: { moments: [1, Number.NaN] } })),
    );
    expect(error).toMatchObject({ code: 'NUMBERS_NOT_FINITE' });
    expect((await loadCheckpoint(folder, 'last', layout)).record.iteration).toBe(5);
  });

  const INTACT = 'The best checkpoint (iteration 3) is intact: use it with --checkpoint best.';
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'truncated parameters',
      (folder) => truncateSync(join(folder, '000005.safetensors'), 100),
      /000005\.safetensors cannot be read as safetensors: it is truncated/,
    ],
    [
      'one altered byte',
      (folder) => {
        const path = join(folder, '000005.safetensors');
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
        writeFileSync(path, bytes);
      },
      /000005\.safetensors was altered since it was saved: its SHA-256 is [0-9a-f]{64}, and .*last\.json expects [0-9a-f]{64}/,
    ],
    [
      'missing parameters',
      (folder) => rmSync(join(folder, '000005.safetensors')),
      /000005\.safetensors, which .*last\.json names, is missing/,
    ],
    ['a missing pointer', (folder) => rmSync(join(folder, 'last.json')), /There is no checkpoint .*last\.json/],
    [
      'an empty pointer',
      (folder) => writeFileSync(join(folder, 'last.json'), ''),
      /last\.json cannot be read: it is empty/,
    ],
    [
      'a truncated pointer',
      (folder) => truncateSync(join(folder, 'last.json'), 50),
      /last\.json cannot be read: it is not JSON/,
    ],
    [
      'a pointer with a wrong field',
      (folder) => {
        const path = join(folder, 'last.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"metricsLines": 5', '"metricsLines": "5"'));
      },
      /last\.json is not a checkpoint: metricsLines:/,
    ],
    [
      'a pointer out of its folder',
      (folder) => {
        const path = join(folder, 'last.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('000005.safetensors', '../../a.safetensors'));
      },
      /last\.json is not a checkpoint: file:/,
    ],
  ])('reports %s, and that the other checkpoint can be used', async (_, damage, message) => {
    const folder = await twoCheckpoints();
    damage(folder);
    const error = await rejection(loadCheckpoint(folder, 'last', layout));
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(INTACT);
    expect((await loadCheckpoint(folder, 'best', layout)).record.iteration).toBe(3);
  });

  it('does not recommend the other checkpoint where that one is damaged too', async () => {
    const folder = await twoCheckpoints();
    truncateSync(join(folder, '000003.safetensors'), 9);
    truncateSync(join(folder, '000005.safetensors'), 9);
    expect((await rejection(loadCheckpoint(folder, 'best', layout))).message).not.toContain('--checkpoint');
    await rejection(loadCheckpoint(folder, 'last', layout));
  });

  it('keeps all parameters while one pointer cannot be read', async () => {
    const folder = await twoCheckpoints();
    writeFileSync(join(folder, 'best.json'), '{');
    await saveCheckpoint(folder, ['last'], content(6));
    expect(readdirSync(folder).sort()).toEqual([
      '000003.safetensors',
      '000005.safetensors',
      '000006.safetensors',
      'best.json',
      'last.json',
    ]);
  });
});
