import { resolve } from 'node:path';
import { stringifyConfig } from '../config/stringify.js';
import type { Experiment } from '../experiment.js';
import type { BackendChoice } from '../numerics/backend.js';
import { VERSION } from '../version.js';
import type { RunFiles } from './directory.js';

/**
 * What the directory of a new run of this experiment begins with: `RunDirectory.create(path, describeRun(experiment))`. The
 * config names the backend that was used, so that a resumed run uses it again.
 *
 * @throws InnerloopError COMPONENT_FAILED if the trainer, a check or a logger cannot be made: then no directory is made either.
 */
export function describeRun(
  experiment: Pick<
    Experiment,
    'config' | 'backend' | 'workers' | 'source' | 'registry' | 'trainer' | 'checks' | 'loggers'
  >,
): RunFiles {
  // Components are made when they are first asked for: ask now, not when the directory is there.
  for (const part of ['trainer', 'checks', 'loggers'] as const) void experiment[part];
  const { config, backend, workers, source, registry } = experiment;
  return {
    config: stringifyConfig({ ...config, run: { ...config.run, backend: backend.name as BackendChoice } }),
    info: {
      innerloop: VERSION,
      node: process.version,
      backend,
      workers,
      created: new Date().toISOString(),
      source: source === null ? null : resolve(source),
      plugins: registry.plugins.map(({ name, version }) => ({ name, version })),
    },
  };
}
