import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InnerloopError, messageOf } from '@innerloop/core';
import { readReportData } from './data/read-run.js';
import { renderReport } from './render-report.js';

/** Where a report goes. */
export interface WriteReportOptions {
  /** The file to write; `report.html` in the run directory by default. */
  readonly file?: string;
}

/**
 * Reads a run directory and writes its report. The file appears whole or not at all: an earlier report stays until the
 * new one is on disk.
 *
 * @returns The path of the report.
 * @throws InnerloopError `RUN_NOT_FOUND`, `RUN_UNREADABLE` or `CONFIG_UNREADABLE` as {@link readReportData} does, and
 *   `FILE_NOT_WRITTEN` if the report cannot be written.
 */
export async function writeReport(runDirectory: string, options: WriteReportOptions = {}): Promise<string> {
  const file = options.file ?? join(runDirectory, 'report.html');
  await writeWhole(file, renderReport(await readReportData(runDirectory)));
  return file;
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new InnerloopError(
      'FILE_NOT_WRITTEN',
      `${file}: the report could not be written: ${messageOf(error)}. Check the place and its free space, then run innerloop report again.`,
      { cause: error },
    );
  }
}
