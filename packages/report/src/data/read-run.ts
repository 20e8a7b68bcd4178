import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { checked, displayPath, readText } from './files.js';
import { readComparison } from './read-comparison.js';
import {
  checkpointSchema,
  configSchema,
  evaluationSchema,
  type MetricsLine,
  metricsLineSchema,
  type ReportData,
  runInfoSchema,
} from './schemas.js';

/** What else to read. */
export interface ReadOptions {
  /** Other runs, or files with their evaluations, to be shown beside this one. */
  readonly compare?: readonly string[];
}

/**
 * Reads and checks the files of a run directory.
 *
 * @throws InnerloopError `RUN_NOT_FOUND` if a file is missing (`evaluation.json` may be), `RUN_UNREADABLE` or, for
 *   `config.yaml`, `CONFIG_UNREADABLE` if one is not what it should be; each names the file.
 */
export async function readReportData(runDirectory: string, { compare = [] }: ReadOptions = {}): Promise<ReportData> {
  const read = (name: string) => readText(runDirectory, name);
  const configText = await read('config.yaml');
  const config = checked(configSchema, configText, join(runDirectory, 'config.yaml'), parseYaml, 'CONFIG_UNREADABLE');
  const run = checked(runInfoSchema, await read('run.json'), join(runDirectory, 'run.json'), JSON.parse);
  const metrics = readMetrics(await read('metrics.jsonl'), join(runDirectory, 'metrics.jsonl'));
  const evaluationText = await readText(runDirectory, 'evaluation.json', true);
  const evaluation =
    evaluationText === null
      ? null
      : checked(evaluationSchema, evaluationText, join(runDirectory, 'evaluation.json'), JSON.parse);
  const lastPath = join('checkpoints', 'last.json');
  const lastText = await readText(runDirectory, lastPath, true);
  const last = lastText === null ? null : checked(checkpointSchema, lastText, join(runDirectory, lastPath), JSON.parse);
  const iterations = Math.max(config.run.iterations, last?.iterations ?? 0);
  const comparisons = await Promise.all(compare.map(readComparison));
  return {
    directory: displayPath(runDirectory),
    run,
    config,
    configText,
    iterations,
    metrics,
    evaluation,
    comparisons,
  };
}

/** A last line without its end is what a process that was killed while writing leaves; it is not counted. */
function readMetrics(text: string, path: string): MetricsLine[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  if (last.trim() !== '' && parses(last)) lines.push(last);
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [checked(metricsLineSchema, line, `${path}, line ${index + 1}`, JSON.parse)],
  );
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
