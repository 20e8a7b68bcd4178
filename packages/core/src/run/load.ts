import type { ParameterLayout } from '../numerics/layout.js';
import { type Checkpoint, type CheckpointName, hasCheckpoint, loadCheckpoint } from './checkpoint.js';
import type { RunDirectory } from './directory.js';

/**
 * The parameters of a run.
 *
 * @param layout What they must be: the trainer's layout.
 * @param which Default: the best checkpoint if the run kept one, else the last.
 * @throws InnerloopError `CHECKPOINT_UNREADABLE` that says what is wrong, and whether the other checkpoint is intact.
 */
export async function loadRunParameters(
  directory: RunDirectory,
  layout: ParameterLayout,
  which?: CheckpointName,
): Promise<Checkpoint> {
  const name = which ?? ((await hasCheckpoint(directory.checkpoints, 'best')) ? 'best' : 'last');
  return loadCheckpoint(directory.checkpoints, name, layout);
}
