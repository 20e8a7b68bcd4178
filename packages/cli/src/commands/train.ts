import { join, resolve } from 'node:path';
import {
  type BackendChoice,
  chooseTasks,
  createExperiment,
  describeRun,
  type Experiment,
  InnerloopError,
  RunDirectory,
  readConfig,
} from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';
import { createSeedRuns } from '../seeds/create-seeds.js';
import { runSeeds } from '../seeds/run-seeds.js';
import { seedList } from '../seeds/seed-list.js';
import type { AddCommand } from './context.js';
import { backend, collect } from './options.js';
import { runIntoDirectory } from './run-training.js';

interface TrainOptions {
  readonly set?: readonly string[];
  readonly out?: string;
  readonly backend?: BackendChoice;
  readonly seeds?: readonly number[];
}

/** `innerloop train`. */
export const addTrain: AddCommand = (program, context) => {
  program
    .command('train')
    .summary('train from a config file')
    .description('Trains, evaluates on unseen tasks and writes a report, all into a new run directory.')
    .argument('<config>', 'the experiment, a YAML file')
    .option('--set <path=value>', 'override a value of the config; may be given many times', collect)
    .option(
      '--out <dir>',
      'the run directory, new or empty (default: runs/<run.name>, with --seeds runs/<run.name>-seeds)',
    )
    .option('--backend <name>', 'override run.backend: auto, wasm, cpu or native', backend)
    .option('--seeds <list>', 'train several seeds, such as 1..10 or 1,2,5, each in <out>/seed-<n>', seedList)
    .addHelpText(
      'after',
      '\nExamples:\n  innerloop train my-config.yaml --set run.seed=2 --set meta.use=gradient --out runs/adam\n' +
        '  innerloop train my-config.yaml --seeds 1..10 --out runs/ten',
    )
    .action(async (file: string, options: TrainOptions) => {
      if (options.seeds) {
        context.exitCode = await trainSeeds(file, options, options.seeds);
        return;
      }
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

async function trainSeeds(file: string, options: TrainOptions, seeds: readonly number[]): Promise<number> {
  const { set = [], out, backend } = options;
  const own = set.find((text) => text.startsWith('run.seed='));
  if (own !== undefined) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `--seeds: expected no other seed beside it, found --set ${own}. Leave one out.`,
    );
  }
  const experimentOf = async (seed: number) => {
    const input = await readConfig(file, [...set, `run.seed=${seed}`]);
    return createExperiment(input.config, { ...input, plugins: defaultPlugins, ...(backend && { backend }) });
  };
  const first = await experimentOf(seeds[0] as number);
  const { name } = first.config.run;
  await first.close();
  const folder = resolve(out ?? join('runs', `${name}-seeds`));
  await createSeedRuns(folder, name, seeds, experimentOf);
  return runSeeds(folder);
}

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
