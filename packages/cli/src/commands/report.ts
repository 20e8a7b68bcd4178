import { RunDirectory } from '@innerloop/core';
import { writeReport } from '@innerloop/report';
import { displayPath, print } from '../output/text.js';
import type { AddCommand } from './context.js';

/** `innerloop report`. */
export const addReport: AddCommand = (program) => {
  program
    .command('report')
    .summary('write the report of a run')
    .description('Writes report.html from the files of a run, also of one that is not finished.')
    .argument('<run>', 'a run directory')
    .addHelpText('after', '\nExample:\n  innerloop report runs/quickstart')
    .action(async (path: string) => {
      const directory = await RunDirectory.open(path);
      print(`Report:    ${displayPath(await writeReport(directory.path))}`);
    });
};
