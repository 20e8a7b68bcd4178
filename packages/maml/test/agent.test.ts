import {
  type ExperimentConfig,
  type Json,
  randomStream,
  type TaskDistribution,
  type Trajectories,
  useBackend,
} from '@innerloop/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Adapter, adapterOf, createAgent, type EpisodeRecord } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';

beforeAll(() => useBackend('cpu'));

const TASK: Json = { goal: [0.3, -0.2] };

async function smallAdapter(changes: ExperimentConfig = {}): Promise<Adapter> {
  return adapterOf(await smallExperiment(changes));
}

const initial = (adapter: Adapter) => adapter.initialize(randomStream({ seed: 4, purpose: 'initialize' }));

const streams = (count: number) =>
  Array.from({ length: count }, (_, rollout) => randomStream({ seed: 5, purpose: 'user', rollout }));

/** Trajectories as an application would have kept them. */
function recordsOf(trajectories: Trajectories, obsDim: number, actDim: number): EpisodeRecord[] {
  const { observations, actions, rewards, logProbabilities, offsets, ends, finalObservations } = trajectories;
  const rows = (values: Float32Array, from: number, to: number, width: number) =>
    Array.from({ length: to - from }, (_, i) => [...values.subarray((from + i) * width, (from + i + 1) * width)]);
  return ends.map((end, e) => {
    const [from, to] = [offsets[e] as number, offsets[e + 1] as number];
    return {
      observations: [...rows(observations, from, to, obsDim), ...rows(finalObservations, e, e + 1, obsDim)],
      actions: rows(actions, from, to, actDim),
      rewards: [...rewards.subarray(from, to)],
      logProbabilities: [...logProbabilities.subarray(from, to)],
      terminated: end === 'terminated',
      truncated: end === 'truncated',
    };
  });
}

const withoutLogProbabilities = ({ logProbabilities: _, ...rest }: EpisodeRecord): EpisodeRecord => rest;

describe('adapt', () => {
  test('is the adaptation of training, step after step, and changes no agent', async () => {
    const adapter = await smallAdapter({ inner: { use: 'vpg', learningRate: [0.2, 0.05] } });
    const theta = initial(adapter);
    const zero = createAgent(adapter, theta);
    const first = adapter.collect(TASK, theta, streams(3));
    const one = zero.adapt(recordsOf(first, 2, 2));
    const phi1 = adapter.adapt(adapter.split(theta), adapter.prepare(first), 0);
    expect(one.parameters).toEqual(phi1);
    const second = adapter.collect(TASK, phi1, streams(3));
    const two = one.adapt(recordsOf(second, 2, 2));
    expect(two.parameters).toEqual(adapter.adapt({ phi: phi1, own: new Float64Array(0) }, adapter.prepare(second), 1));
    expect([zero.adaptations, one.adaptations, two.adaptations]).toEqual([0, 1, 2]);
    expect(zero.parameters).toEqual(theta);
    expect(one.parameters).not.toEqual(theta);
  });

  test('takes the log-probabilities of the current policy where there are none', async () => {
    const adapter = await smallAdapter({ inner: { use: 'vpg', learningRate: 0.2, loss: 'likelihood-ratio' } });
    const agent = createAgent(adapter, initial(adapter));
    const records = recordsOf(adapter.collect(TASK, initial(adapter), streams(3)), 2, 2);
    const expected = agent.adapt(records).parameters;
    expect(agent.adapt(records.map(withoutLogProbabilities)).parameters).toBeAllClose(expected, { rtol: 1e-6 });
    // They do count: with π twice the behaviour's probability (log 2 less), the ratio and the step are twice as large.
    const halved = records.map((record) => ({
      ...record,
      logProbabilities: Array.from(record.logProbabilities ?? [], (value) => value - Math.log(2)),
    }));
    const theta = agent.parameters;
    const doubled = expected.map((value, i) => (theta[i] as number) + 2 * (value - (theta[i] as number)));
    expect(agent.adapt(halved).parameters).toBeAllClose(doubled, { rtol: 1e-6 });
  });

  test('replaces the step size where the inner optimizer accepts one', async () => {
    const adapter = await smallAdapter();
    const agent = createAgent(adapter, initial(adapter));
    const records = recordsOf(adapter.collect(TASK, initial(adapter), streams(3)), 2, 2);
    const twice = await smallAdapter({ inner: { use: 'vpg', learningRate: 0.4 } });
    expect(agent.adapt(records, { stepSize: 0.4 }).parameters).toEqual(
      createAgent(twice, initial(adapter)).adapt(records).parameters,
    );
    expect(() => agent.adapt(records, { stepSize: 0 })).toThrow('stepSize: expected a number above 0, found 0.');
    const fixed = await smallAdapter({ inner: { adapt: ({ policy }) => policy } });
    expect(() => createAgent(fixed, initial(fixed)).adapt(records, { stepSize: 0.4 })).toThrow(
      'does not accept step sizes',
    );
  });

  test('bootstraps a truncated episode and no other', async () => {
    // The value of the final state is 0 for terminated, V(s_T) for truncated; only the latter reads the last row.
    const adapter = await smallAdapter();
    const agent = createAgent(adapter, initial(adapter));
    const five = (last: number, end: object): EpisodeRecord => ({
      observations: [...[0, 0.1, 0.2, 0.3, 0.4].map((x) => [x, 0]), [last, 0]],
      actions: [0.5, 0.1, -0.3, 0.8, 0.2].map((a) => [a, -a]),
      rewards: [-1, -2, -3, -4, -5],
      ...end,
    });
    const adapted = (last: number, end: object) => agent.adapt([five(last, end)]).parameters;
    expect(adapted(3, { terminated: true })).toEqual(adapted(0, { terminated: true }));
    expect(adapted(3, { truncated: true })).not.toEqual(adapted(0, { truncated: true }));
    expect(adapted(3, { truncated: true, terminated: true })).toEqual(adapted(3, { terminated: true }));
  });
});

