import {
  type BaselineFactory,
  type Check,
  type ExperimentConfig,
  type Json,
  type PolicyOptimizer,
  type Random,
  TOKENS,
  type Verdict,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import type { MamlObjective } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';

/** Runs iterations and returns their metrics. */
async function run(changes: ExperimentConfig, iterations = 2) {
  const experiment = await smallExperiment(changes);
  const { trainer, events } = experiment;
  const heard: string[] = [];
  events.onAny((name) => heard.push(name));
  const results = [];
  for (let k = 1; k <= iterations; k++) results.push(await trainer.iterate(k));
  return { trainer, results, heard, metrics: results.map((result) => result.metrics) };
}

const checkThat = (stage: string, verdict: Verdict): Check => ({
  name: 'test check',
  verdict: (subject) => (subject.stage === stage ? verdict : { kind: 'ok' }),
});

describe('an iteration', () => {
  test('reports every documented metric, and they are finite', async () => {
    const { metrics } = await run({}, 1);
    const names = [
      ...[
        'iteration',
        'return/before',
        'return/after',
        'kl/adaptation',
        'kl/meta',
        'surrogate/before',
        'surrogate/after',
      ],
      ...['accepted', 'reason', 'backtracks', 'gradientNorm', 'episodes', 'steps'],
      ...['time/sample', 'time/update', 'time/iteration', 'memory/tensors'],
    ];
    expect(Object.keys(metrics[0] ?? {}).sort()).toEqual(names.sort());
    const numbers = Object.values(metrics[0] ?? {}).filter((value) => typeof value === 'number');
    expect(numbers.every(Number.isFinite)).toBe(true);
    // 3 tasks × 3 rollouts, before and after adaptation.
    expect(metrics[0]?.episodes).toBe(18);
  });

  test('emits its events in order', async () => {
    const { heard } = await run({}, 1);
    expect(heard).toEqual(['iteration:start', 'rollout:end', 'rollout:end', 'adaptation:end', 'meta-step:end']);
  });

  test('with two adaptation steps samples anew for each', async () => {
    const { metrics, heard } = await run(
      { trainer: { use: 'maml', tasksPerIteration: 2, rolloutsPerTask: 2, adaptationSteps: 2 } },
      1,
    );
    expect(metrics[0]?.episodes).toBe(12);
    expect(heard.filter((name) => name === 'rollout:end')).toHaveLength(3);
  });

  test('a TRPO step stays within its limit and lowers the surrogate', async () => {
    const { metrics } = await run({ meta: { use: 'trpo', maxKl: 0.005 } }, 3);
    for (const line of metrics) {
      expect(line.accepted).toBe(true);
      expect(line['kl/meta']).toBeLessThanOrEqual(0.005);
      expect(line['kl/meta']).toBeGreaterThan(0);
      expect(line['surrogate/after'] as number).toBeLessThan(line['surrogate/before'] as number);
    }
  });

  test('same seed, same numbers; another seed, other numbers', async () => {
    const [a, b, c] = [await run({}), await run({}), await run({ run: { seed: 2, backend: 'cpu' } })];
    expect([...a.trainer.parameters]).toEqual([...b.trainer.parameters]);
    expect([...a.trainer.parameters]).not.toEqual([...c.trainer.parameters]);
  });
});

describe('checks', () => {
  test('a rejected meta-step leaves θ and the optimizer as they were, bit for bit', async () => {
    const meta = { use: 'gradient', method: 'adam', learningRate: 0.01 };
    const experiment = await smallExperiment({
      meta,
      checks: [checkThat('meta-step', { kind: 'reject', reason: 'too far' })],
    });
    const { trainer } = experiment;
    const [theta, state] = [[...trainer.parameters], JSON.stringify(trainer.state())];
    const { metrics } = await trainer.iterate(1);
    expect(metrics.accepted).toBe(false);
    expect(metrics.reason).toBe('test check: too far');
    expect([...trainer.parameters]).toEqual(theta);
    expect(JSON.stringify(trainer.state())).toBe(state);
  });

  test('without the check the same step moves both', async () => {
    const { trainer } = await smallExperiment({ meta: { use: 'gradient', method: 'adam', learningRate: 0.01 } });
    const [theta, state] = [[...trainer.parameters], JSON.stringify(trainer.state())];
    await trainer.iterate(1);
    expect([...trainer.parameters]).not.toEqual(theta);
    expect(JSON.stringify(trainer.state())).not.toBe(state);
  });

  test('a rejected adaptation takes no step and asks the optimizer nothing', async () => {
    let asked = 0;
    const optimizer: PolicyOptimizer = {
      needs: ['gradient'],
      improve: async (objective) => {
        asked += 1;
        return { parameters: objective.parameters.slice(), accepted: true, reason: '', backtracks: 0, gradientNorm: 1 };
      },
      state: () => null,
      restore: () => {},
    };
    const { results } = await run(
      { meta: optimizer, checks: [checkThat('adaptation', { kind: 'reject', reason: 'wild' })] },
      1,
    );
    expect(asked).toBe(0);
    expect(results[0]?.metrics.reason).toBe('test check: wild');
    expect(results[0]?.stop).toBeUndefined();
  });

  test.each(['adaptation', 'meta-step'])('a stop at the %s ends the run without the step', async (stage) => {
    const { results, trainer } = await run({ checks: [checkThat(stage, { kind: 'stop', reason: 'enough' })] }, 1);
    const fresh = await smallExperiment();
    expect(results[0]?.stop).toBe('test check: enough');
    expect([...trainer.parameters]).toEqual([...fresh.trainer.parameters]);
  });

  test('a warning is announced and changes nothing', async () => {
    const [warned, plain] = [
      await run({ checks: [checkThat('meta-step', { kind: 'warn', reason: 'hm' })] }),
      await run({}),
    ];
    expect([...warned.trainer.parameters]).toEqual([...plain.trainer.parameters]);
    expect(warned.heard.filter((name) => name === 'check:verdict')).toHaveLength(4);
  });

  test('kl-limit from the config judges the meta-step and the adaptation', async () => {
    const limit = (stage: string) => ({ use: 'kl-limit', stage, limit: 1e-9, action: 'reject' });
    const meta = await run({ checks: [limit('meta-step')] }, 1);
    expect(meta.metrics[0]?.accepted).toBe(false);
    expect(meta.metrics[0]?.gradientNorm).toBeGreaterThan(0);
    const adaptation = await run({ checks: [limit('adaptation')] }, 1);
    expect(adaptation.metrics[0]?.accepted).toBe(false);
    expect(adaptation.metrics[0]?.backtracks).toBe(0);
  });
});

test('state and parameters put back give the same next iteration', async () => {
  const meta = { use: 'gradient', method: 'adam', learningRate: 0.01 };
  const straight = await smallExperiment({ meta });
  for (const k of [1, 2, 3]) await straight.trainer.iterate(k);
  const first = await smallExperiment({ meta });
  for (const k of [1, 2]) await first.trainer.iterate(k);
  const saved = JSON.parse(JSON.stringify(first.trainer.state()));
  const second = await smallExperiment({ meta });
  second.trainer.restore(first.trainer.parameters, saved);
  await second.trainer.iterate(3);
  expect([...second.trainer.parameters]).toEqual([...straight.trainer.parameters]);
});

test('evaluation measures 0, 1, … steps and changes nothing', async () => {
  const { trainer, tasks } = await smallExperiment();
  const theta = [...trainer.parameters];
  const request = { tasks: tasks.taskSets?.paper?.slice(0, 4) ?? [], steps: 2, rollouts: 3, seed: 7, examples: 2 };
  const result = await trainer.evaluate(request);
  expect(result.steps.map(({ step }) => step)).toEqual([0, 1, 2]);
  expect(result.steps[0]?.returns).toHaveLength(4);
  expect(result.examples).toHaveLength(2);
  expect(result.examples[0]?.episodes).toHaveLength(3);
  for (const { observations, rewards } of result.examples[0]?.episodes ?? []) {
    expect(observations).toHaveLength(rewards.length + 1);
  }
  // ci95 = 1.96 · sd / √tasks, written out.
  const { returns, meanReturn, ci95 } = result.steps[1] as (typeof result.steps)[number];
  const mean = returns.reduce((a, b) => a + b, 0) / 4;
  const sd = Math.sqrt(returns.reduce((a, b) => a + (b - mean) ** 2, 0) / 3);
  expect(meanReturn).toBeCloseTo(mean, 12);
  expect(ci95).toBeCloseTo((1.96 * sd) / 2, 12);
  expect([...trainer.parameters]).toEqual(theta);
  expect(await trainer.evaluate(request)).toEqual(result);
  // Other step sizes change what follows the first step, and only that.
  const smaller = await trainer.evaluate({ ...request, stepSizes: [0.1, 0.05] });
  expect(smaller.steps[0]?.returns).toEqual(result.steps[0]?.returns);
  expect(smaller.steps[1]?.returns).not.toEqual(result.steps[1]?.returns);
});

test('a baseline that would never be fitted is refused', async () => {
  const baseline: BaselineFactory = {
    fitted: 'after-update',
    create: () => ({ predict: () => new Float64Array(), fit: () => {}, state: () => null, restore: () => {} }),
  };
  const experiment = await smallExperiment({ baseline });
  expect(() => experiment.trainer).toThrow('one that is fitted after the update would never be fitted');
});

test('kernels that are asked for serve on any backend, and left to itself the cpu backend keeps its graphs', async () => {
  const engine = async (objective: NonNullable<ExperimentConfig['objective']>, backend: 'cpu' | 'wasm') => {
    const experiment = await smallExperiment({ objective, run: { backend, workers: 0 } });
    return (experiment.get(TOKENS.objective) as MamlObjective).engine;
  };
  expect(await engine({ use: 'maml', engine: 'kernels' }, 'cpu')).toBe('kernels');
  expect(await engine({ use: 'maml' }, 'cpu')).toBe('graph');
  expect(await engine({ use: 'maml' }, 'wasm')).toBe('kernels');
  expect(await engine({ use: 'maml', curvature: 'double-backprop' }, 'wasm')).toBe('graph');
  await expect(engine({ use: 'maml', engine: 'kernels', curvature: 'double-backprop' }, 'wasm')).rejects.toThrow(
    "objective.engine: 'kernels' needs a multilayer perceptron policy",
  );
});

describe('tasks that are drawn wrongly', () => {
  test('end the iteration with an error that says how', async () => {
    const rightly = (await smallExperiment()).tasks;
    const iterate = async (sample: (tasks: readonly Json[]) => unknown) => {
      const tasks = {
        observationSpace: rightly.observationSpace,
        actionSpace: rightly.actionSpace,
        horizon: rightly.horizon,
        create: (task: Json) => rightly.create(task),
        sample: (random: Random, count: number) => sample(rightly.sample(random, count)) as Json[],
      };
      const { trainer } = await smallExperiment({ tasks, wrappers: [] });
      return trainer.iterate(1);
    };
    await expect(iterate((tasks) => tasks)).resolves.toMatchObject({ metrics: { episodes: 18 } });
    const refusal = (message: string) =>
      expect.objectContaining({ code: 'ENVIRONMENT_INVALID', message: expect.stringContaining(message) });
    await expect(iterate(() => [])).rejects.toThrow(refusal('a list of 3 tasks, found one of 0'));
    await expect(iterate((tasks) => tasks.slice(1))).rejects.toThrow(refusal('a list of 3 tasks, found one of 2'));
    await expect(iterate((tasks) => tasks.map(() => ({ goal: () => 0 })))).rejects.toThrow(
      refusal('plain JSON, found a function at tasks[0].goal'),
    );
  });
});
