import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeRun,
  type Environment,
  type ExperimentConfig,
  type Json,
  loadRunParameters,
  RunDirectory,
  runTraining,
  type Wrapper,
} from '@innerloop/core';
import { afterAll, describe, expect, test } from 'vitest';
import { smallExperiment } from './support/experiment.js';

const folder = mkdtempSync(join(tmpdir(), 'innerloop-policy-gradient-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Multiplies observations by 1 + n/20, where n observations were seen while learning: something learned that cannot be overlooked. */
function scaling(): Wrapper & { readonly seen: () => number } {
  let [known, counting, counted] = [0, false, 0];
  const scale = (observation: ArrayLike<number>) => {
    if (counting) counted += 1;
    return Array.from(observation, (value) => value * (1 + known / 20));
  };
  return {
    seen: () => known,
    spaces: (spaces) => spaces,
    wrap: (environment): Environment => ({
      observationSpace: environment.observationSpace,
      actionSpace: environment.actionSpace,
      reset: (random) => scale(environment.reset(random)),
      step: (action) => {
        const step = environment.step(action);
        return { ...step, observation: scale(step.observation) };
      },
    }),
    learned: {
      begin: () => {
        counting = true;
      },
      end: () => {
        [counting, known] = [false, counted];
      },
      state: () => known,
      restore: (state) => {
        known = state as number;
        counted = known;
      },
    },
  };
}

const VARIANTS: Record<string, ExperimentConfig> = {
  'trpo with mlp-value': {},
  'Adam with a schedule': { optimizer: { use: 'gradient', method: 'adam', learningRate: 0.01, schedule: 'cosine' } },
  'momentum, linear-feature': {
    optimizer: { use: 'gradient', method: 'sgd', learningRate: 0.1, momentum: 0.9 },
    baseline: 'linear-feature',
  },
};

const untimed = (lines: readonly Readonly<Record<string, Json>>[]) =>
  lines.map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => !/^(time|memory)\//.test(name))));

describe.each(Object.keys(VARIANTS))('a run that is interrupted, %s', (name) => {
  const config = () => ({
    ...VARIANTS[name],
    wrappers: [scaling()],
    run: { iterations: 6, checkpointEvery: 2 },
    evaluation: { every: 3, tasks: 2, rollouts: 2, greedy: true, final: { tasks: 3, rollouts: 1, examples: 0 } },
  });

  async function train(directory: RunDirectory | undefined, stopAfter: number, resume: boolean) {
    const experiment = await smallExperiment(config());
    const place =
      directory ??
      (await RunDirectory.create(join(folder, `${name}-${stopAfter}`.replaceAll(' ', '-')), describeRun(experiment)));
    const controller = new AbortController();
    experiment.events.on('iteration:end', ({ iteration }) => {
      if (iteration === stopAfter) controller.abort();
    });
    const result = await runTraining(experiment, { directory: place, resume, signal: controller.signal });
    return { experiment, directory: place, result };
  }

  test('goes on to the same numbers, bit for bit', async () => {
    const whole = await train(undefined, Number.POSITIVE_INFINITY, false);
    expect(whole.result.reason).toBe('finished');
    const first = await train(undefined, 3, false);
    expect(first.result).toMatchObject({ reason: 'interrupted', iteration: 3 });
    const second = await train(first.directory, Number.POSITIVE_INFINITY, true);
    expect(second.result.reason).toBe('finished');
    expect([...second.experiment.trainer.parameters]).toEqual([...whole.experiment.trainer.parameters]);
    expect(second.experiment.trainer.state()).toEqual(whole.experiment.trainer.state());
    expect(untimed(await second.directory.readMetrics())).toEqual(untimed(await whole.directory.readMetrics()));
    expect(second.result.evaluation).toEqual(whole.result.evaluation);
  });
});

describe('the evaluation of a checkpoint', () => {
  test('uses what its wrappers had learned by then, and leaves them as they are', async () => {
    const wrapper = scaling();
    const { trainer } = await smallExperiment({ wrappers: [wrapper] });
    await trainer.iterate(1);
    const [parameters, state] = [trainer.parameters.slice(), trainer.state()];
    const request = { tasks: [{}, {}], steps: 0, rollouts: 2, seed: 3 };
    const then = await trainer.evaluate(request);
    for (const k of [2, 3, 4]) await trainer.iterate(k);
    const later = wrapper.seen();
    expect(later).toBeGreaterThan((state as { wrappers: number[] }).wrappers[0] as number);
    expect(await trainer.evaluate(request, parameters, state)).toEqual(then);
    expect(wrapper.seen()).toBe(later);
    // The wrapper matters: with what it knows now the same parameters do something else.
    expect(await trainer.evaluate(request, parameters)).not.toEqual(then);
  });

  test('is refused where the wrappers are others', async () => {
    const { trainer } = await smallExperiment({ wrappers: [scaling()] });
    const other = await smallExperiment();
    expect(() => other.trainer.restore(trainer.parameters, trainer.state())).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE', message: expect.stringContaining('1 wrappers') }),
    );
  });
});

describe('a state that is broken or of something else', () => {
  const toThrow = (message: string) =>
    expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE', message: expect.stringContaining(message) });

  test.each([null, 'x', {}, { optimizer: null, value: null, wrappers: 3, steps: 0 }])(
    '%j is refused',
    async (state) => {
      const { trainer } = await smallExperiment({ wrappers: [scaling()] });
      expect(() => trainer.restore(trainer.parameters, state)).toThrow(toThrow("the trainer 'policy-gradient'"));
      await expect(
        trainer.evaluate({ tasks: [{}], steps: 0, rollouts: 1, seed: 1 }, trainer.parameters, state),
      ).rejects.toThrow(toThrow("the trainer 'policy-gradient'"));
    },
  );

  test('a wrapper that trips over it is named, and all are as before', async () => {
    const first = scaling();
    const learned = {
      begin: () => {},
      end: () => {},
      state: () => ({ count: 0 }),
      restore: (state: Json) => {
        if ((state as { count?: number }).count !== 0) throw new TypeError('no count');
      },
    };
    const second: Wrapper = { spaces: (spaces) => spaces, wrap: (environment) => environment, learned };
    const { trainer } = await smallExperiment({ wrappers: [first, second] });
    const state = { ...(trainer.state() as Record<string, Json>), wrappers: [7, {}] };
    const request = { tasks: [{}], steps: 0, rollouts: 1, seed: 1 };
    await expect(trainer.evaluate(request, trainer.parameters, state)).rejects.toThrow(
      toThrow('wrapper 2 of those that learn'),
    );
    expect(first.seen()).toBe(0);
  });
});

test('a checkpoint holds the value function and its moments', async () => {
  const experiment = await smallExperiment({ run: { iterations: 1 }, evaluation: { every: 0 } });
  const directory = await RunDirectory.create(join(folder, 'value'), describeRun(experiment));
  await runTraining(experiment, { directory });
  const { record } = await loadRunParameters(directory, experiment.trainer.layout);
  const { value } = record.trainer as { value: { parameters: number[]; moments: { t: number } } };
  // 4 observations, 8 units, 1 output: 4 · 8 + 8 + 8 + 1 = 49 numbers; 5 steps of Adam.
  expect(value.parameters).toHaveLength(49);
  expect(value.moments.t).toBe(5);
});
