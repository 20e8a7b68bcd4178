import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chooseTasks,
  type createExperiment,
  describeRun,
  InnerloopError,
  messageOf,
  RunDirectory,
  writeFileAtomic,
} from '@innerloop/core';
import { SEEDS_FILE, seedFolder } from '@innerloop/report';
import { displayPath } from '../output/text.js';

/** Makes the experiment of one seed. */
export type SeedExperiment = (seed: number) => ReturnType<typeof createExperiment>;

/**
 * Makes the directories of all seeds before the first is trained, so that what the config says now is what every seed is trained with.
 * `seeds.json` is written last: a folder that has it is complete.
 *
 * @throws InnerloopError RUN_EXISTS if there is anything in the folder, FILE_NOT_WRITTEN, or what is wrong with the config.
 */
export async function createSeedRuns(
  folder: string,
  name: string,
  seeds: readonly number[],
  experimentOf: SeedExperiment,
): Promise<void> {
  await refuseOccupied(folder);
  for (const seed of seeds) {
    const experiment = await experimentOf(seed);
    try {
      chooseTasks(experiment.tasks, experiment.config.evaluation.final, 'evaluation.final.tasks');
      // Makes the trainer: parts that do not fit each other are found before there is a folder.
      const files = describeRun(experiment);
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw new InnerloopError('FILE_NOT_WRITTEN', `${folder} could not be made: ${messageOf(error)}`, {
          cause: error,
        });
      });
      await RunDirectory.create(join(folder, seedFolder(seed)), files);
    } finally {
      await experiment.close();
    }
  }
  await writeFileAtomic(join(folder, SEEDS_FILE), `${JSON.stringify({ name, seeds })}\n`);
}

async function refuseOccupied(folder: string): Promise<void> {
  const names: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InnerloopError(
      'RUN_EXISTS',
      `${folder} cannot be read as a folder: ${error.message}. Choose another --out.`,
    );
  });
  if (names.length === 0) return;
  const advice = names.includes(SEEDS_FILE) ? `, or go on with it: resume ${displayPath(folder)}` : '';
  throw new InnerloopError(
    'RUN_EXISTS',
    `${folder} is not empty: it holds ${names.slice(0, 5).join(', ')}. Choose another --out${advice}`,
  );
}
