import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRun, type Json, RunDirectory, randomStream, runTraining } from '@innerloop/core';
import { ClassicControl, ObservationNormalization } from '@innerloop/envs';
import { loadAgent } from '@innerloop/maml';
import { afterAll, describe, expect, test } from 'vitest';
import { PLUGINS, smallExperiment } from './support/experiment.js';

type Shown = ArrayLike<number>;

/* The wrappers of `@innerloop/envs` that only show in a whole run: what is learned is saved, and returns keep their unit. */

const folder = mkdtempSync(join(tmpdir(), 'innerloop-wrappers-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('observation-normalization', () => {
  const config = {
    wrappers: [{ use: 'observation-normalization' }],
    run: { iterations: 4, checkpointEvery: 1 },
    evaluation: { every: 2, tasks: 1, rollouts: 3, final: { tasks: 1, rollouts: 5, examples: 1 } },
  };

  async function train(name: string, stopAfter: number) {
    const experiment = await smallExperiment(config);
    const directory = await RunDirectory.create(join(folder, name), describeRun(experiment));
    const controller = new AbortController();
    experiment.events.on('iteration:end', ({ iteration }) => {
      if (iteration === stopAfter) controller.abort();
    });
    const result = await runTraining(experiment, { directory, signal: controller.signal });
    return { experiment, directory, result };
  }

  test('what it learned is in the checkpoints: an interrupted run goes on to the same numbers', async () => {
    const whole = await train('whole', Number.POSITIVE_INFINITY);
    const { directory } = await train('parts', 2);
    const resumed = await smallExperiment(config);
    const result = await runTraining(resumed, { directory, resume: true });
    expect([...resumed.trainer.parameters]).toEqual([...whole.experiment.trainer.parameters]);
    expect(resumed.trainer.state()).toEqual(whole.experiment.trainer.state());
    expect(result.evaluation).toEqual(whole.result.evaluation);
  });

  test('an application finds it in the checkpoint, and sees what the policy was trained on', async () => {
    const { directory, experiment } = await train('application', Number.POSITIVE_INFINITY);
    const saved = JSON.parse(readFileSync(join(directory.path, 'checkpoints', 'last.json'), 'utf8'));
    const wrapper = new ObservationNormalization();
    wrapper.learned.restore(saved.trainer.wrappers[0]);
    const agent = await loadAgent(directory.path, { plugins: PLUGINS, checkpoint: 'last' });
    const random = () => randomStream({ seed: 3, purpose: 'user' });
    const bare = () => new ClassicControl('cart-pole', { timeLimit: 40 }).create({});
    const [seen, loaded] = [wrapper, agent].map((by) => by.wrap(bare()).reset(random())) as [Shown, Shown];
    const expected = experiment.tasks.create({}).reset(random());
    expect(Array.from(seen)).toEqual(Array.from(expected));
    expect(Array.from(loaded)).toEqual(Array.from(expected));
    expect(Math.abs(seen[0] as number)).toBeGreaterThan(0.05); // the cart starts within ±0.05: it is normalised
  });

  test('counts the observations of training, those after the last steps included, and no others', async () => {
    const { trainer } = await smallExperiment(config);
    let expected = 0;
    for (const iteration of [1, 2]) {
      const { metrics } = await trainer.iterate(iteration);
      expected += Number(metrics.steps) + Number(metrics.episodes); // an episode of T steps shows T + 1 observations
      await trainer.evaluate({ tasks: [{}], steps: 0, rollouts: 3, seed: 1 });
    }
    const { wrappers } = trainer.state() as { wrappers: { count: number; mean: Json }[] };
    expect(wrappers).toMatchObject([{ count: expected }]);
  });
});

test('episode-statistics: returns keep their unit though rewards are scaled', async () => {
  const run = async (wrappers: readonly { use: string; factor?: number }[]) => {
    const { trainer } = await smallExperiment({ wrappers: [...wrappers] });
    const { metrics } = await trainer.iterate(1);
    const evaluation = await trainer.evaluate({ tasks: [{}], steps: 0, rollouts: 4, seed: 1, greedy: true });
    return { metrics, returns: evaluation.steps[0]?.returns[0] as number };
  };
  const scaling = { use: 'reward-scaling', factor: 0.25 };
  const [plain, scaled, told] = [
    await run([]),
    await run([scaling]),
    await run([{ use: 'episode-statistics' }, scaling]),
  ];
  // The first batch is of the same policy with the same streams: CartPole's return is its length, in whole numbers.
  expect(scaled.metrics['return/mean']).toBe(Number(plain.metrics['return/mean']) / 4);
  expect(told.metrics['return/mean']).toBe(plain.metrics['return/mean']);
  // Both learn from the scaled rewards, so they end up as the same policy.
  expect(told.metrics['value/loss']).toBe(scaled.metrics['value/loss']);
  expect(told.metrics['value/loss']).not.toBe(plain.metrics['value/loss']);
  expect(told.returns).toBe(4 * scaled.returns);
});
