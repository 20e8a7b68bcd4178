import {
  createExperiment,
  defineComponent,
  definePlugin,
  type Experiment,
  type ExperimentConfig,
  TOKENS,
  tensorCount,
} from '@innerloop/core';
import { trpo } from '@innerloop/optim-trpo';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adapterOf, LocalShard, MamlTrainer } from '../src/index.js';
import { PLUGINS, smallExperiment } from './support/experiment.js';

/*
 * The sources in this thread, and workers of the build (`npm test` makes it first; see core's built-module.ts). How a run on workers ends
 * when one fails is tested with the real program, in packages/cli/test/workers.test.ts.
 */
const open: Experiment[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((experiment) => experiment.close()));
});

async function onWorkers(workers: number, changes: ExperimentConfig = {}): Promise<Experiment> {
  const trainer = { use: 'maml', tasksPerIteration: 5, rolloutsPerTask: 3, adaptationSteps: 2 };
  const run = { seed: 1, backend: 'wasm', workers } as const;
  const experiment = await smallExperiment({ trainer, ...changes, run });
  open.push(experiment);
  return experiment;
}

const untimed = (line: object) => Object.entries(line).filter(([name]) => !/^(time|memory)\//.test(name));

async function train(workers: number, changes: ExperimentConfig = {}) {
  const { trainer } = await onWorkers(workers, changes);
  const metrics = [];
  for (const k of [1, 2]) metrics.push(untimed((await trainer.iterate(k)).metrics));
  const tasks = [{ goal: [0.1, 0.2] }, { goal: [0, 0.4] }, { goal: [0.3, 0] }, { goal: [-0.2, 0] }];
  const evaluation = await trainer.evaluate({
    tasks,
    steps: 2,
    rollouts: 2,
    seed: 3,
    examples: 3,
    stepSizes: [0.3, 0.1],
  });
  return { theta: [...trainer.parameters], metrics, evaluation };
}

describe('numbers do not depend on the workers', () => {
  test.each([
    ['maml', { use: 'maml' }],
    ['maml with recorded graphs of two megabytes', { use: 'maml', engine: 'graph', graphMemory: 2 }],
  ])('0, 1, 2 and 3 of them agree bit for bit: %s', async (_, objective) => {
    const none = await train(0, { objective });
    expect(none.theta.every(Number.isFinite)).toBe(true);
    for (const workers of [1, 2, 3]) expect(await train(workers, { objective }), `${workers} workers`).toEqual(none);
  });

  test('a run may change their number when it goes on', async () => {
    const meta = { use: 'gradient', method: 'adam', learningRate: 0.01 };
    const straight = await onWorkers(0, { meta });
    for (const k of [1, 2, 3]) await straight.trainer.iterate(k);
    const first = await onWorkers(1, { meta });
    for (const k of [1, 2]) await first.trainer.iterate(k);
    const second = await onWorkers(3, { meta });
    second.trainer.restore(first.trainer.parameters, JSON.parse(JSON.stringify(first.trainer.state())));
    await second.trainer.iterate(3);
    expect([...second.trainer.parameters]).toEqual([...straight.trainer.parameters]);
  });

  test('more workers than tasks leave some without work', async () => {
    const trainer = { use: 'maml', tasksPerIteration: 2, rolloutsPerTask: 3 };
    expect(await train(3, { trainer })).toEqual(await train(0, { trainer }));
  });
});

test('questions asked at once are answered one after the other, each with its own vector', async () => {
  const { trainer } = await onWorkers(2, {
    meta: {
      needs: ['surrogate', 'gradient'],
      improve: async (objective) => {
        const { parameters } = objective;
        const other = parameters.map((value) => value + 0.01);
        const [here, there, gradient] = await Promise.all([
          objective.surrogate(parameters),
          objective.surrogate(other),
          objective.gradient(other),
        ]);
        expect([here, there]).toEqual([await objective.surrogate(parameters), await objective.surrogate(other)]);
        expect(here).not.toBe(there);
        expect([...gradient]).toEqual([...(await objective.gradient(other))]);
        return { parameters: other, accepted: true, reason: 'tested', backtracks: 0, gradientNorm: 1 };
      },
      state: () => null,
      restore: () => {},
    },
  });
  expect((await trainer.iterate(1)).metrics.reason).toBe('tested');
});

test('memory/tensors is the sum over this thread and the shards', async () => {
  const experiment = await onWorkers(0);
  const adapter = adapterOf(experiment);
  const settings = { seed: 1, rolloutsPerTask: 2, adaptationSteps: 1 };
  const shards = [3, 4].map((tensors) =>
    Object.assign(new LocalShard(adapter, experiment.get(TOKENS.objective), settings), {
      tensors: async () => tensors,
    }),
  );
  const { events } = experiment;
  const trainer = new MamlTrainer(
    { adapter, shards, optimizer: trpo(), events, checks: [] },
    { seed: 1, tasksPerIteration: 2 },
  );
  const { metrics } = await trainer.iterate(1);
  expect(metrics['memory/tensors']).toBe(tensorCount() + 3 + 4);
});

test('no tensor is left behind in a worker', async () => {
  const { trainer } = await onWorkers(2, { objective: { use: 'maml', engine: 'graph' } });
  for (const k of [1, 2]) expect((await trainer.iterate(k)).metrics['memory/tensors']).toBe(tensorCount());
});

test('after close() nothing more is answered', async () => {
  const { trainer, close } = await onWorkers(2);
  await trainer.iterate(1);
  await close();
  await expect(trainer.iterate(2)).rejects.toMatchObject({
    code: 'WORKER_FAILED',
    message: expect.stringContaining('closed'),
  });
});

describe('what cannot be sent to a worker', () => {
  const spaces = {
    observationSpace: { kind: 'box', low: [-1], high: [1] },
    actionSpace: { kind: 'box', low: [-1], high: [1] },
  } as const;
  const tasks = {
    ...spaces,
    horizon: 2,
    sample: (_: unknown, count: number) => Array.from({ length: count }, () => null),
    create: () => ({
      ...spaces,
      reset: () => [0],
      step: () => ({ observation: [0], reward: 1, terminated: false, truncated: false }),
    }),
  };
  const base: ExperimentConfig = {
    trainer: { use: 'maml', tasksPerIteration: 4, rolloutsPerTask: 2 },
    objective: 'maml',
    tasks: { use: 'point-navigation', horizon: 5 },
    policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
    inner: 'vpg',
    meta: 'trpo',
    loggers: [],
  };
  const withoutModule = definePlugin({
    name: 'no-module',
    version: '1.0.0',
    requires: '^0.1.0',
    components: [
      defineComponent({ kind: 'tasks', name: 'own', summary: 'Own', options: z.strictObject({}), create: () => tasks }),
    ],
  });

  test.each([
    ['an object given in code', { tasks }, 'tasks is an object given in code, which a worker cannot be sent'],
    ['a plugin without a module', { tasks: 'own' }, "the plugin 'no-module' of the tasks 'own' has no `module`"],
  ])('%s: n is an error that says so', async (_, changes, why) => {
    const config = { ...base, ...changes, run: { backend: 'cpu', workers: 2 } } as ExperimentConfig;
    await expect(createExperiment(config, { plugins: [...PLUGINS, withoutModule] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`run.workers: expected 0 or 'auto', since ${why}, found 2`),
    });
  });

  test('a check and an optimizer given in code stay in the main thread, and are no obstacle', async () => {
    const check = { name: 'ok', verdict: () => ({ kind: 'ok' }) as const };
    const { workers, notices } = await onWorkers(2, { meta: trpo(), checks: [check] });
    expect(workers.count).toBe(2);
    expect(notices).toEqual([]);
  });
});
