import { type BackendChoice, type OpenRun, openRunExperiment } from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';

/**
 * Opens the run in a directory, with the plugins that come with the program.
 *
 * @throws InnerloopError RUN_NOT_FOUND, RUN_UNREADABLE, or whatever is wrong with the config or its plugins.
 */
export function openRun(path: string, backend?: BackendChoice): Promise<OpenRun> {
  return openRunExperiment(path, { plugins: defaultPlugins, ...(backend && { backend }) });
}
