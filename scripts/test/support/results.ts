import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cli from '@innerloop/cli';
import * as core from '@innerloop/core';
import { afterAll, expect, vi } from 'vitest';
import { makeRows } from '../../lib/results/rows.mjs';

/** A folder of its own for a test file, removed after its tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-results-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface Machine {
  readonly node: string;
  readonly backend: string;
  readonly fusedMultiplyAdd: boolean;
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly checkpoint: { readonly name: string; readonly iteration: number; readonly sha256: string };
  readonly config: core.ResolvedConfig;
}

/** A record of 2D navigation. */
export interface PaperRecord extends Machine {
  readonly row: string;
  readonly seed: number;
  readonly commands: readonly string[];
  readonly seconds: { readonly training: number; readonly evaluation: number };
  readonly evaluation: core.EvaluationRecord;
}

interface KeptEvaluation {
  readonly tasks: number;
  readonly iteration: number;
  readonly steps: readonly {
    readonly meanReturn: number;
    readonly ci95: number;
    readonly returns?: readonly number[];
  }[];
  readonly total?: core.TotalReturn;
}

/** A record of a family that is trained by `train --seeds`. */
export interface SeedRecord extends Machine {
  readonly family: string;
  readonly row: string;
  readonly seed: number;
  readonly command: string;
  readonly seconds: { readonly training: number };
  readonly environmentSteps: number;
  readonly greedy: KeptEvaluation | null;
  readonly sampled: KeptEvaluation;
}

export const readJson = <T>(...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as T;

/** Runs something, and gives what it printed besides its result. `onPrint` sees each piece. */
export async function silently<T>(task: () => Promise<T>, onPrint: (text: string) => void = () => undefined) {
  let printed = '';
  const take = (text: string | Uint8Array) => {
    printed += String(text);
    onPrint(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take),
    vi.spyOn(process.stderr, 'write').mockImplementation(take),
    vi.spyOn(console, 'log').mockImplementation((text: string) => void take(`${text}\n`)),
  ];
  try {
    const result = await task();
    return { result, printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What {@link makeRows} is told. */
export interface Choice {
  readonly rows: { readonly family: string; readonly row: string }[];
  readonly seeds?: number[];
  readonly set?: string[];
  readonly runs: string;
  readonly out: string;
}

/** Makes rows with the packages' sources. `result` is the exit code. */
export function make(choice: Choice, onPrint?: (text: string) => void) {
  return silently(() => makeRows(choice, { core, cli }), onPrint);
}

/** The steps of an evaluation on the paper's goals. */
export async function evaluateOnPaperGoals(run: string, steps: number) {
  const line = ['evaluate', run, '--tasks', 'paper', '--steps', String(steps), '--rollouts', '40', '--json'];
  const { result: code, printed } = await silently(() => cli.main(['node', 'innerloop', ...line]));
  expect(code, printed).toBe(0);
  return (JSON.parse(printed) as Pick<core.EvaluationResult, 'steps'>).steps;
}

/** The cells of every table on a page. */
export function cellsOf(page: string): string[][] {
  const lines = page.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) =>
    line
      .slice(2, -2)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const MADE_WITH = {
  innerloop: '0.1.0',
  node: 'v20',
  backend: 'wasm',
  workers: 2,
  fusedMultiplyAdd: false,
  machine: { cpu: 'A CPU', cores: 2, memory: 8 * 2 ** 30, platform: 'linux x64' },
};

/** A record of 2D navigation with these mean returns; everything else is of no account. */
export function paperRecord(
  row: string,
  seed: number,
  means: readonly number[],
  references: readonly core.ReferenceRow[] = [],
) {
  const steps = means.map((meanReturn, step) => ({ step, meanReturn, ci95: 0.5, returns: [meanReturn] }));
  const plan = { tasks: [{}], taskSet: 'paper', seed: 2000, rollouts: 40, stepSizes: [0.5, 0.25], references };
  return {
    ...MADE_WITH,
    ...{ row, seed, commands: [`npx innerloop train ${row}-${seed}`] },
    ...{ seconds: { training: 125, evaluation: 4.25 }, checkpoint: { iteration: 60 } },
    config: { run: { iterations: row === 'random' ? 0 : 100 } },
    evaluation: { ...plan, checkpoint: 'best', iteration: 60, views: [], result: { steps, examples: [] } },
  };
}

/** A record of another family. `greedy` and `sampled` are mean returns after each number of steps; `total` is of all `episodes` of a task. */
export function seedRecord(options: {
  readonly family: string;
  readonly row: string;
  readonly seed: number;
  readonly steps: number;
  readonly greedy?: readonly number[];
  readonly sampled: readonly number[];
  readonly total?: { readonly mean: number; readonly episodes: number };
  readonly references?: readonly core.ReferenceRow[];
}) {
  const { family, row, seed, total, references = [] } = options;
  const evaluation = (means: readonly number[]) => ({
    steps: means.map((meanReturn, step) => ({ step, meanReturn, ci95: 0.5 })),
    references,
    ...(total && { total }),
  });
  return {
    ...MADE_WITH,
    ...{ family, row, seed, command: `npx innerloop train configs/${family}/${row}.yaml --seeds 1..10` },
    ...{ seconds: { training: 60 * seed }, environmentSteps: options.steps },
    greedy: options.greedy ? evaluation(options.greedy) : null,
    sampled: evaluation(options.sampled),
  };
}
