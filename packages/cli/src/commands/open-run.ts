import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BackendChoice, createExperiment, type Experiment, parseConfig, RunDirectory } from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';

/** A run from the disk, its experiment built again. */
export interface OpenRun {
  readonly directory: RunDirectory;
  readonly experiment: Experiment;
}

/**
 * Opens the run in a directory and builds its experiment from the saved config, with the backend that it was made with.
 *
 * @throws InnerloopError RUN_NOT_FOUND, RUN_UNREADABLE, or whatever is wrong with the config or its plugins.
 */
export async function openRun(path: string, backend?: BackendChoice): Promise<OpenRun> {
  const directory = await RunDirectory.open(path);
  const { config, source } = parseConfig(await directory.readConfig(), join(directory.path, 'config.yaml'));
  const { source: original } = await directory.readInfo();
  // Packages are found from where the config was written, if that is still there.
  const home = original === null ? directory.path : dirname(original);
  const experiment = await createExperiment(config, {
    plugins: defaultPlugins,
    source,
    baseDirectory: existsSync(home) ? home : directory.path,
    ...(backend && { backend }),
  });
  return { directory, experiment };
}
