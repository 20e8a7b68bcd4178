import { BACKENDS, type BackendChoice, messageOf, useBackend } from '@innerloop/core';
import { describe } from 'vitest';

/** A tensor backend, and why it cannot be used here, if so. */
export interface BackendPresence {
  readonly name: Exclude<BackendChoice, 'auto'>;
  readonly missing?: string;
}

/**
 * Every backend that there is: cpu and wasm come with npm, native may be missing.
 *
 * @throws Error if it is missing though INNERLOOP_REQUIRE_NATIVE is set, as where .ci/run has installed it.
 */
export async function availableBackends(): Promise<BackendPresence[]> {
  const presences: BackendPresence[] = [];
  for (const name of [...BACKENDS].sort()) {
    if (name === 'auto') continue;
    const missing = await useBackend(name).then(() => undefined, messageOf);
    if (missing !== undefined && process.env.INNERLOOP_REQUIRE_NATIVE) throw new Error(missing);
    // A machine without wasm is broken: its tests fail with the reason. Native is optional.
    const [reason] = missing?.split('. ') ?? [];
    presences.push(name === 'native' && reason !== undefined ? { name, missing: reason } : { name });
  }
  return presences;
}

const PRESENCES = await availableBackends();

/** Declares a suite for each backend. Where a backend is missing, its tests are skipped, under a title that says why. */
export function describeEachBackend(suite: (backend: BackendPresence['name']) => void): void {
  for (const { name, missing } of PRESENCES) {
    if (missing === undefined) describe(`on ${name}`, () => suite(name));
    else describe.skip(`on ${name} (skipped: ${missing})`, () => suite(name));
  }
}
