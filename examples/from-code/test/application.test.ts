import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExperiment, type MetaObjective, randomStream, TOKENS } from '@innerloop/core';
import { adapterOf, createAgent, LocalShard, type MamlTaskObjective } from '@innerloop/maml';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { adaptTo, meanReturnOf, play } from '../src/application.js';
import { CarriageTasks, EXPERIMENT, PLUGINS, type SetPoint, train } from '../src/train.js';

const folder = mkdtempSync(join(tmpdir(), 'innerloop-application-'));
const run = join(folder, 'carriage');

beforeAll(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await train(run);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('a loaded agent adapts to unseen set points on either side', async () => {
  for (const at of [0.7, -0.7]) {
    const { before, after, agent } = await adaptTo({ at }, run);
    // Standing still gives −7; the best is −(0.6 + 0.5 + … + 0.1) = −2.1.
    expect(after).toBeGreaterThan(before + 2);
    expect(after).toBeLessThan(-2.1);
    // Greedy actions now push towards the set point.
    expect(Math.sign((agent.act([0], { greedy: true }) as number[])[0] as number)).toBe(Math.sign(at));
  }
});

test("adapt gives the parameters of the shard's adaptation on the same data, bit for bit", async () => {
  const experiment = await createExperiment(EXPERIMENT, { plugins: PLUGINS });
  const adapter = adapterOf(experiment);
  const theta = experiment.trainer.parameters;
  // The shard binds the objective of each task to what it collected; φ(θ) is what it adapted to.
  const bound: MamlTaskObjective[] = [];
  const objective = experiment.get(TOKENS.objective);
  const spy: MetaObjective = {
    provides: objective.provides,
    bind(data, parameters) {
      const task = objective.bind(data, parameters) as MamlTaskObjective;
      bound.push(task);
      return task;
    },
  };
  const shard = new LocalShard(adapter, spy, { seed: 1, rolloutsPerTask: 6, adaptationSteps: 1 });
  const tasks: SetPoint[] = [{ at: 0.4 }, { at: -0.9 }];
  const reports = await shard.collect({
    iteration: 3,
    parameters: theta,
    tasks: tasks.map((task, index) => ({ index, task })),
  });

  tasks.forEach((task, index) => {
    // The application plays with the streams that the shard had, so it sees the same episodes.
    const agent = createAgent(adapter, theta);
    const environment = new CarriageTasks().create(task);
    const episodes = Array.from({ length: 6 }, (_, rollout) =>
      play(agent, environment, 10, randomStream({ seed: 1, purpose: 'train', iteration: 3, task: index, rollout })),
    );
    const returns = reports[index]?.phases[0]?.returns ?? [];
    expect(meanReturnOf(episodes)).toBeCloseTo(returns.reduce((sum, value) => sum + value, 0) / 6, 12);
    const adapted = bound[index]?.adapted(theta);
    expect(adapted).not.toEqual(theta);
    expect(agent.adapt(episodes).parameters).toEqual(adapted);
  });
  await shard.close();
  await experiment.close();
});
