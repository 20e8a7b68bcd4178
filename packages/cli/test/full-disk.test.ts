import { readdirSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { run } from './support/cli.js';
import { earlierRun, refused } from './support/refusal.js';
import { metricsOf, parametersOf } from './support/runs.js';

/** Which files the disk has no room for. */
const disk = vi.hoisted(() => ({ full: (_: string): boolean => false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest);
    if (disk.full(String(path))) {
      handle.writeFile = async () => {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
    }
    return handle;
  };
  return { ...real, open };
});

const { folder, tiny, earlier } = earlierRun();

afterEach(() => {
  disk.full = () => false;
});

describe('a full disk', () => {
  it('before a run', async () => {
    disk.full = () => true;
    const out = join(folder, 'full');
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(`${join(out, 'config.yaml')} could not be written: the disk is full.`);
    expect(readdirSync(folder)).not.toContain('full'); // Half a run is removed again.
  });

  it('during a run, which then goes on when there is room', async () => {
    disk.full = (path) => path.includes('000003');
    const out = join(folder, 'filled');
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(`${join(out, 'checkpoints/000003.safetensors')} could not be written: the disk is full.`);
    disk.full = () => false;
    expect((await run('resume', out)).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(earlier));
    expect(parametersOf(out, 'last').equals(parametersOf(earlier, 'last'))).toBe(true);
  });

  let count = 0;
  it.each(['metrics.jsonl', 'last.json', 'evaluation.json', 'report.html'])('while %s is written', async (file) => {
    disk.full = (path) => path.includes(file);
    const out = join(folder, `room-${count++}`);
    const error = await refused('train', tiny, '--out', out);
    expect(error).toContain(file);
    expect(error).toMatch(/the disk is full|ENOSPC/);
    disk.full = () => false;
    expect((await run('resume', out)).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(earlier));
  });

  it('when an earlier run is to go on', async () => {
    disk.full = () => true;
    const error = await refused('resume', earlier, '--iterations', '8');
    expect(error).toContain('the disk is full');
  });
});
