import {
  type AnyComponent,
  type ComponentKind,
  type ComponentKinds,
  createExperiment,
  defineComponent,
  type ErrorCode,
  type ExperimentConfig,
  type ExperimentOptions,
  InnerloopError,
  type Plugin,
  type Token,
} from '@innerloop/core';
import { expect } from 'vitest';
import { z } from 'zod';
import { fakePlugin } from './experiment-fakes.js';

/** An experiment on the cpu, with the fakes and these plugins. */
export const create = (config: ExperimentConfig, options: ExperimentOptions = {}, ...plugins: Plugin[]) =>
  createExperiment(config, { backend: 'cpu', ...options, plugins: [fakePlugin, ...plugins] });

/** The message of the error that a promise is rejected with, which must have this code. */
export async function failureOf(promise: Promise<unknown>, code: ErrorCode): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InnerloopError);
  expect((error as InnerloopError).code).toBe(code);
  return (error as InnerloopError).message;
}

/** A component named `special` without options. */
export function component<Kind extends ComponentKind>(
  kind: Kind,
  make: () => unknown,
  inject: Readonly<Record<string, Token<unknown>>> = {},
): AnyComponent {
  return defineComponent({
    kind,
    name: 'special',
    summary: 's',
    options: z.strictObject({}),
    inject,
    create: () => make() as ComponentKinds[Kind],
  });
}
