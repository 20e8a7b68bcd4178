import { VERSION } from '@innerloop/core';
import { CommanderError, fromCommander, InnerloopCommand } from './command.js';
import { addBench } from './commands/bench.js';
import { addConfig } from './commands/config.js';
import type { CommandContext } from './commands/context.js';
import { addEvaluate } from './commands/evaluate.js';
import { addList } from './commands/list.js';
import { addReport } from './commands/report.js';
import { addResume } from './commands/resume.js';
import { addTrain } from './commands/train.js';
import { addVerify } from './commands/verify.js';
import { printError } from './output/print-error.js';

const EXAMPLES = `
Examples:
  innerloop train configs/point-navigation/quickstart.yaml
  innerloop train configs/point-navigation/maml-trpo.yaml --set run.seed=2 --set meta.maxKl=0.02 --out runs/second
  innerloop resume runs/quickstart-001
  innerloop evaluate runs/quickstart-001 --tasks 40 --steps 3 --rollouts 40 --seed 7 --json
  innerloop list policy-optimizer`;

/**
 * Runs one command, as the `innerloop` program does.
 *
 * @param argv Like `process.argv`: two words that are passed over, then the command's.
 * @returns The exit code: 0, 1 after an error, 130 after an interruption.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const context: CommandContext = { exitCode: 0 };
  const program = new InnerloopCommand('innerloop')
    .description('Meta-reinforcement learning from one config file.')
    .version(VERSION, '--version', 'print the version')
    .option('--stack', 'print stack traces of errors')
    .helpOption('--help', 'print this help')
    .addHelpText('after', EXAMPLES);
  for (const add of [addTrain, addResume, addEvaluate, addReport, addList, addConfig, addVerify, addBench])
    add(program, context);
  try {
    await program.parseAsync([...argv]);
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === 'commander.help') return 1; // No command was given; the help was printed.
      const ours = fromCommander(error);
      if (!ours) return 0;
      printError(ours, argv.includes('--stack'));
    } else {
      printError(error, argv.includes('--stack'));
    }
    return 1;
  }
}
