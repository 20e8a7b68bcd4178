import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExperimentConfig } from '../config/schema.js';
import { parseConfig } from '../config/source.js';
import { createExperiment, type Experiment, type ExperimentOptions } from '../experiment.js';
import { RunDirectory } from './directory.js';

/** A run from the disk, its experiment built again. */
export interface OpenRun {
  readonly directory: RunDirectory;
  readonly experiment: Experiment;
}

/** What {@link openRunExperiment} may be told. */
export interface OpenRunOptions extends Pick<ExperimentOptions, 'plugins' | 'backend'> {
  /** Changes the saved config, for this experiment only. */
  readonly change?: (config: ExperimentConfig) => ExperimentConfig;
}

/**
 * Opens the run in a directory and builds its experiment from the saved config, with the backend that it was made with.
 * Plugins are found from the folder of the original config, or from the run's own if that folder is gone.
 *
 * @throws InnerloopError RUN_NOT_FOUND, RUN_UNREADABLE, or whatever is wrong with the config or its plugins.
 */
export async function openRunExperiment(path: string, options: OpenRunOptions = {}): Promise<OpenRun> {
  const { change = (config) => config, ...rest } = options;
  const directory = await RunDirectory.open(path);
  const { config, source } = parseConfig(await directory.readConfig(), join(directory.path, 'config.yaml'));
  // Of use for this alone, so a run that was copied without it can still be opened.
  const original = await directory.readInfo().then(
    ({ source }) => source,
    () => null,
  );
  const home = original === null ? directory.path : dirname(original);
  const baseDirectory = existsSync(home) ? home : directory.path;
  return { directory, experiment: await createExperiment(change(config), { ...rest, source, baseDirectory }) };
}
