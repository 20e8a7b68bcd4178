import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, RunDirectory } from '@innerloop/core';
import { SAMPLED_FILE } from '@innerloop/report';

/** Whether a seed's run has all of its iterations, its evaluation, and the one with sampled actions if its own is greedy. */
export async function isFinishedSeed(path: string): Promise<boolean> {
  const directory = await RunDirectory.open(path);
  const evaluation = await directory.readEvaluation();
  if (!evaluation) return false;
  const { config } = parseConfig(await directory.readConfig(), join(path, 'config.yaml'));
  const text = await readFile(join(directory.checkpoints, 'last.json'), 'utf8').catch(() => '{}');
  const { iteration = 0 } = JSON.parse(text) as { iteration?: number };
  const { iterations = 0 } = config.run ?? {};
  return iteration >= iterations && (!evaluation.greedy || existsSync(join(path, SAMPLED_FILE)));
}
