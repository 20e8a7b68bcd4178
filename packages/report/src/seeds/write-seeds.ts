import { join } from 'node:path';
import { InnerloopError, writeFileAtomic } from '@innerloop/core';
import { type Aggregate, aggregate } from './aggregate.js';
import { readSeedRuns, readSeedsList } from './read-seeds.js';
import { renderSeedsReport } from './render-seeds.js';

/** What {@link writeSeedsReport} wrote. */
export interface SeedsReport {
  /** Paths of the report and of `aggregate.json`. */
  readonly report: string;
  readonly file: string;
  readonly aggregate: Aggregate;
}

/**
 * Writes `aggregate.json` and `report.html` of a folder that `train --seeds` made, also before all seeds are finished.
 *
 * @throws InnerloopError `RUN_NOT_FOUND` if it is no such folder, `RUN_UNREADABLE` or `CONFIG_UNREADABLE` if a file is broken, and
 *   `FILE_NOT_WRITTEN`.
 */
export async function writeSeedsReport(folder: string): Promise<SeedsReport> {
  const list = await readSeedsList(folder);
  if (!list)
    throw new InnerloopError('RUN_NOT_FOUND', `${folder} has no seeds.json: expected a folder of train --seeds.`);
  const runs = await readSeedRuns(folder, list);
  const result = aggregate(list.name, runs);
  const [file, report] = [join(folder, 'aggregate.json'), join(folder, 'report.html')];
  await writeFileAtomic(file, `${JSON.stringify(result, null, 2)}\n`);
  await writeFileAtomic(report, renderSeedsReport(result, runs));
  return { report, file, aggregate: result };
}
