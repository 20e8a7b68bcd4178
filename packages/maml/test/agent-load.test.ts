import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRun, RunDirectory, runTraining, type TaskDistribution } from '@innerloop/core';
import { PointNavigation } from '@innerloop/envs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadAgent } from '../src/index.js';
import { PLUGINS, smallExperiment } from './support/experiment.js';

const folder = mkdtempSync(join(tmpdir(), 'innerloop-agent-'));
const named = join(folder, 'named');
const own = join(folder, 'own');
let trained: Float64Array;

/** Trains for two iterations, with an evaluation after the first only, so that `best` and `last` differ. */
async function trainTo(path: string, tasks?: TaskDistribution): Promise<Float64Array> {
  const experiment = await smallExperiment({
    run: { name: 'small', seed: 1, iterations: 3, backend: 'cpu' },
    evaluation: { every: 2, tasks: 2, rollouts: 2, final: { tasks: 1, steps: 1, rollouts: 1 } },
    ...(tasks && { tasks }),
  });
  await runTraining(experiment, { directory: await RunDirectory.create(path, describeRun(experiment)) });
  const parameters = experiment.trainer.parameters.slice();
  await experiment.close();
  return parameters;
}

beforeAll(async () => {
  trained = await trainTo(named);
  await trainTo(own, new PointNavigation({ horizon: 10 }) as TaskDistribution);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('a run is loaded at the checkpoint that was asked for, the best by default', async () => {
  const options = { plugins: PLUGINS };
  const last = await loadAgent(named, { ...options, checkpoint: 'last' });
  const best = await loadAgent(named, { ...options, checkpoint: 'best' });
  expect(last.parameters).toEqual(trained); // saved in float64: bit for bit
  expect(best.parameters).not.toEqual(trained); // of iteration 2 of 3
  expect((await loadAgent(named, options)).parameters).toEqual(best.parameters);
  // The run's wrappers hold: with action-scaling, actions are in [−1, 1], not ±0.1.
  expect(last.spaces.actionSpace).toEqual({ kind: 'box', low: [-1, -1], high: [1, 1] });
});

test("the user's own objects are given again", async () => {
  const tasks = new PointNavigation({ horizon: 10 }) as TaskDistribution;
  const agent = await loadAgent(own, { plugins: PLUGINS, objects: { tasks }, checkpoint: 'last' });
  expect(agent.parameters).toEqual(trained); // the same tasks, seeds and components as the other run
  await expect(loadAgent(own, { plugins: PLUGINS })).rejects.toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('give createExperiment the object'),
    }),
  );
});

test('a path that is no run is refused with the nearest', async () => {
  await expect(loadAgent(join(folder, 'name'), { plugins: PLUGINS })).rejects.toThrow(
    expect.objectContaining({ code: 'RUN_NOT_FOUND', message: expect.stringContaining(named) }),
  );
});