describe('act', () => {
  test('is the mean of a Gaussian when greedy', async () => {
    const adapter = await smallAdapter({ policy: { use: 'gaussian-mlp', hiddenSizes: [] } });
    // W = [[1, 2], [3, 4]], b = [0.5, −0.5], log σ = 0: mean of [0.5, −1] is [0.5 − 3 + 0.5, 1 − 4 − 0.5].
    const agent = createAgent(adapter, Float64Array.of(1, 2, 3, 4, 0.5, -0.5, 0, 0));
    expect(agent.act([0.5, -1], { greedy: true })).toEqual([-2, -3.5]);
    // A sample adds σ times two normal numbers of the stream that is given.
    const normal = randomStream({ seed: 8, purpose: 'user' });
    const expected = [-2 + normal.normal(), -3.5 + normal.normal()];
    const random = randomStream({ seed: 8, purpose: 'user' });
    expect(agent.act([0.5, -1], { random })).toBeAllClose(expected, { rtol: 1e-6 });
  });

  test('samples from streams that the seed names', async () => {
    const adapter = await smallAdapter();
    const acts = (seed: number) => {
      const agent = createAgent(adapter, initial(adapter), { seed });
      return [agent.act([0, 0]), agent.act([0, 0])];
    };
    expect(acts(1)).toEqual(acts(1));
    expect(acts(1)).not.toEqual(acts(2));
    expect(acts(1)[0]).not.toEqual(acts(1)[1]);
  });

  test('is an index for discrete actions', async () => {
    const adapter = await smallAdapter({
      tasks: discreteTasks(),
      wrappers: [],
      policy: { use: 'categorical-mlp', hiddenSizes: [] },
      advantages: { use: 'reward-to-go', discount: 0.99, normalize: true },
      baseline: 'zero',
    });
    // One observation, three choices: W = [[1, 2, −1]], b = 0. At 1 the second logit is largest, at −1 the third.
    const agent = createAgent(adapter, Float64Array.of(1, 2, -1, 0, 0, 0));
    expect([agent.act([1], { greedy: true }), agent.act([-1], { greedy: true })]).toEqual([1, 2]);
    // Rewards-to-go 0.99 · 4 and 4, normalised −1 and 1: choice 2 becomes likelier, choice 0 less so.
    const rewarded: EpisodeRecord = { observations: [[1], [1]], actions: [0, 2], rewards: [0, 4], terminated: true };
    const moved = agent.adapt([rewarded], { stepSize: 50 });
    expect(moved.act([1], { greedy: true })).toBe(2);
  });
});

