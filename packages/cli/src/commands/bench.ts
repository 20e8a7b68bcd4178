import { existsSync } from 'node:fs';
import {
  type BackendChoice,
  type ConfigInput,
  createExperiment,
  type Experiment,
  type ExperimentConfig,
  InnerloopError,
  parseConfig,
  readConfig,
  writeFileAtomic,
} from '@innerloop/core';
import { encodeBatchFile } from '../bench/batch-file.js';
import { captureUpdate, type MeasureOptions, measureExperiment } from '../bench/measure.js';
import { printReport } from '../bench/print.js';
import { measureScaling } from '../bench/scaling.js';
import { STANDARD_EXPERIMENT } from '../bench/standard.js';
import { describeMachine, summarize } from '../bench/summary.js';
import { defaultPlugins } from '../default-plugins.js';
import { displayPath, isTerminal, print } from '../output/text.js';
import type { AddCommand } from './context.js';
import { backend, collect, wholeNumber } from './options.js';

interface BenchOptions {
  readonly set?: readonly string[];
  readonly backend?: BackendChoice;
  readonly workers?: string;
  readonly iterations: number;
  readonly warmups: number;
  readonly scaling?: boolean;
  readonly exportBatch?: string;
  readonly json?: boolean;
}

/** `innerloop bench`. */
export const addBench: AddCommand = (program) => {
  program
    .command('bench')
    .summary('measure how long an iteration takes, and where')
    .description(
      'Repeats the first iteration of an experiment and measures it: time by phase, steps per second, arithmetic rate, memory.',
    )
    .argument('[config]', 'the experiment, a YAML file (default: the standard experiment on 2D navigation)')
    .option('--set <path=value>', 'override a value of the config; may be given many times', collect)
    .option('--backend <name>', 'override run.backend: auto, wasm, cpu or native', backend)
    .option('--workers <n>', 'override run.workers: how many threads, or auto')
    .option('--iterations <n>', 'how many times to measure', wholeNumber('--iterations', 1, 10_000), 5)
    .option('--warmups <n>', 'how many times to run before that', wholeNumber('--warmups', 0, 10_000), 1)
    .option('--scaling', 'also measure how time grows with tasks, rollouts, hidden size and workers')
    .option('--export-batch <file>', 'also write the data and the result of the update to a new safetensors file')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  innerloop bench --iterations 3 --set trainer.tasksPerIteration=10 --json')
    .action(bench);
};

async function bench(file: string | undefined, options: BenchOptions): Promise<void> {
  refuseExisting(options.exportBatch);
  const { set = [], workers } = options;
  const input = await readInput(file, workers === undefined ? set : [...set, `run.workers=${workers}`]);
  const create = (config: ExperimentConfig): Promise<Experiment> =>
    createExperiment(config, {
      ...input,
      plugins: defaultPlugins,
      ...(options.backend && { backend: options.backend }),
    });
  const machine = describeMachine();
  const experiment = await create(input.config);
  const { warmups, iterations, exportBatch, json } = options;
  const measure: MeasureOptions = { warmups, iterations, ...dots() };
  try {
    const report = summarize(experiment, await measureExperiment(experiment, measure), machine);
    if (exportBatch !== undefined) {
      await writeFileAtomic(exportBatch, encodeBatchFile(experiment, await captureUpdate(experiment)));
    }
    const scaling = options.scaling ? { scaling: await measureScaling(experiment, create, measure) } : {};
    endDots();
    if (json) print(JSON.stringify({ ...report, ...scaling }));
    else printReport({ ...report, ...scaling }, warmups);
    if (exportBatch !== undefined && !json) print(`\nThe update's data is in ${displayPath(exportBatch)}`);
  } finally {
    await experiment.close();
  }
}

async function readInput(file: string | undefined, overrides: readonly string[]): Promise<ConfigInput> {
  if (file !== undefined) return readConfig(file, overrides);
  return parseConfig(STANDARD_EXPERIMENT, 'the standard experiment', overrides);
}

function refuseExisting(file: string | undefined): void {
  if (file === undefined || !existsSync(file)) return;
  throw new InnerloopError(
    'OPTION_INVALID',
    `--export-batch: expected a file that does not exist yet, found ${file}. Choose another name.`,
  );
}

/** A dot for each repetition, for someone who waits. */
function dots(): Pick<MeasureOptions, 'onRepetition'> {
  if (!isTerminal(process.stderr)) return {};
  return { onRepetition: () => void process.stderr.write('.') };
}

function endDots(): void {
  if (isTerminal(process.stderr)) process.stderr.write('\n');
}
