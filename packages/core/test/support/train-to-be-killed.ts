import { RunDirectory, runTraining } from '../../src/index.js';
import { fakeExperiment, RUN_INFO } from './fake-experiment.js';

/** Trains in a directory, slowly, and tells each iteration on standard output. */
export async function train(path: string): Promise<void> {
  const directory = await RunDirectory.create(path, { config: 'run: {}\n', info: RUN_INFO });
  const before = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
  const experiment = fakeExperiment({ run: { iterations: 1000, checkpointEvery: 4 }, behaviour: { before } });
  experiment.events.on('iteration:end', ({ iteration }) => process.stdout.write(`${iteration}\n`));
  await runTraining(experiment, { directory });
}
