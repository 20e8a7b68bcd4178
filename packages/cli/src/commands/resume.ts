import { join, resolve } from 'node:path';
import { type CheckpointName, InnerloopError } from '@innerloop/core';
import { readSeedsList } from '@innerloop/report';
import { runSeeds } from '../seeds/run-seeds.js';
import type { AddCommand } from './context.js';
import { openRun } from './open-run.js';
import { checkpoint, wholeNumber } from './options.js';
import { runIntoDirectory } from './run-training.js';

interface ResumeOptions {
  readonly iterations?: number;
  readonly checkpoint?: CheckpointName;
}

/** `innerloop resume`. */
export const addResume: AddCommand = (program, context) => {
  program
    .command('resume')
    .summary('go on with a run')
    .description('Goes on from the last checkpoint, to the same numbers as if the run had never stopped.')
    .argument('<run>', 'a run directory, or the folder of train --seeds')
    .option(
      '--iterations <n>',
      "how many iterations the run is to have in all (a schedule of step sizes ends with the config's run.iterations)",
      wholeNumber('--iterations', 1, 2 ** 32 - 1),
    )
    .option('--checkpoint <name>', 'last, or best: drops what came after it', checkpoint)
    .addHelpText('after', '\nExample:\n  innerloop resume runs/point-navigation --iterations 200')
    .action(async (path: string, options: ResumeOptions) => {
      if (await readSeedsList(path)) {
        refuseOptions(path, options);
        context.exitCode = await runSeeds(resolve(path));
        return;
      }
      const { directory, experiment } = await openRun(path);
      const config = join(directory.path, 'config.yaml');
      context.exitCode = await runIntoDirectory(experiment, directory, { ...options, config, resume: true });
    });
};

/** One seed can be taken further; all of them go to the end that their config names. */
function refuseOptions(path: string, options: ResumeOptions): void {
  const [name] = Object.keys(options);
  if (name === undefined) return;
  throw new InnerloopError(
    'OPTION_INVALID',
    `--${name}: ${path} holds several seeds, which go on to the end of their config. Leave the option out, or name one seed, such as ${join(path, 'seed-1')}`,
  );
}
