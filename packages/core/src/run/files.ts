import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InnerloopError, messageOf } from '../errors.js';

/** What the operating system's error codes mean, in words. */
const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission was denied',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large for the file system',
  EIO: 'the disk reported an error',
  EISDIR: 'there is a folder of that name',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'the folder does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'permission was denied',
  EROFS: 'the file system is read-only',
};

/** The operating system's code of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Why a file operation failed, in words. */
export function explainFileError(error: unknown): string {
  return CAUSES[systemCode(error) ?? ''] ?? messageOf(error);
}

/** A `FILE_NOT_WRITTEN` error that names the file and the cause. */
export function fileNotWritten(path: string, error: unknown, consequence = ''): InnerloopError {
  const advice = systemCode(error) === 'ENOSPC' ? ' Free some space and try again.' : '';
  const message = `${path} could not be written: ${explainFileError(error)}.${consequence}${advice}`;
  return new InnerloopError('FILE_NOT_WRITTEN', message, { cause: error });
}

/** Whether a name is that of a temporary file of {@link writeFileAtomic}, left behind by a process that was killed. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f-]{36}\.tmp$/.test(name);
}

/**
 * Replaces a file as a whole: readers, and whoever comes after a crash, find either all of the old content or all of the
 * new. It is written beside the file, forced to the disk, and renamed.
 *
 * @throws InnerloopError `FILE_NOT_WRITTEN`; an earlier file is then as it was, and no temporary file remains.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileNotWritten(path, error);
  }
  await syncFolder(dirname(path));
}

/** Forces a rename to the disk, where the platform can do that to a folder. */
async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch {
    // Windows cannot open folders; the rename is then as durable as the platform makes it.
  } finally {
    await handle?.close();
  }
}

/**
 * Adds text at the end of a file, which is made if need be.
 *
 * @throws InnerloopError `FILE_NOT_WRITTEN`; what could be written of the text is then cut off again.
 */
export async function appendToFile(path: string, text: string): Promise<void> {
  let handle: FileHandle | undefined;
  let before: number | undefined;
  try {
    handle = await open(path, 'a');
    const stats = await handle.stat();
    if (stats.isFile()) before = stats.size;
    await handle.writeFile(text);
  } catch (error) {
    if (before !== undefined) await handle?.truncate(before).catch(() => undefined);
    throw fileNotWritten(path, error);
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

/** Forces what was appended to a file to the disk. A file that does not exist is left so. */
export async function syncFile(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r+');
    await handle.sync();
  } catch (error) {
    // Devices and pipes have nothing to force.
    if (!['ENOENT', 'EINVAL', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw fileNotWritten(path, error);
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
