import {
  type AnyComponent,
  type Baseline,
  type Check,
  type ComponentKind,
  type ComponentKinds,
  defineComponent,
  definePlugin,
  type Environment,
  type Logger,
  type MetaObjective,
  ParameterLayout,
  type Plugin,
  type Policy,
  type PolicyOptimizer,
  type Spaces,
  type TaskDistribution,
  TOKENS,
  type Token,
  type Trainer,
  type Wrapper,
} from '@innerloop/core';
import { z } from 'zod';

/** Components of every kind, in two variants each, whose objects carry a label that tells which was made. */

const SPACES: Spaces = {
  observationSpace: { kind: 'box', low: [0], high: [1] },
  actionSpace: { kind: 'discrete', count: 2 },
};

const layout = new ParameterLayout([{ name: 'w', shape: [2] }]);

export function labelOf(value: unknown): string {
  return (value as { readonly label?: string }).label ?? 'none';
}

export function labelled<T extends object>(label: string, value: T): T & { readonly label: string } {
  return Object.assign(value, { label });
}

export function makeTasks(): TaskDistribution {
  const environment: Environment = {
    ...SPACES,
    reset: () => [0],
    step: (action) => ({ observation: [1], reward: Number(action), terminated: false, truncated: false }),
  };
  return {
    ...SPACES,
    horizon: 7,
    sample: (_, count) => Array.from({ length: count }, (_, index) => index),
    create: () => environment,
    taskSets: { corners: [0, 1, 2, 3] },
  };
}

/** Adds 1 to the reward and to the number of actions. */
export function makeWrapper(): Wrapper {
  const spaces = (inner: Spaces): Spaces => ({
    observationSpace: inner.observationSpace,
    actionSpace: { kind: 'discrete', count: (inner.actionSpace as { count: number }).count + 1 },
  });
  return {
    spaces,
    wrap: (environment) => ({
      ...spaces(environment),
      reset: (random) => environment.reset(random),
      step: (action) => {
        const step = environment.step(action);
        return { ...step, reward: 10 * step.reward + 1 };
      },
    }),
  };
}

export function makeObjective(
  provides: MetaObjective['provides'] = ['surrogate', 'gradient', 'kl', 'curvature'],
): MetaObjective {
  return {
    provides,
    bind: () => {
      throw new Error('not asked for in these tests');
    },
  };
}

export function makeOptimizer(needs: PolicyOptimizer['needs'] = ['gradient']): PolicyOptimizer {
  return {
    needs,
    improve: async ({ parameters }) => ({ parameters, accepted: false, reason: '', backtracks: 0, gradientNorm: 0 }),
    state: () => null,
    restore: () => {},
  };
}

export function makePolicy(): Policy {
  const unused = (): never => {
    throw new Error('not asked for in these tests');
  };
  return {
    layout,
    actionSize: 1,
    initialize: () => new Float64Array(2),
    distribution: unused,
    logProbability: unused,
    kl: unused,
    entropy: unused,
    actor: unused,
  };
}

function makeBaseline(): Baseline {
  return {
    predict: ({ times }) => new Float64Array(times.length),
    fit: () => {},
    state: () => null,
    restore: () => {},
  };
}

export function makeCheck(name: string): Check {
  return { name, verdict: () => ({ kind: 'ok' }) };
}

export function makeLogger(): Logger {
  return { attach: () => {}, close: async () => {} };
}

/** A trainer whose metrics are the labels of what was injected into it. */
export function makeTrainer(injected: Readonly<Record<string, unknown>>): Trainer {
  const metrics = Object.fromEntries(
    Object.entries(injected).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(labelOf).join() : labelOf(value),
    ]),
  );
  return {
    layout,
    parameters: new Float64Array(2),
    iterate: async () => ({ metrics }),
    evaluate: async () => ({ steps: [], examples: [] }),
    state: () => null,
    restore: () => {},
    close: async () => {},
  };
}

const PARTS = {
  tasks: makeTasks,
  wrapper: makeWrapper,
  policy: makePolicy,
  objective: makeObjective,
  'inner-optimizer': () => ({
    adapt: ({ policy }: { policy: ReturnType<ComponentKinds['inner-optimizer']['adapt']> }) => policy,
  }),
  'policy-optimizer': makeOptimizer,
  advantages: () => ({ discount: 1, normalize: false, estimate: ({ rewards }: { rewards: Float64Array }) => rewards }),
  baseline: () => ({ fitted: 'after-update' as const, create: makeBaseline }),
  check: () => makeCheck('fake'),
  logger: makeLogger,
};

const options = z.strictObject({ level: z.int().min(0).max(9).default(5).describe('From 0 to 9') });

function variants(kind: Exclude<ComponentKind, 'trainer'>): AnyComponent[] {
  return ['first', 'second'].map((name) =>
    defineComponent({
      kind,
      name,
      summary: `the ${name} ${kind}`,
      options,
      create: ({ level }) => labelled(`${name}:${level}`, PARTS[kind]()) as ComponentKinds[typeof kind],
    }),
  );
}

const COMMON = { tasks: TOKENS.tasks, policy: TOKENS.policy, advantages: TOKENS.advantages, baseline: TOKENS.baseline };

function trainer(name: string, slots: string[], inject: Readonly<Record<string, Token<unknown>>>): AnyComponent {
  return defineComponent({
    kind: 'trainer',
    name,
    summary: `a trainer with the slots ${slots.join()}`,
    options,
    slots,
    inject: { ...COMMON, ...inject },
    create: (_, injected) => labelled(name, makeTrainer({ ...injected, trainer: labelled(name, {}) })),
  });
}

/** All kinds, the variants `first` and `second` of each; `first` and `second` trainers are meta-learners. */
export const fakePlugin: Plugin = definePlugin({
  name: 'fakes',
  version: '1.0.0',
  requires: '*',
  components: [
    ...(Object.keys(PARTS) as (keyof typeof PARTS)[]).flatMap(variants),
    ...['first', 'second'].map((name) =>
      trainer(name, ['objective', 'inner', 'meta'], {
        objective: TOKENS.objective,
        inner: TOKENS.inner,
        meta: TOKENS.meta,
        wrappers: TOKENS.wrappers,
        checks: TOKENS.checks,
      }),
    ),
    trainer('standalone', ['optimizer'], { optimizer: TOKENS.optimizer }),
  ],
});

/** A config that is valid with {@link fakePlugin}. */
export const FAKE_CONFIG = {
  trainer: 'first',
  objective: 'first',
  tasks: 'first',
  policy: 'first',
  inner: 'first',
  meta: 'first',
  advantages: 'first',
  baseline: 'first',
} as const;

/** {@link FAKE_CONFIG} as a file. */
export const FAKE_YAML = `trainer: { use: first }
objective: first
tasks: { use: first, level: 1 }
policy: first
inner: first
meta:
  use: first
  level: 3
`;

/** A plugin of one component. */
export function pluginOf(component: AnyComponent, name = 'extra'): Plugin {
  return definePlugin({ name, version: '1.0.0', requires: '*', components: [component] });
}
