import {
  corePlugin,
  createExperiment,
  defineComponent,
  definePlugin,
  type ExperimentConfig,
  GaussianMlpPolicy,
  LIST_SLOTS,
  ops,
  Registry,
  runTraining,
  SLOTS,
  type TaskDistribution,
  TOKENS,
} from '@innerloop/core';
import { MamlObjective, mamlTrainerComponent } from '@innerloop/maml';
import { GradientOptimizer, gradientComponent } from '@innerloop/optim-vpg';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defaultPlugins } from '../src/index.js';

/*
 * Every component of every kind takes its place in an experiment by a change of its own lines, and training goes on with it. A plugin
 * from outside stands beside ours in each kind, so that each has something to be swapped for.
 */

const none = z.strictObject({});

/** Three-armed contextual choice: reward 1 for the arm that the observation points at. Discrete actions. */
class Arms implements TaskDistribution<{ shift: number }> {
  readonly horizon = 5;
  readonly observationSpace = { kind: 'box', low: [0], high: [2] } as const;
  readonly actionSpace = { kind: 'discrete', count: 3 } as const;
  sample = (random: { integer(n: number): number }, count: number) =>
    Array.from({ length: count }, () => ({ shift: random.integer(3) }));
  create({ shift }: { shift: number }) {
    let state = 0;
    const { observationSpace, actionSpace } = this;
    return {
      observationSpace,
      actionSpace,
      reset: () => {
        state = 0;
        return [state];
      },
      step: (action: unknown) => {
        const reward = action === (state + shift) % 3 ? 1 : 0;
        state = (state + 1) % 3;
        return { observation: [state], reward, terminated: false, truncated: false };
      },
    };
  }
}

const outside = definePlugin({
  name: 'outside',
  version: '1.0.0',
  requires: '^0.1.0',
  components: [
    { ...mamlTrainerComponent, name: 'outside' },
    defineComponent({
      kind: 'objective',
      name: 'outside',
      summary: 'Halves the surrogate and its gradient',
      options: none,
      inject: { policy: TOKENS.policy, inner: TOKENS.inner },
      create: (_options, { policy, inner }) => {
        const maml = new MamlObjective(policy, inner, { derivative: 'exact', curvature: 'gauss-newton' });
        return {
          provides: maml.provides,
          bind: (data, parameters) => {
            const task = maml.bind(data, parameters);
            return {
              surrogate: (p) => task.surrogate(p) / 2,
              gradient: (p) => task.gradient(p).map((x) => x / 2),
              kl: (p) => task.kl(p),
              curvature: (v) => task.curvature(v),
              dispose: () => task.dispose(),
            };
          },
        };
      },
    }),
    defineComponent({ kind: 'tasks', name: 'outside', summary: 'Arms', options: none, create: () => new Arms() }),
    defineComponent({
      kind: 'wrapper',
      name: 'outside',
      summary: 'Changes nothing',
      options: none,
      create: () => ({ spaces: (spaces) => spaces, wrap: (environment) => environment }),
    }),
    defineComponent({
      kind: 'policy',
      name: 'outside',
      summary: 'A linear Gaussian',
      options: none,
      inject: { tasks: TOKENS.tasks },
      create: (_options, { tasks }) =>
        new GaussianMlpPolicy(tasks, { hiddenSizes: [], activation: 'tanh', initialStd: 1, minStd: 0.01 }),
    }),
    defineComponent({
      kind: 'inner-optimizer',
      name: 'outside',
      summary: 'Shrinks the parameters',
      options: none,
      create: () => ({ adapt: ({ policy }) => policy.map((part) => ops.scale(part, 0.9)) }),
    }),
    defineComponent({
      kind: 'policy-optimizer',
      name: 'outside',
      summary: 'Plain descent',
      options: none,
      create: () => new GradientOptimizer(gradientComponent.options.parse({ method: 'sgd', learningRate: 0.01 })),
    }),
    defineComponent({
      kind: 'advantages',
      name: 'outside',
      summary: 'Rewards',
      options: none,
      create: () => ({ discount: 1, normalize: false, estimate: ({ rewards }) => rewards.slice() }),
    }),
    defineComponent({
      kind: 'baseline',
      name: 'outside',
      summary: 'One everywhere',
      options: none,
      create: () => ({
        fitted: 'before-advantages',
        create: () => ({
          predict: ({ times }) => new Float64Array(times.length).fill(1),
          fit: () => {},
          state: () => null,
          restore: () => {},
        }),
      }),
    }),
    defineComponent({
      kind: 'check',
      name: 'outside',
      summary: 'Never content, never strict',
      options: none,
      create: () => ({ name: 'outside', verdict: () => ({ kind: 'warn', reason: 'on principle' }) }),
    }),
    defineComponent({
      kind: 'logger',
      name: 'outside',
      summary: 'Counts iterations',
      options: none,
      create: () => ({
        attach: (events) => void events.on('iteration:end', () => heard.push('iteration')),
        close: async () => void heard.push('closed'),
      }),
    }),
  ],
});
const heard: string[] = [];

