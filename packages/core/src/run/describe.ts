import { stringifyConfig } from '../config/stringify.js';
import type { Experiment } from '../experiment.js';
import { VERSION } from '../version.js';
import type { RunFiles } from './directory.js';

/** What the directory of a new run of this experiment begins with: `RunDirectory.create(path, describeRun(experiment))`. */
export function describeRun(experiment: Pick<Experiment, 'config' | 'backend' | 'source' | 'registry'>): RunFiles {
  const { config, backend, source, registry } = experiment;
  return {
    config: stringifyConfig(config),
    info: {
      innerloop: VERSION,
      node: process.versions.node,
      backend,
      created: new Date().toISOString(),
      source,
      plugins: registry.plugins.map(({ name, version }) => ({ name, version })),
    },
  };
}
