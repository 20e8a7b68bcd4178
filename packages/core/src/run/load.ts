import type { Trainer } from '../contracts/trainer.js';
import { InnerloopError, messageOf } from '../errors.js';
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

/**
 * Puts a trainer where a checkpoint was saved: parameters, the optimizer's state, and what else it keeps, such as what wrappers have learned.
 *
 * @throws InnerloopError `CHECKPOINT_UNREADABLE` if the state is not one of this trainer and its parts.
 */
export function restoreTrainer(trainer: Trainer, { name, record, parameters }: Checkpoint): void {
  try {
    trainer.restore(parameters, record.trainer);
  } catch (error) {
    throw new InnerloopError(
      'CHECKPOINT_UNREADABLE',
      `The trainer cannot go on from the state in ${name}.json: ${messageOf(error).replace(/\.$/, '')}. Was the config changed?`,
      { cause: error },
    );
  }
}