const PLUGINS = [...defaultPlugins.filter(({ name }) => name !== '@innerloop/cli'), outside];

const base: ExperimentConfig = {
  run: { name: 'swap', seed: 1, iterations: 1, backend: 'cpu' },
  trainer: { use: 'maml', tasksPerIteration: 2, rolloutsPerTask: 2, adaptationSteps: 1 },
  objective: { use: 'maml' },
  tasks: { use: 'point-navigation', horizon: 5 },
  wrappers: [{ use: 'action-scaling' }],
  policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
  inner: { use: 'vpg' },
  meta: { use: 'trpo' },
  evaluation: { every: 0, final: { tasks: 1, steps: 1, rollouts: 1 } },
  loggers: [],
};

/** What must change besides the component itself: because it speaks of other actions, or has nothing that trpo could use. */
const discrete: ExperimentConfig = { policy: { use: 'categorical-mlp', hiddenSizes: [4] }, wrappers: [] };
const { objective: _objective, inner: _inner, meta: _meta, ...alone } = base;
/** An experiment without meta-learning: other slots are filled, so it takes the base's place. */
const standalone: ExperimentConfig = {
  ...alone,
  trainer: { use: 'policy-gradient', stepsPerIteration: 10 },
  optimizer: { use: 'trpo' },
  evaluation: { every: 0, final: { tasks: 1, rollouts: 1 } },
};
const DISCRETE_TASKS = [
  ...['acrobot', 'cart-pole', 'cart-pole-varied', 'mountain-car'],
  ...['bernoulli-bandit', 'gaussian-bandit', 'tabular-mdp', 'outside'],
];
const COMPANIONS: Record<string, ExperimentConfig> = {
  ...Object.fromEntries(DISCRETE_TASKS.map((name) => [`tasks ${name}`, discrete])),
  'policy categorical-mlp': { tasks: { use: 'outside' }, wrappers: [] },
  'objective reptile': { meta: { use: 'gradient', method: 'sgd', learningRate: 0.5 } },
};

const registry = new Registry([corePlugin, ...PLUGINS]);

/** What the trainer maml has no use for. */
const STANDALONE = ['trainer policy-gradient', 'baseline mlp-value', 'wrappers observation-normalization'];

async function trainWith(changes: ExperimentConfig, from: ExperimentConfig = base) {
  const experiment = await createExperiment({ ...from, ...changes }, { plugins: PLUGINS });
  try {
    return await runTraining(experiment);
  } finally {
    await experiment.close();
  }
}

const slots = Object.entries(SLOTS).filter(([slot]) => slot !== 'optimizer');

describe.each(slots)('%s', (slot, kind) => {
  test.each(registry.names(kind))('%s', async (name) => {
    const place = `${slot} ${name}`;
    const from = STANDALONE.includes(place) ? standalone : base;
    const result = await trainWith({ ...COMPANIONS[place], [slot]: { use: name } }, from);
    expect(result.reason).toBe('finished');
    expect(Number.isFinite(result.metrics?.[from === base ? 'return/after' : 'return/mean'])).toBe(true);
  });
});

describe.each(Object.entries(LIST_SLOTS))('%s', (slot, kind) => {
  test.each(registry.names(kind).filter((name) => name !== 'jsonl'))('%s', async (name) => {
    const list =
      slot === 'wrappers'
        ? [{ use: name }, ...(name === 'action-scaling' ? [] : [{ use: 'action-scaling' }])]
        : [{ use: name }];
    const result = await trainWith({ [slot]: list }, STANDALONE.includes(`${slot} ${name}`) ? standalone : base);
    expect(result.reason).toBe('finished');
  });
});

test('what wrappers learn is not lost: the trainer maml, which does not save it, refuses them', async () => {
  const training = trainWith({ wrappers: [{ use: 'observation-normalization' }] });
  await expect(training).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(training).rejects.toThrow(
    /the trainer 'maml' does not save what wrappers learn.*observation-normalization/s,
  );
});

test('every kind has at least two components here, so that a swap is a swap', () => {
  for (const kind of [...Object.values(SLOTS), 'check', 'wrapper']) {
    expect(registry.names(kind).length, kind).toBeGreaterThanOrEqual(2);
  }
  expect(heard).toEqual(['iteration', 'closed']);
});
