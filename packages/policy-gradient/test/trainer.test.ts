import type {
  Baseline,
  BaselineFactory,
  Check,
  Events,
  ExperimentConfig,
  Json,
  PolicyOptimizer,
  States,
  TaskDistribution,
} from '@innerloop/core';
import { ClassicControl } from '@innerloop/envs';
import { describe, expect, test } from 'vitest';
import { smallExperiment } from './support/experiment.js';

/** Runs iterations and returns their metrics. */
async function run(changes: ExperimentConfig, iterations = 2) {
  const experiment = await smallExperiment(changes);
  const { trainer, events } = experiment;
  const heard: string[] = [];
  const rollouts: Events['rollout:end'][] = [];
  events.onAny((name) => heard.push(name));
  events.on('rollout:end', (payload) => rollouts.push(payload));
  const results = [];
  for (let k = 1; k <= iterations; k++) results.push(await trainer.iterate(k));
  return { experiment, trainer, heard, rollouts, results, metrics: results.map((result) => result.metrics) };
}

describe('an iteration', () => {
  test('reports every documented metric, and they are finite', async () => {
    const { metrics } = await run({}, 1);
    const names = [
      ...['iteration', 'return/mean', 'entropy', 'value/loss', 'value/explainedVariance'],
      ...['episodes', 'episodes/length', 'steps', 'steps/total'],
      ...['kl/policy', 'surrogate/before', 'surrogate/after', 'accepted', 'reason', 'backtracks', 'gradientNorm'],
      ...['time/sample', 'time/update', 'time/value', 'time/iteration', 'memory/tensors'],
    ];
    expect(Object.keys(metrics[0] ?? {}).sort()).toEqual(names.sort());
    const numbers = Object.values(metrics[0] ?? {}).filter((value) => typeof value === 'number');
    expect(numbers).toHaveLength(names.length - 2);
    expect(numbers.every(Number.isFinite)).toBe(true);
  });

  test('emits its events in order', async () => {
    const { heard } = await run({}, 1);
    expect(heard).toEqual(['iteration:start', 'rollout:end', 'meta-step:end']);
    const check: Check = { name: 'easy', verdict: () => ({ kind: 'ok' }) };
    const checked = await run({ checks: [check] }, 1);
    expect(checked.heard).toEqual(['iteration:start', 'rollout:end', 'check:verdict', 'meta-step:end']);
  });

  test('collects whole episodes until the steps suffice, and counts them', async () => {
    const { metrics, rollouts } = await run({}, 3);
    let total = 0;
    metrics.forEach((line, k) => {
      const [steps, episodes] = [line.steps as number, line.episodes as number];
      total += steps;
      expect(steps).toBeGreaterThanOrEqual(150);
      expect(steps).toBeLessThan(150 + 40); // the last episode has at most 40
      expect(line['steps/total']).toBe(total);
      expect(line['episodes/length']).toBe(steps / episodes);
      // CartPole pays 1 a step.
      expect(line['return/mean']).toBeAllClose(steps / episodes, { rtol: 1e-12 });
      expect(rollouts[k]).toEqual({ iteration: k + 1, phase: 0, episodes, steps, meanReturn: line['return/mean'] });
    });
  });

  test('collects a number of episodes where the config says so', async () => {
    const { metrics } = await run({ trainer: { use: 'policy-gradient', episodesPerIteration: 7 } }, 2);
    expect(metrics.map((line) => line.episodes)).toEqual([7, 7]);
  });

  test('a TRPO step stays within its limit and lowers the surrogate', async () => {
    const { metrics } = await run({ optimizer: { use: 'trpo', maxKl: 0.005 } }, 3);
    for (const line of metrics) {
      expect(line.accepted).toBe(true);
      expect(line['kl/policy']).toBeLessThanOrEqual(0.005);
      expect(line['kl/policy']).toBeGreaterThan(0);
      expect(line['surrogate/after'] as number).toBeLessThan(line['surrogate/before'] as number);
    }
  });

  test('a categorical policy of small weights begins with almost all of the entropy, log 2', async () => {
    const { metrics } = await run({ trainer: { use: 'policy-gradient', stepsPerIteration: 150 } }, 1);
    expect(metrics[0]?.entropy).toBeLessThanOrEqual(Math.log(2) + 1e-6);
    expect(metrics[0]?.entropy).toBeGreaterThan(0.5);
  });

  test('same seed, same numbers; another seed, other numbers', async () => {
    const [a, b, c] = [await run({}), await run({}), await run({ run: { seed: 2, backend: 'cpu' } })];
    expect([...a.trainer.parameters]).toEqual([...b.trainer.parameters]);
    expect(a.trainer.state()).toEqual(b.trainer.state());
    expect([...a.trainer.parameters]).not.toEqual([...c.trainer.parameters]);
  });

  test('leaves no tensor behind', async () => {
    const { metrics } = await run({}, 3);
    expect(metrics.map((line) => line['memory/tensors'])).toEqual([0, 0, 0]);
  });
});

