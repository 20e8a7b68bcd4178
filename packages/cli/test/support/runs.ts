import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';

/** A folder of its own for a test file, removed after its tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A small experiment: 2 tasks × 2 rollouts × 10 steps, 6 iterations, in the main thread. */
export const TINY = `run: { name: tiny, seed: 3, iterations: 6, backend: cpu, workers: 0 }
trainer: { use: maml, tasksPerIteration: 2, rolloutsPerTask: 2 }
objective: maml
tasks: { use: point-navigation, horizon: 10 }
wrappers: [action-scaling]
policy: { use: gaussian-mlp, hiddenSizes: [8] }
inner: { use: vpg, learningRate: 0.5 }
meta: { use: trpo, maxKl: 0.01 }
evaluation: { every: 2, tasks: 2, rollouts: 2, final: { tasks: 3, steps: 2, rollouts: 2, examples: 1 } }
`;

/** Writes a file and returns its path. */
export function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The SHA-256 of every file below a folder, by its path. */
export function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, hash(path)]),
  );
}

/** The metrics of a run without what may differ from one run to the next. */
export function metricsOf(run: string): Record<string, unknown>[] {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const entries = Object.entries(JSON.parse(line) as Record<string, unknown>);
    return Object.fromEntries(entries.filter(([name]) => !/^(time|memory)\//.test(name)));
  });
}

/** The parameters that a checkpoint leads to, as bytes. */
export function parametersOf(run: string, checkpoint: 'last' | 'best'): Buffer {
  const folder = join(run, 'checkpoints');
  const { file } = JSON.parse(readFileSync(join(folder, `${checkpoint}.json`), 'utf8')) as { file: string };
  return readFileSync(join(folder, file));
}

/** The iteration of a run's last checkpoint. */
export function lastIteration(run: string): number {
  return (JSON.parse(readFileSync(join(run, 'checkpoints/last.json'), 'utf8')) as { iteration: number }).iteration;
}

/** Two runs have the same metrics, parameters and final evaluation, to the last bit. */
export function expectSameRun(run: string, other: string): void {
  expect(metricsOf(run)).toEqual(metricsOf(other));
  for (const checkpoint of ['last', 'best'] as const) {
    expect(parametersOf(run, checkpoint).equals(parametersOf(other, checkpoint)), checkpoint).toBe(true);
  }
  const evaluation = (of: string) => readFileSync(join(of, 'evaluation.json'), 'utf8');
  expect(evaluation(run)).toBe(evaluation(other));
}
