import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendToFile, writeFileAtomic } from '../src/index.js';
import { saboteur } from './support/failing-fs.js';
import { rejection, temporaryFolder } from './support/temporary.js';

vi.mock('node:fs/promises', async (original) =>
  (await import('./support/failing-fs.js')).sabotage(await original<typeof import('node:fs/promises')>()),
);

/** A file system of 64 KiB, where this process may make one. */
function smallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'innerloop-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();
afterAll(() => {
  if (disk === undefined) return;
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

beforeEach(() => saboteur.reset());

describe('writeFileAtomic', () => {
  it('replaces a file and leaves nothing else', async () => {
    const folder = temporaryFolder();
    await writeFileAtomic(join(folder, 'a.json'), 'old');
    await writeFileAtomic(join(folder, 'a.json'), Uint8Array.of(0x6e, 0x65, 0x77));
    expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  // The changes are: 1 open the temporary file, 2 write it, 3 rename it.
  it.each([
    [1, 'EACCES', 'permission was denied'],
    [1, 'EROFS', 'the file system is read-only'],
    [2, 'ENOSPC', 'the disk is full'],
    [2, 'EDQUOT', 'the disk quota is used up'],
    [3, 'EIO', 'the disk reported an error'],
  ])('leaves the earlier file when change %i fails with %s', async (at, code, words) => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.json');
    writeFileSync(path, 'old');
    saboteur.reset(at, code);
    const error = await rejection(writeFileAtomic(path, 'newer'));
    expect(error).toMatchObject({ code: 'FILE_NOT_WRITTEN', cause: { code } });
    expect(error.message).toContain(`${path} could not be written: ${words}.`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it.skipIf(disk === undefined)('leaves the earlier file on a disk that is really full', async () => {
    const path = join(disk as string, 'a.bin');
    await writeFileAtomic(path, 'old');
    // 64 KiB in all: 100 KiB cannot fit.
    const error = await rejection(writeFileAtomic(path, new Uint8Array(100 * 1024)));
    expect(error.message).toBe(`${path} could not be written: the disk is full. Free some space and try again.`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(disk as string)).toEqual(['a.bin']);
  });

  it('names a folder that does not exist, and a folder in the place of the file', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    expect((await rejection(writeFileAtomic(join(folder, 'no/a'), 'x'))).message).toContain(
      'the folder does not exist',
    );
    expect((await rejection(writeFileAtomic(join(folder, 'taken'), 'x'))).message).toContain('there is a folder');
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it.skipIf(process.getuid?.() === 0)('says that permission was denied', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o500);
    expect((await rejection(writeFileAtomic(join(folder, 'a'), 'x'))).message).toContain('permission was denied');
    chmodSync(folder, 0o700);
  });
});

describe('appendToFile', () => {
  it('cuts off what it could write of a line', async () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    await appendToFile(path, 'one\n');
    saboteur.reset(1, 'ENOSPC');
    expect((await rejection(appendToFile(path, 'a second line\n'))).message).toContain('the disk is full');
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    await appendToFile(path, 'two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  it.skipIf(process.platform !== 'linux')('reports a full device', async () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    symlinkSync('/dev/full', path);
    const error = await rejection(appendToFile(path, 'line\n'));
    expect(error).toMatchObject({ code: 'FILE_NOT_WRITTEN' });
    expect(error.message).toBe(`${path} could not be written: the disk is full. Free some space and try again.`);
  });
});