describe('tasks', () => {
  test('are drawn anew in every iteration, and each has its share of the steps', async () => {
    const drawn: Json[][] = [];
    const single = new ClassicControl('cart-pole', { timeLimit: 40 });
    const tasks: TaskDistribution = {
      observationSpace: single.observationSpace,
      actionSpace: single.actionSpace,
      horizon: single.horizon,
      sample(random, count) {
        const list = Array.from({ length: count }, () => ({ number: random.uniform() }));
        drawn.push(list);
        return list;
      },
      create: () => single.create({}),
    };
    const { metrics } = await run({
      tasks,
      trainer: { use: 'policy-gradient', stepsPerIteration: 100, tasksPerIteration: 4 },
    });
    expect(drawn.map((list) => list.length)).toEqual([4, 4]);
    expect(new Set(drawn.flat().map((task) => JSON.stringify(task))).size).toBe(8);
    for (const line of metrics) {
      expect(line.steps).toBeGreaterThanOrEqual(4 * 25);
      expect(line.steps).toBeLessThan(4 * (25 + 40));
    }
  });
});

/** A baseline that tells what it is asked, in order. */
class Spy implements BaselineFactory {
  readonly calls: { readonly name: 'predict' | 'fit'; readonly baseline: number; readonly theta: Float64Array }[] = [];
  readonly fits: { readonly states: States; readonly returns: Float64Array }[] = [];
  created = 0;
  theta: () => Float64Array = () => new Float64Array();

  constructor(readonly fitted: BaselineFactory['fitted']) {}

  create(): Baseline {
    const baseline = this.created;
    this.created += 1;
    let fits = 0;
    const call = (name: 'predict' | 'fit') => this.calls.push({ name, baseline, theta: this.theta().slice() });
    return {
      predict: ({ times }) => {
        if (times.length > 20) call('predict'); // not of the few final states
        return new Float64Array(times.length).fill(fits);
      },
      fit: (states, returns) => {
        call('fit');
        fits += 1;
        this.fits.push({ states, returns });
      },
      state: () => fits,
      restore: (state) => {
        fits = state as number;
      },
    };
  }
}

async function withSpy(fitted: BaselineFactory['fitted'], changes: ExperimentConfig = {}) {
  const spy = new Spy(fitted);
  const experiment = await smallExperiment({ baseline: spy, ...changes });
  const { trainer } = experiment;
  spy.theta = () => trainer.parameters;
  const metrics = [];
  for (const k of [1, 2]) metrics.push((await trainer.iterate(k)).metrics);
  return { spy, trainer, metrics };
}

