import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, randomStream } from '@innerloop/core';
import { afterAll } from 'vitest';
import { stringify } from 'yaml';

/** The contents of a run directory, as JSON values, before they are written. */
export interface RunFiles {
  config: Record<string, unknown>;
  run: Record<string, unknown>;
  metrics: Record<string, unknown>[];
  evaluation: Record<string, unknown> | null;
}

export const config = (name: string, iterations: number) => ({
  run: { name, seed: 1, iterations, backend: 'wasm', checkpointEvery: 10 },
  trainer: { use: 'maml', tasksPerIteration: 20, rolloutsPerTask: 20, adaptationSteps: 1 },
  objective: { use: 'maml', derivative: 'exact', curvature: 'gauss-newton' },
  tasks: { use: 'point-navigation', horizon: 100 },
  policy: { use: 'gaussian-mlp', hiddenSizes: [64, 64] },
  inner: { use: 'vpg', learningRate: 0.1 },
  meta: { use: 'trpo', maxKl: 0.01 },
  advantages: { use: 'gae', discount: 0.99, lambda: 1 },
  baseline: { use: 'linear-feature' },
});

const runInfo = {
  innerloop: '0.1.0',
  node: 'v20.19.0',
  backend: { name: 'wasm', reason: 'wasm is the fastest backend that needs nothing beyond npm' },
  created: '2026-01-02T03:04:05.000Z',
  source: 'configs/point-navigation/maml-trpo.yaml',
  plugins: [{ name: '@innerloop/maml', version: '0.1.0' }],
};

/**
 * A run whose figures can be worked out by hand: three iterations, four tasks, steps 0 and 1.
 * Changes of the tasks: −20 − (−30) = 10, −12 − (−10) = −2, −15 − (−20) = 5, −10 − (−40) = 30: one of four is worse.
 */
export function smallRun(): RunFiles {
  const line = (iteration: number, before: number, after: number, accepted: boolean) => ({
    iteration,
    'return/before': before,
    'return/after': after,
    'kl/meta': accepted ? 0.008 : 0,
    'kl/adaptation': 0.2,
    'surrogate/before': 0,
    'surrogate/after': accepted ? -0.05 : 0,
    accepted,
    reason: accepted ? 'improved' : 'no step <improved> the surrogate',
    backtracks: accepted ? 1 : 15,
    gradientNorm: 0.5,
    'time/sample': 0.6,
    'time/update': 0.3,
    'time/iteration': 1,
    'memory/tensors': 12,
  });
  const path = (x: number, y: number) => ({
    observations: [
      [0, 0],
      [x / 2, y / 2],
      [x, y],
    ],
    rewards: [-1, -0.5],
  });
  return {
    config: config('small', 3),
    run: runInfo,
    metrics: [line(1, -40, -30, true), line(2, -38, -20, false), line(3, -36, -10, true)],
    evaluation: {
      tasks: [{ goal: [0.4, 0] }, { goal: [0, 0.4] }, { goal: [-0.4, 0] }, { goal: [0, -0.4] }],
      taskSet: null,
      seed: 7,
      rollouts: 5,
      stepSizes: [0.1, 0.05],
      checkpoint: 'best',
      iteration: 3,
      references: [
        { label: 'MAML (published)', meanReturn: [-40, -12], ci95: [2, 1], source: 'https://example.org/paper' },
      ],
      views: [{ axes: [0, 1], target: [0.4, 0] }, null],
      result: {
        steps: [
          { step: 0, meanReturn: -25, ci95: 4, returns: [-30, -10, -20, -40] },
          { step: 1, meanReturn: -14.25, ci95: 2, returns: [-20, -12, -15, -10] },
        ],
        examples: [
          { task: { goal: [0.4, 0] }, episodes: [path(0, 0.1), path(0.4, 0)] },
          { task: { goal: [0, 0.4] }, episodes: [path(0.1, 0), path(0, 0.3)] },
        ],
      },
    },
  };
}

/** A walk towards a fraction of the goal, `[length + 1, 2]`. */
function walk(random: Random, goal: readonly number[], fraction: number, length: number) {
  const observations = [[0, 0]];
  const rewards: number[] = [];
  for (let t = 0; t < length; t++) {
    const [x, y] = observations[t] as [number, number];
    const next = [
      x + 0.08 * ((goal[0] as number) * fraction - x) + 0.01 * random.normal(),
      y + 0.08 * ((goal[1] as number) * fraction - y) + 0.01 * random.normal(),
    ];
    observations.push(next);
    rewards.push(-Math.hypot((goal[0] as number) - (next[0] as number), (goal[1] as number) - (next[1] as number)));
  }
  return { observations, rewards };
}

