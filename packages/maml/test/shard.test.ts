import { meanReturn, randomStream, type TaskShard, TOKENS, tensorCount } from '@innerloop/core';
import { trpo } from '@innerloop/optim-trpo';
import { describe, expect, test } from 'vitest';
import { Adapter, LocalShard, MamlObjective, type MamlTaskObjective, MamlTrainer } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';
import { EXACT } from './support/reference.js';

const SETTINGS = { seed: 1, rolloutsPerTask: 3, adaptationSteps: 2 };

async function parts() {
  const experiment = await smallExperiment();
  const adapter = new Adapter({
    tasks: experiment.tasks,
    policy: experiment.get(TOKENS.policy),
    inner: experiment.get(TOKENS.inner),
    advantages: experiment.get(TOKENS.advantages),
    baseline: experiment.get(TOKENS.baseline),
  });
  const objective = new MamlObjective(adapter.parts.policy, adapter.parts.inner, EXACT);
  return { adapter, objective, events: experiment.events };
}

/** Passes every argument and result through structuredClone, as a thread boundary does. */
function behindBoundary(shard: TaskShard): TaskShard {
  return new Proxy(shard, {
    get(target, name: keyof TaskShard) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => structuredClone(await method.apply(target, structuredClone(args)));
    },
  });
}

async function train(wrap: (shard: TaskShard) => TaskShard, shards: number) {
  const { adapter, objective, events } = await parts();
  const list = Array.from({ length: shards }, () => wrap(new LocalShard(adapter, objective, SETTINGS)));
  const trainer = new MamlTrainer(
    { adapter, shards: list, optimizer: trpo(), events, checks: [] },
    { seed: 1, tasksPerIteration: 5 },
  );
  const metrics = [];
  for (const k of [1, 2]) metrics.push((await trainer.iterate(k)).metrics);
  const evaluation = await trainer.evaluate({
    tasks: [{ goal: [0.1, 0.2] }, { goal: [0, 0.4] }, { goal: [0.3, 0] }],
    steps: 1,
    rollouts: 2,
    seed: 3,
  });
  return { theta: [...trainer.parameters], metrics, evaluation };
}

const untimed = (lines: Awaited<ReturnType<typeof train>>['metrics']) =>
  lines.map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => !/^(time|memory)\//.test(name))));

describe('numbers do not depend on the shards', () => {
  test('1, 2, 3 and 5 shards, and a boundary that copies, agree bit for bit', async () => {
    const one = await train((shard) => shard, 1);
    for (const [wrap, count] of [
      [(s: TaskShard) => s, 2],
      [(s: TaskShard) => s, 3],
      [behindBoundary, 5],
    ] as const) {
      const other = await train(wrap, count);
      expect(other.theta).toEqual(one.theta);
      expect(untimed(other.metrics)).toEqual(untimed(one.metrics));
      expect(other.evaluation).toEqual(one.evaluation);
    }
  });
});

test('the φ that collected D′ is the φ that the objective differentiates', async () => {
  const { adapter } = await parts();
  const { policy, inner, tasks } = adapter.parts;
  const theta = adapter.initialize(randomStream({ seed: 4, purpose: 'initialize' }));
  const streams = (step: number) =>
    [0, 1, 2].map((rollout) => randomStream({ seed: 4, purpose: 'train', step, rollout }));
  const task = tasks.sample(randomStream({ seed: 4, purpose: 'tasks' }), 1)[0] ?? null;
  const D0 = adapter.prepare(adapter.collect(task, theta, streams(0)));
  const phi1 = adapter.adapt({ phi: theta, own: new Float64Array() }, D0, 0);
  const D1 = adapter.prepare(adapter.collect(task, phi1, streams(1)));
  const phi = adapter.adapt({ phi: phi1, own: new Float64Array() }, D1, 1);
  const outer = adapter.prepare(adapter.collect(task, phi, streams(2)));
  const objective = new MamlObjective(policy, inner, EXACT).bind(
    { inner: [D0, D1], outer },
    theta,
  ) as MamlTaskObjective;
  expect([...objective.adapted(theta)]).toEqual([...phi]);
  // Behaviour log-probabilities (float64, while acting) and the recorded ones (float32) are of the same policy.
  expect(outer.logProbabilities).toBeAllClose(objective.frozen.oldLogProbability.values(), { rtol: 1e-6 });
  objective.dispose();
});

test.each(['gauss-newton', 'double-backprop', 'finite-difference'] as const)(
  'no tensor is left behind: %s',
  async (curvature) => {
    const { trainer } = await smallExperiment({ objective: { use: 'maml', curvature } });
    await trainer.iterate(1);
    const before = tensorCount();
    for (const k of [2, 3, 4]) await trainer.iterate(k);
    await trainer.evaluate({ tasks: [{ goal: [0.1, 0.2] }], steps: 2, rollouts: 2, seed: 3 });
    expect(tensorCount()).toBe(before);
    expect(before).toBe(0);
  },
);

test('without memory for graphs the numbers are the same', async () => {
  const run = async (graphMemory: number) => {
    const { trainer } = await smallExperiment({ objective: { use: 'maml', graphMemory } });
    for (const k of [1, 2]) await trainer.iterate(k);
    return [...trainer.parameters];
  };
  const kept = await run(512);
  expect(await run(0)).toEqual(kept);
  // Room for some tasks and not for others.
  expect(await run(0.05)).toEqual(kept);
});

describe('a greedy evaluation', () => {
  const request = { tasks: [{ index: 0, task: { goal: [0.2, 0.1] } }], rollouts: 3, seed: 5, examples: 0 };

  test('measures the mode: what a policy of almost no noise does', async () => {
    const { adapter, objective } = await parts();
    const shard = new LocalShard(adapter, objective, SETTINGS);
    const theta = adapter.initialize(randomStream({ seed: 4, purpose: 'initialize' }));
    const still = theta.slice();
    const { offset, size } = adapter.parts.policy.layout.parts.at(-1) as { offset: number; size: number }; // log σ
    still.fill(-30, offset, offset + size); // the floor: σ = 1e-6
    const measure = async (parameters: Float64Array, greedy: boolean) =>
      (await shard.evaluate({ ...request, parameters, steps: 0, greedy }))[0]?.returns[0] as number;
    const [greedy, sampled, almost] = [
      await measure(theta, true),
      await measure(theta, false),
      await measure(still, false),
    ];
    expect(greedy).toBeAllClose(almost, { rtol: 1e-5 });
    expect(Math.abs(greedy - sampled)).toBeGreaterThan(0.01);
  });

  test('adapts to sampled episodes, as an evaluation that is not greedy does', async () => {
    const { adapter, objective } = await parts();
    const shard = new LocalShard(adapter, objective, SETTINGS);
    const theta = adapter.initialize(randomStream({ seed: 4, purpose: 'initialize' }));
    const [answer] = await shard.evaluate({ ...request, parameters: theta, steps: 1, greedy: true });
    const streams = (step: number) =>
      [0, 1, 2].map((rollout) => randomStream({ seed: 5, purpose: 'evaluate', task: 0, step, rollout }));
    const { task } = request.tasks[0] as { task: { goal: number[] } };
    const D0 = adapter.prepare(adapter.collect(task, theta, streams(0)));
    const phi = adapter.adapt({ phi: theta, own: new Float64Array() }, D0, 0);
    expect(answer?.returns[1]).toBe(meanReturn(adapter.collect(task, phi, streams(1), true)));
  });
});
