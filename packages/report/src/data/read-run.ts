import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { InnerloopError, messageOf } from '@innerloop/core';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import {
  configSchema,
  evaluationSchema,
  type MetricsLine,
  metricsLineSchema,
  type ReportData,
  runInfoSchema,
} from './schemas.js';

/**
 * Reads and checks the files of a run directory.
 *
 * @throws InnerloopError `RUN_NOT_FOUND` if a file is missing (`evaluation.json` may be), `RUN_UNREADABLE` or, for
 *   `config.yaml`, `CONFIG_UNREADABLE` if one is not what it should be; each names the file.
 */
export async function readReportData(runDirectory: string): Promise<ReportData> {
  const read = (name: string) => readText(runDirectory, name);
  const configText = await read('config.yaml');
  const config = checked(configSchema, configText, join(runDirectory, 'config.yaml'), parseYaml, 'CONFIG_UNREADABLE');
  const run = checked(runInfoSchema, await read('run.json'), join(runDirectory, 'run.json'), JSON.parse);
  const metrics = readMetrics(await read('metrics.jsonl'), join(runDirectory, 'metrics.jsonl'));
  const evaluationText = await readText(runDirectory, 'evaluation.json', true);
  const evaluation =
    evaluationText === null
      ? null
      : checked(evaluationSchema, evaluationText, join(runDirectory, 'evaluation.json'), JSON.parse);
  return { directory: displayPath(runDirectory), run, config, configText, metrics, evaluation };
}

async function readText(directory: string, name: string): Promise<string>;
async function readText(directory: string, name: string, optional: true): Promise<string | null>;
async function readText(directory: string, name: string, optional = false): Promise<string | null> {
  const path = join(directory, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (missing && optional) return null;
    if (missing) {
      throw new InnerloopError(
        'RUN_NOT_FOUND',
        `${path}: there is no such file, and every run directory has one. Give the directory of a run, such as runs/<name>.`,
        { cause: error },
      );
    }
    throw new InnerloopError('RUN_UNREADABLE', `${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  place: string,
  parse: (text: string) => unknown,
  code: 'RUN_UNREADABLE' | 'CONFIG_UNREADABLE' = 'RUN_UNREADABLE',
): z.output<Schema> {
  const fail = (what: string, cause?: unknown): never => {
    throw new InnerloopError(code, `${place}: ${what} The file was changed or cut short; restore it, or run again.`, {
      cause,
    });
  };
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return fail(`cannot be parsed: ${messageOf(error).trim()}.`, error);
  }
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  return fail(`is not as expected: ${describe(outcome.error)}.`, outcome.error);
}

/** The first mistakes with their places, such as `result.steps.0.ci95: Invalid input: expected number, received null`. */
function describe(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = issues.length - 3;
  return `${issues.slice(0, 3).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** A last line without its end is what a process that was killed while writing leaves; it is not counted. */
function readMetrics(text: string, path: string): MetricsLine[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  if (last.trim() !== '' && parses(last)) lines.push(last);
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [checked(metricsLineSchema, line, `${path}, line ${index + 1}`, JSON.parse)],
  );
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Relative to the working directory if it lies inside, since that is what people type. */
function displayPath(directory: string): string {
  const path = relative(process.cwd(), directory);
  if (path === '') return '.';
  return path.startsWith('..') || isAbsolute(path) ? resolve(directory) : path.replaceAll('\\', '/');
}