describe('the value function', () => {
  test('is one for the whole run: asked with θ_k before the step, fitted after it with θ_k+1', async () => {
    const { spy, metrics } = await withSpy('after-update');
    expect(spy.created).toBe(1);
    expect(spy.calls.map(({ name }) => name)).toEqual(['predict', 'fit', 'predict', 'fit']);
    const [asked, fitted, askedAgain, fittedAgain] = spy.calls.map(({ theta }) => [...theta]);
    expect(fitted).not.toEqual(asked);
    expect(askedAgain).toEqual(fitted);
    expect(fittedAgain).not.toEqual(askedAgain);
    spy.fits.forEach(({ states, returns }, k) => {
      expect(states.times).toHaveLength(metrics[k]?.steps as number);
      expect(returns).toHaveLength(metrics[k]?.steps as number);
    });
  });

  test('is fitted to the rewards-to-go', async () => {
    // CartPole pays 1 a step. γ = 0.5, and V = 0 at first, so R̂_t = 1 + … + 0.5^(left − 1) = 2 (1 − 0.5^left) also where it was truncated.
    const advantages = { use: 'gae', discount: 0.5, lambda: 1 };
    const { spy } = await withSpy('after-update', { advantages });
    const { states, returns } = spy.fits[0] as { states: States; returns: Float64Array };
    const { times } = states;
    let [left, checked] = [0, 0];
    for (let i = times.length - 1; i >= 0; i--) {
      left = times[i + 1] === undefined || times[i + 1] === 0 ? 1 : left + 1;
      expect(returns[i]).toBeAllClose(2 * (1 - 0.5 ** left), { rtol: 1e-12 });
      checked += 1;
    }
    expect(checked).toBeGreaterThanOrEqual(150);
  });

  test('has the loss and the explained variance that it had before it was fitted', async () => {
    // The spy predicts how often it was fitted: 0, then 1. With γ = 0.5 all returns of the second batch are near 2 (1 − 0.5^left).
    const { spy, metrics } = await withSpy('after-update', { advantages: { use: 'gae', discount: 0.5, lambda: 1 } });
    metrics.forEach((line, k) => {
      const { returns } = spy.fits[k] as { returns: Float64Array };
      const squares = [...returns].map((value) => (value - k) ** 2);
      expect(line['value/loss']).toBeAllClose(squares.reduce((a, b) => a + b, 0) / squares.length, { rtol: 1e-12 });
      expect(line['value/explainedVariance']).toBeAllClose(0, { atol: 1e-12 }); // a constant explains nothing
    });
  });

  test('that is fitted before the advantages sees line 8 before line 5', async () => {
    const { spy } = await withSpy('before-advantages', { tasks: { use: 'cart-pole', timeLimit: 500 } });
    expect(spy.calls.map(({ name }) => name)).toEqual(['fit', 'predict', 'fit', 'predict']);
    expect(spy.created).toBe(1);
  });

  test('is fitted also where the step is not taken', async () => {
    const check: Check = { name: 'never', verdict: () => ({ kind: 'reject', reason: 'no' }) };
    const { spy, trainer, metrics } = await withSpy('after-update', { checks: [check] });
    expect(metrics.map(({ accepted, reason }) => [accepted, reason])).toEqual([
      [false, 'never: no'],
      [false, 'never: no'],
    ]);
    const [first] = spy.calls;
    expect([...trainer.parameters]).toEqual([...(first?.theta ?? [])]);
    expect(spy.fits).toHaveLength(2);
  });
});

describe('checks', () => {
  test('a rejected step leaves the optimizer as it was', async () => {
    const states: Json[] = [];
    const optimizer: PolicyOptimizer = {
      needs: ['gradient'],
      improve: async ({ parameters }) => {
        states.push('improved');
        return { parameters: parameters.map((v) => v + 1), accepted: true, reason: '', backtracks: 0, gradientNorm: 1 };
      },
      state: () => 'before',
      restore: (state) => {
        states.push(state);
      },
    };
    const check: Check = { name: 'never', verdict: () => ({ kind: 'reject', reason: 'no' }) };
    await run({ optimizer, checks: [check] }, 1);
    expect(states).toEqual(['improved', 'before']);
  });

  test('a stop ends the run', async () => {
    const check: Check = { name: 'enough', verdict: () => ({ kind: 'stop', reason: 'enough' }) };
    const { results } = await run({ checks: [check] }, 1);
    expect(results[0]?.stop).toBe('enough: enough');
  });
});

describe('an evaluation', () => {
  test('changes nothing, and with greedy actions is a function of θ and the seed', async () => {
    const { trainer } = await run({}, 1);
    const before = JSON.stringify([[...trainer.parameters], trainer.state()]);
    const request = { tasks: [{}, {}, {}], steps: 0, rollouts: 2, seed: 3 };
    const [a, b] = [await trainer.evaluate({ ...request, greedy: true }), await trainer.evaluate(request)];
    expect(JSON.stringify([[...trainer.parameters], trainer.state()])).toBe(before);
    expect(await trainer.evaluate({ ...request, greedy: true })).toEqual(a);
    expect(a.steps).toHaveLength(1);
    expect(a.steps[0]?.returns).toHaveLength(3);
    expect(a.steps[0]?.returns).not.toEqual(b.steps[0]?.returns);
  });
});