describe('what does not fit', () => {
  const good: EpisodeRecord = {
    observations: [
      [0, 0],
      [0.1, 0],
      [0.2, 0],
    ],
    actions: [
      [1, 0],
      [1, 0],
    ],
    rewards: [-1, -2],
    terminated: true,
  };
  const cases: [string, unknown, string][] = [
    ['no episodes', [], 'episodes: expected at least one episode, found none.'],
    ['no list', undefined, 'episodes: expected an array, found undefined.'],
    ['no steps', [{ ...good, rewards: [] }], 'episodes[0].rewards: expected at least one step, found none.'],
    ['an action short', [good, { ...good, actions: [[1, 0]] }], 'episodes[1].actions: expected one for each of the 2'],
    [
      'an observation short',
      [{ ...good, observations: [[0, 0]] }],
      'episodes[0].observations: expected one before each',
    ],
    [
      'a long observation',
      [
        {
          ...good,
          observations: [
            [0, 0],
            [0, 0, 0],
          ],
        },
      ],
      'episodes[0].observations[1]: expected 2',
    ],
    ['a NaN', [{ ...good, rewards: [0, Number.NaN] }], 'episodes[0].rewards[1]: expected a finite number, found NaN.'],
    [
      'an action of one number',
      [{ ...good, actions: [[1, 0], 1] }],
      'episodes[0].actions[1]: expected an array, found 1',
    ],
    ['log-probabilities', [{ ...good, logProbabilities: [0] }], 'episodes[0].logProbabilities: expected 2 numbers'],
    [
      'no end',
      [{ ...good, terminated: false }],
      'since it ends before the horizon of 10 steps, found neither, after 2',
    ],
    [
      'a truncated episode without its last observation',
      [{ ...good, observations: good.observations.slice(0, 2), terminated: false, truncated: true }],
      'episodes[0].observations: expected 3 rows',
    ],
  ];

  test.each(cases)('%s', async (_, episodes, message) => {
    const adapter = await smallAdapter();
    const agent = createAgent(adapter, initial(adapter));
    expect(() => agent.adapt(episodes as EpisodeRecord[])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('a discrete action that is no choice', async () => {
    const adapter = await smallAdapter({ tasks: discreteTasks(), wrappers: [], policy: { use: 'categorical-mlp' } });
    const agent = createAgent(adapter, initial(adapter));
    expect(() => agent.adapt([{ observations: [[1]], actions: [3], rewards: [1], terminated: true }])).toThrow(
      'episodes[0].actions[0]: expected a whole number from 0 to 2, found 3.',
    );
  });

  test('an observation, and the number of parameters', async () => {
    const adapter = await smallAdapter();
    const agent = createAgent(adapter, initial(adapter));
    expect(() => agent.act([0])).toThrow('observation: expected 2 numbers, found 1 values.');
    expect(() => agent.act([0, Number.POSITIVE_INFINITY])).toThrow('observation[1]: expected a finite number');
    // 2·8 + 8 + 8·2 + 2 + 2 = 44 parameters.
    expect(() => createAgent(adapter, new Float64Array(43))).toThrow('expected 44 numbers');
  });

  test('a step that diverges', async () => {
    const adapter = await smallAdapter({ baseline: 'zero' });
    const agent = createAgent(adapter, initial(adapter));
    // 1e39 is beyond float32.
    expect(() => agent.adapt([good], { stepSize: 1e39 })).toThrow(
      expect.objectContaining({ code: 'NUMBERS_NOT_FINITE' }),
    );
  });
});

/** One state and three choices; only the spaces and the horizon matter here. */
function discreteTasks(): TaskDistribution {
  const spaces = {
    observationSpace: { kind: 'box' as const, low: [-1], high: [1] },
    actionSpace: { kind: 'discrete' as const, count: 3 },
  };
  return {
    ...spaces,
    horizon: 5,
    sample: (_, count) => new Array<Json>(count).fill(null),
    create: () => ({
      ...spaces,
      reset: () => [0],
      step: () => ({ observation: [0], reward: 0, terminated: true, truncated: false }),
    }),
  };
}
