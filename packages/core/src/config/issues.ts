import type { z } from 'zod';
import { InnerloopError } from '../errors.js';
import { didYouMean, quoteAll } from '../plugins/nearest.js';
import type { ConfigSource } from './source.js';

/** A place in a config: keys and list indices from the root. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  readonly path: ConfigPath;
  /** What may stand there, in words. */
  readonly expected: string;
  /** What stands there, in words. */
  readonly found: string;
  /** What to do, appended as it is; begins with a separator. */
  readonly hint?: string;
  /** True if the key itself is wrong rather than its value. */
  readonly atKey?: boolean;
}

/** `meta.maxKl`, `checks.0.limit`. */
export function pathText(path: ConfigPath): string {
  return path.join('.');
}

/** One error that tells all issues, each with its place. */
export function configError(issues: readonly ConfigIssue[], source: ConfigSource | undefined): InnerloopError {
  const subject = source ? source.file : 'The config given in code';
  const lines = issues.map(({ path, expected, found, hint = '', atKey = false }) => {
    const place = source?.locate(path, atKey ? 'key' : 'value');
    const where = [place, pathText(path)].filter(Boolean).join(' ');
    return `  ${where ? `${where}: ` : ''}expected ${expected}, found ${found}${hint}`;
  });
  const problems = issues.length === 1 ? '1 problem' : `${issues.length} problems`;
  return new InnerloopError(
    'CONFIG_INVALID',
    `${subject} is not a valid experiment (${problems}):\n${lines.join('\n')}`,
  );
}

/** A value in words, short enough for one line. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}…` : value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty map' : `a map with the keys ${quoteAll(keys.slice(0, 8))}`;
  }
  return String(value);
}

/** What a zod error says, as issues of the config at `path`. */
export function zodIssues(error: z.ZodError, schema: z.ZodType, value: unknown, path: ConfigPath): ConfigIssue[] {
  return error.issues.flatMap((issue) => translate(issue, schema, value, path));
}

type ZodIssue = z.ZodError['issues'][number];

function translate(issue: ZodIssue, schema: z.ZodType, value: unknown, base: ConfigPath): ConfigIssue[] {
  const inner = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  const path = [...base, ...inner];
  const here = valueAt(value, inner);
  if (issue.code === 'unrecognized_keys') {
    const keys = Object.keys(shapeAt(schema, inner));
    return issue.keys.map((key) => unknownKey([...path, key], key, keys));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const deepest = issue.errors.find((branch) => branch.some((nested) => nested.path.length > 0));
    if (deepest) return deepest.flatMap((nested) => translate(nested, schemaAt(schema, inner) ?? schema, here, path));
    const expected = issue.errors.flatMap(([first]) => (first ? [expectation(first)] : [])).join(', or ');
    return [{ path, expected, found: describeValue(here) }];
  }
  const hint =
    issue.code === 'invalid_value' && typeof here === 'string' ? didYouMean(here, issue.values.map(String)) : '';
  return [{ path, expected: expectation(issue), found: describeValue(here), hint }];
}

/** An issue about a key that does not exist. */
export function unknownKey(path: ConfigPath, key: string, keys: readonly string[]): ConfigIssue {
  const expected = keys.length === 0 ? 'no further key' : `one of the keys ${quoteAll(keys)}`;
  return { path, expected, found: `the unknown key '${key}'`, hint: didYouMean(key, keys), atKey: true };
}

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

const UNITS: Readonly<Record<string, string>> = { string: 'a text of length', array: 'a list of length' };

function expectation(issue: ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? `'${String(issue.values[0])}'`
        : `one of ${quoteAll(issue.values.map(String))}`;
    case 'too_small':
      return `${UNITS[issue.origin] ?? 'a number'} ${issue.inclusive ? 'of at least' : 'greater than'} ${issue.minimum}`;
    case 'too_big':
      return `${UNITS[issue.origin] ?? 'a number'} ${issue.inclusive ? 'of at most' : 'less than'} ${issue.maximum}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** What the parts of zod's definitions that are followed here have in common. */
interface Definition {
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

function definition(schema: z.ZodType): Definition {
  let def = schema.def as unknown as Definition;
  while (def.innerType) def = def.innerType.def as unknown as Definition;
  return def;
}

function schemaAt(schema: z.ZodType, path: ConfigPath): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((here, key) => {
    if (!here) return undefined;
    const { shape, element } = definition(here);
    return shape ? shape[key] : element;
  }, schema);
}

function shapeAt(schema: z.ZodType, path: ConfigPath): Readonly<Record<string, unknown>> {
  const here = schemaAt(schema, path);
  return here ? (definition(here).shape ?? {}) : {};
}
