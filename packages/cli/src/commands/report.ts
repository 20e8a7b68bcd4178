import { join } from 'node:path';
import { InnerloopError, RunDirectory } from '@innerloop/core';
import { readSeedsList, writeReport, writeSeedsReport } from '@innerloop/report';
import { displayPath, print } from '../output/text.js';
import type { AddCommand } from './context.js';

/** `innerloop report`. */
export const addReport: AddCommand = (program) => {
  program
    .command('report')
    .summary('write the report of a run')
    .description('Writes report.html from the files of a run, also of one that is not finished.')
    .argument('<run>', 'a run directory, or the folder of train --seeds')
    .option('--compare <paths...>', 'show other runs beside it: run directories, or JSON files with an evaluation')
    .addHelpText(
      'after',
      '\nExample:\n  innerloop report runs/quickstart-001 --compare runs/second runs/third/evaluation.json',
    )
    .action(async (path: string, options: { readonly compare?: readonly string[] }) => {
      if (await readSeedsList(path)) {
        if (options.compare) {
          throw new InnerloopError(
            'OPTION_INVALID',
            `--compare: ${path} holds several seeds. Name the run of one of them, such as ${join(path, 'seed-1')}`,
          );
        }
        print(`Report:    ${displayPath((await writeSeedsReport(path)).report)}`);
        return;
      }
      const directory = await RunDirectory.open(path);
      print(`Report:    ${displayPath(await writeReport(directory.path, options))}`);
    });
};
