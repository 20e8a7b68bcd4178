import { corePlugin, InnerloopError, parseConfig, Registry, resolveConfig } from '@innerloop/core';
import { expect } from 'vitest';
import { fakePlugin } from './experiment-fakes.js';

/** What the core and the fakes register. */
export const registry = new Registry([corePlugin, fakePlugin]);

/** The resolved config of a YAML text that stands in `configs/x.yaml`, with what it says of overrides. */
export function resolveYaml(yaml: string, overrides: readonly string[] = [], known = registry) {
  const { config, source, baseDirectory } = parseConfig(yaml, 'configs/x.yaml', overrides);
  return { ...resolveConfig(config, { registry: known, source, baseDirectory }), notices: source.notices };
}

/** The error that is thrown. */
export function failure(act: () => unknown): InnerloopError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InnerloopError);
    return error as InnerloopError;
  }
  throw new Error('nothing was thrown');
}

/** The lines of the error's list. */
export function problems(yaml: string, overrides: readonly string[] = []): string[] {
  const error = failure(() => resolveYaml(yaml, overrides));
  expect(error.code).toBe('CONFIG_INVALID');
  const [head, ...lines] = error.message.split('\n');
  expect(head).toBe(
    `configs/x.yaml is not a valid experiment (${lines.length} problem${lines.length > 1 ? 's' : ''}):`,
  );
  return lines.map((line) => line.trim());
}