/** A run of realistic size, with noise from seeded streams: for tests of scale and for looking at. */
export function largeRun(iterations: number, taskCount: number, views = true): RunFiles {
  const random = randomStream({ seed: 3, purpose: 'user' });
  const metrics = Array.from({ length: iterations }, (_, index) => {
    const progress = 1 - Math.exp(-index / 25);
    const iteration = index + 1;
    const accepted = index % 37 !== 20;
    const after = -42 + 30 * progress + 1.5 * random.normal();
    const validation = {
      'evaluation/return/0': -41 + 2 * progress + random.normal(),
      'evaluation/return/1': -41 + 29 * progress,
      'evaluation/ci95/0': 4,
      'evaluation/ci95/1': 1.5,
      'evaluation/best': index < 90,
    };
    return {
      ...smallRun().metrics[0],
      iteration,
      'return/before': -44 + 4 * progress + 2 * random.normal(),
      'return/after': after,
      'kl/meta': accepted ? 0.006 + 0.0035 * random.uniform() : 0,
      'kl/adaptation': 0.1 + 0.8 * progress + 0.05 * random.normal(),
      'surrogate/before': 0.001 * random.normal(),
      'surrogate/after': -0.05 * (1.2 - progress) + 0.004 * random.normal(),
      accepted,
      reason: accepted ? 'the surrogate improved within the limit' : 'no step of 16 lowered the surrogate',
      backtracks: accepted ? Math.floor(3 * random.uniform() ** 3) : 15,
      gradientNorm: 0.4 + 0.3 * (1 - progress) + 0.05 * random.uniform(),
      'time/sample': 0.7 + 0.1 * random.uniform(),
      'time/update': 0.5 + 0.2 * random.uniform(),
      'time/iteration': 1.5,
      ...(iteration % 10 === 0 ? validation : {}),
    };
  });
  const goals = Array.from({ length: taskCount }, () => [random.uniform() - 0.5, random.uniform() - 0.5]);
  const steps = [0, 1, 2, 3].map((step) => {
    const returns = goals.map(
      ([x, y]) => -12 - 70 * Math.hypot(x as number, y as number) * Math.exp(-1.1 * step) + 4 * random.normal(),
    );
    const meanReturn = returns.reduce((a, b) => a + b, 0) / taskCount;
    const variance = returns.reduce((total, value) => total + (value - meanReturn) ** 2, 0) / (taskCount - 1);
    return { step, meanReturn, ci95: 1.96 * Math.sqrt(variance / taskCount), returns };
  });
  const shown = goals.slice(0, 6);
  const fractions = [0.1, 0.7, 0.9, 1];
  const examples = shown.map((goal) => ({ task: { goal }, episodes: fractions.map((f) => walk(random, goal, f, 60)) }));
  const evaluation = {
    ...smallRun().evaluation,
    tasks: goals.map((goal) => ({ goal })),
    taskSet: 'paper',
    stepSizes: null,
    references: [
      {
        label: 'MAML (Finn et al. 2017)',
        meanReturn: [-40.41, -11.68, -3.33, -3.23],
        ci95: [4.9, 2.1, 0.8, 0.7],
        source: 'released code, 40 goals of the figure',
      },
      {
        label: 'pretrained (Finn et al. 2017)',
        meanReturn: [-42.5, -33.1, -28.2, -25.1],
        source: 'https://arxiv.org/abs/1703.03400',
      },
    ],
    views: shown.map((goal) => (views ? { axes: [0, 1], target: goal } : null)),
    result: { steps, examples },
  };
  return { config: config('point-navigation', iterations), run: runInfo, metrics, evaluation };
}

const written: string[] = [];
afterAll(() => Promise.all(written.map((directory) => rm(directory, { recursive: true }))));

/** Writes a run into a new temporary directory, which lasts as long as the test file runs, and returns its path. */
export async function writeRun(files: RunFiles): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'innerloop-report-'));
  written.push(directory);
  await writeFile(join(directory, 'config.yaml'), stringify(files.config));
  await writeFile(join(directory, 'run.json'), JSON.stringify(files.run));
  await writeFile(join(directory, 'metrics.jsonl'), files.metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (files.evaluation) await writeFile(join(directory, 'evaluation.json'), JSON.stringify(files.evaluation));
  return directory;
}
