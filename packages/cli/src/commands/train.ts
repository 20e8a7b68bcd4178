import { join } from 'node:path';
import { type BackendChoice, createExperiment, describeRun, RunDirectory, readConfig } from '@innerloop/core';
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
      const directory = await RunDirectory.create(path, describeRun(experiment));
      context.exitCode = await runIntoDirectory(experiment, directory, { config: file });
    });
};
