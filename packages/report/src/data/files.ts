import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { InnerloopError, messageOf } from '@innerloop/core';
import type { z } from 'zod';

/**
 * Reads a file of a run directory.
 *
 * @throws InnerloopError `RUN_NOT_FOUND` if it is missing and not optional, `RUN_UNREADABLE` if it cannot be read.
 */
export async function readText(directory: string, name: string): Promise<string>;
export async function readText(directory: string, name: string, optional: true): Promise<string | null>;
export async function readText(directory: string, name: string, optional = false): Promise<string | null> {
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

/** Parses a text and checks it against a schema; a fault is an InnerloopError that names the place. */
export function checked<Schema extends z.ZodType>(
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

/** Relative to the working directory if it lies inside, since that is what people type. */
export function displayPath(directory: string): string {
  const path = relative(process.cwd(), directory);
  if (path === '') return '.';
  return path.startsWith('..') || isAbsolute(path) ? resolve(directory) : path.replaceAll('\\', '/');
}
