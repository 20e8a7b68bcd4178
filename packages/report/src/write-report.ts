import { join } from 'node:path';
import { writeFileAtomic } from '@innerloop/core';
import { readReportData } from './data/read-run.js';
import { renderReport } from './render-report.js';

/** Where a report goes. */
export interface WriteReportOptions {
  /** The file to write; `report.html` in the run directory by default. */
  readonly file?: string;
  /** Runs, or files with their evaluations, whose returns are shown beside this run's. */
  readonly compare?: readonly string[];
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
  await writeFileAtomic(file, renderReport(await readReportData(runDirectory, options)));
  return file;
}
