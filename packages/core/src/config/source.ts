import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { InnerloopError, messageOf } from '../errors.js';
import type { ConfigPath } from './issues.js';
import { type Applied, applyOverrides } from './overrides.js';
import type { ExperimentConfig } from './schema.js';

/** Where a config came from, so that errors can point at it. */
export interface ConfigSource {
  /** The file, as it was named. */
  readonly file: string;
  /** What the reader of the result should know, one sentence each. */
  readonly notices: readonly string[];
  /** The place of a path: `file:line:column`, or the override that set it. The nearest parent if it is not there. */
  locate(path: ConfigPath, at?: 'key' | 'value'): string;
}

/** A config that was read, as `createExperiment(input.config, input)` takes it. Its components are not yet checked. */
export interface ConfigInput {
  readonly config: ExperimentConfig;
  readonly source: ConfigSource;
  /** The file's folder: plugins are looked for from there. */
  readonly baseDirectory: string;
}

/**
 * Reads a YAML config.
 *
 * @param file Its path.
 * @param overrides `path=value` each, the value in YAML.
 * @throws InnerloopError CONFIG_UNREADABLE if there is no such file or it is not YAML, OPTION_INVALID or CONFIG_INVALID
 *   if an override cannot be applied.
 */
export async function readConfig(file: string, overrides: readonly string[] = []): Promise<ConfigInput> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InnerloopError(
      'CONFIG_UNREADABLE',
      `${file}: expected a readable YAML file, found none (${messageOf(error)}).`,
      {
        cause: error,
      },
    );
  }
  return parseConfig(text, file, overrides);
}

/**
 * Like {@link readConfig}, from text.
 *
 * @param file Named in errors; its folder is where plugins are looked for.
 */
export function parseConfig(text: string, file: string, overrides: readonly string[] = []): ConfigInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const data = toData(document, lines, file);
  const applied = applyOverrides(data, overrides);
  return {
    config: applied.data as ExperimentConfig,
    baseDirectory: dirname(resolve(file)),
    source: {
      file,
      notices: applied.notices,
      locate: (path, at = 'value') => locate(document, lines, file, applied, path, at),
    },
  };
}

function toData(document: Document.Parsed, lines: LineCounter, file: string): Record<string, unknown> {
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const places = faults.map(({ pos, message }) => `  ${position(lines, file, pos[0])}: ${message}`);
    throw new InnerloopError(
      'CONFIG_UNREADABLE',
      `${file}: expected YAML, found text that is not:\n${places.join('\n')}`,
    );
  }
  let data: unknown;
  try {
    data = document.toJS();
  } catch (error) {
    throw new InnerloopError(
      'CONFIG_UNREADABLE',
      `${file}: expected YAML, found text that is not: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  if (isMap(document.contents)) return data as Record<string, unknown>;
  const found = data === null ? 'nothing' : Array.isArray(data) ? 'a list' : `'${String(data)}'`;
  throw new InnerloopError(
    'CONFIG_UNREADABLE',
    `${file}: expected a map with keys such as run, trainer and tasks, found ${found}.`,
  );
}

function position(lines: LineCounter, file: string, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

function locate(
  document: Document.Parsed,
  lines: LineCounter,
  file: string,
  applied: Applied,
  path: ConfigPath,
  at: 'key' | 'value',
): string {
  const override = applied.overriding(path);
  if (override !== undefined) return `--set ${override}`;
  for (let length = path.length; length > 0; length--) {
    const parent = path.slice(0, length);
    const offset = offsetOf(document, parent, at);
    if (offset !== undefined) return position(lines, file, offset);
    const below = applied.overridingBelow(parent);
    if (below !== undefined) return `--set ${below}`;
  }
  return file;
}

function offsetOf(document: Document.Parsed, path: ConfigPath, at: 'key' | 'value'): number | undefined {
  const key = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find((item) => isNode(item.key) && String(item.key) === String(key))
    : undefined;
  const value = document.getIn(path, true);
  const chosen = at === 'value' && isNode(value) && value.range ? value : pair?.key;
  return isNode(chosen) ? chosen.range?.[0] : undefined;
}
