import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, RunDirectory } from '@innerloop/core';
import { areOfOnePolicy, SAMPLED_FILE } from '@innerloop/report';

/** What is read of a checkpoint or an evaluation; nothing of one that is not there or is broken. */
interface Place {
  readonly iteration?: number;
  /** Of a checkpoint: how many the run is to have. */
  readonly iterations?: number;
  /** Of an evaluation. */
  readonly checkpoint?: string;
}

/**
 * Whether a seed's run has all of its iterations, an evaluation of where they led, and one with sampled actions of the same policy if its own is greedy.
 * A run that was taken further has them only when all are of its new end.
 */
export async function isFinishedSeed(path: string): Promise<boolean> {
  const directory = await RunDirectory.open(path);
  const evaluation = await directory.readEvaluation();
  if (!evaluation) return false;
  const { config } = parseConfig(await directory.readConfig(), join(path, 'config.yaml'));
  const last = await read(join(directory.checkpoints, 'last.json'));
  const measured = await read(join(directory.checkpoints, `${evaluation.checkpoint}.json`));
  const least = Math.max(config.run?.iterations ?? 0, last.iterations ?? 0);
  if ((last.iteration ?? 0) < least || measured.iteration !== evaluation.iteration) return false;
  if (!evaluation.greedy) return true;
  const { checkpoint, iteration } = await read(join(path, SAMPLED_FILE));
  return checkpoint !== undefined && iteration !== undefined && areOfOnePolicy({ checkpoint, iteration }, evaluation);
}

async function read(file: string): Promise<Place> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Place;
  } catch {
    return {};
  }
}
