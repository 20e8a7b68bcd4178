import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { InnerloopError } from '@innerloop/core';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { checked, displayPath, readText } from './files.js';
import { type Comparison, configSchema, evaluationSchema, recordSchema } from './schemas.js';

/**
 * Reads an evaluation to compare with.
 *
 * @param path A run directory, an `evaluation.json` of any name, or a JSON file that holds one under `evaluation`, with a `label`.
 * @throws InnerloopError `RUN_NOT_FOUND` if there is none, `RUN_UNREADABLE` or `CONFIG_UNREADABLE` if it is broken; each names the file.
 */
export async function readComparison(path: string): Promise<Comparison> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) {
    throw new InnerloopError(
      'RUN_NOT_FOUND',
      `--compare: there is nothing at ${path}; expected a run directory or a file such as runs/<name>/evaluation.json.`,
    );
  }
  return stats.isDirectory() ? fromRun(path) : fromFile(path);
}

async function fromRun(directory: string): Promise<Comparison> {
  const file = join(directory, 'evaluation.json');
  const configFile = join(directory, 'config.yaml');
  if ((await readText(directory, 'seeds.json', true)) !== null) {
    throw new InnerloopError(
      'RUN_NOT_FOUND',
      `--compare: ${directory} holds several seeds. Name the run of one of them, such as ${join(directory, 'seed-1')}`,
    );
  }
  const { run } = checked(
    configSchema,
    await readText(directory, 'config.yaml'),
    configFile,
    parseYaml,
    'CONFIG_UNREADABLE',
  );
  const text = await readText(directory, 'evaluation.json', true);
  if (text === null) {
    throw new InnerloopError(
      'RUN_NOT_FOUND',
      `--compare: ${directory} has no evaluation.json, since it is not finished. Finish it: innerloop resume ${directory}`,
    );
  }
  const evaluation = checked(evaluationSchema, text, file, JSON.parse);
  return { label: `${run.name}, seed ${run.seed}`, source: displayPath(file), evaluation };
}

async function fromFile(path: string): Promise<Comparison> {
  const text = await readText(dirname(path), basename(path));
  const source = displayPath(path);
  if (!('evaluation' in checked(z.looseObject({}), text, path, JSON.parse))) {
    return { label: nameOf(path), source, evaluation: checked(evaluationSchema, text, path, JSON.parse) };
  }
  const { label = nameOf(path), evaluation } = checked(recordSchema, text, path, JSON.parse);
  return { label, source, evaluation };
}

/** The file's name, or its folder's where all files have the same name. */
function nameOf(path: string): string {
  const name = basename(path, extname(path));
  return name === 'evaluation' ? basename(dirname(resolve(path))) : name;
}
