import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checked, readText } from '../data/files.js';
import { readReportData } from '../data/read-run.js';
import { evaluationSchema, type FinalEvaluation } from '../data/schemas.js';
import type { SeedRun } from './aggregate.js';

/** Names the seeds of a folder of runs; the last file that `train --seeds` writes before it trains. */
export const SEEDS_FILE = 'seeds.json';

/** In a seed's run: the evaluation with sampled actions, where the run's own is greedy. */
export const SAMPLED_FILE = 'evaluation-sampled.json';

const seedsSchema = z.object({ name: z.string(), seeds: z.array(z.int().nonnegative()).min(1) });

/** `seeds.json`. */
export type SeedsList = z.output<typeof seedsSchema>;

/** The folder of a seed's run inside the folder of all. */
export function seedFolder(seed: number): string {
  return `seed-${seed}`;
}

/** `seeds.json` of a folder; `null` if it is not one that `train --seeds` made. Throws `RUN_UNREADABLE` if it is broken. */
export async function readSeedsList(folder: string): Promise<SeedsList | null> {
  const text = await readText(folder, SEEDS_FILE, true);
  return text === null ? null : checked(seedsSchema, text, join(folder, SEEDS_FILE), JSON.parse);
}

/** What an evaluation was made of. */
type Measured = Pick<FinalEvaluation, 'checkpoint' | 'iteration'>;

/** Whether two evaluations are of one policy; a run that was taken further is evaluated anew. */
export function areOfOnePolicy(a: Measured, b: Measured): boolean {
  return a.checkpoint === b.checkpoint && a.iteration === b.iteration;
}

/**
 * Reads every seed's run. A run that has not begun has no data, and a sampled evaluation of another policy than the run's own does not count. Throws as
 * `readReportData` does.
 */
export function readSeedRuns(folder: string, { seeds }: SeedsList): Promise<SeedRun[]> {
  return Promise.all(
    seeds.map(async (seed) => {
      const path = join(folder, seedFolder(seed));
      const begun = (await readdir(path)).includes('metrics.jsonl');
      const data = begun ? await readReportData(path) : null;
      const text = await readText(path, SAMPLED_FILE, true);
      const read = text === null ? null : checked(evaluationSchema, text, join(path, SAMPLED_FILE), JSON.parse);
      const sampled = read && data?.evaluation && areOfOnePolicy(read, data.evaluation) ? read : null;
      return { seed, folder: seedFolder(seed), data, sampled };
    }),
  );
}
