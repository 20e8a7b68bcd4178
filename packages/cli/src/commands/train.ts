import { join } from 'node:path';
import {
  type BackendChoice,
  chooseTasks,
  createExperiment,
  describeRun,
  type Experiment,
  RunDirectory,
  readConfig,
} from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';
import type { AddCommand } from './context.js';
import { backend, collect } from './options.js';
import { runIntoDirectory } from './run-training.js';

interface TrainOptions {
  readonly set?: readonly string[];
  readonly out?: string;
  readonly backend?: BackendChoice;
}

/** `innerloop train`. */
export const addTrain: AddCommand = (program, context) => {
  program
    .command('train')
    .summary('train from a config file')
    .description('Trains, evaluates on unseen tasks and writes a report, all into a new run directory.')
    .argument('<config>', 'the experiment, a YAML file')
    .option('--set <path=value>', 'override a value of the config; may be given many times', collect)
    .option('--out <dir>', 'the run directory (default: runs/<run.name>)')
    .option('--backend <name>', 'override run.backend: auto, wasm, cpu or native', backend)
    .addHelpText(
      'after',
      '\nExample:\n  innerloop train my-config.yaml --set run.seed=2 --set meta.use=gradient --out runs/adam',
    )
    .action(async (file: string, options: TrainOptions) => {
      const input = await readConfig(file, options.set ?? []);
      const experiment = await createExperiment(input.config, {
        ...input,
        plugins: defaultPlugins,
        ...(options.backend && { backend: options.backend }),
      });
      const path = options.out ?? join('runs', experiment.config.run.name);
      context.exitCode = await runIntoDirectory(experiment, await makeDirectory(path, experiment), { config: file });
    });
};

/** The run's directory; the experiment is closed if there can be none. */
async function makeDirectory(path: string, experiment: Experiment): Promise<RunDirectory> {
  try {
    // As drawn after training: tasks that cannot be drawn are found before there is a directory.
    chooseTasks(experiment.tasks, experiment.config.evaluation.final, 'evaluation.final.tasks');
    return await RunDirectory.create(path, describeRun(experiment));
  } catch (error) {
    await experiment.close();
    throw error;
  }
}
