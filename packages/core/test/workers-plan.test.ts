import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  corePlugin,
  defineComponent,
  definePlugin,
  type ExperimentConfig,
  Registry,
  type ResolvedConfig,
  resolveConfig,
  TOKENS,
  type Trainer,
} from '../src/index.js';
import { planWorkers } from '../src/workers/plan.js';

const none = z.strictObject({});
const never = (): never => {
  throw new Error('nothing is made to plan');
};
/** Any file that a worker could import. */
const MODULE = import.meta.resolve('zod');
const box = { kind: 'box', low: [0], high: [1] } as const;
const ownTasks = { observationSpace: box, actionSpace: box, horizon: 1, sample: never, create: never };

const trainer = defineComponent({
  kind: 'trainer',
  name: 'parallel',
  summary: 'A trainer with workers',
  options: z.strictObject({ tasks: z.int().default(8) }),
  slots: ['inner'],
  workers: {
    entry: new URL(MODULE),
    needs: [TOKENS.tasks, TOKENS.policy, TOKENS.inner],
    most: ({ tasks }) => tasks,
  },
  create: (): Trainer => never(),
});
const serial = defineComponent({ kind: 'trainer', name: 'serial', summary: 'S', options: none, create: never });
const tasks = defineComponent({
  kind: 'tasks',
  name: 'field',
  summary: 'T',
  options: z.strictObject({ size: z.number().default(2), make: z.unknown().optional() }),
  create: never,
});
const wrapper = defineComponent({ kind: 'wrapper', name: 'frame', summary: 'W', options: none, create: never });
const inner = defineComponent({
  kind: 'inner-optimizer',
  name: 'step',
  summary: 'I',
  options: none,
  inject: { policy: TOKENS.policy, baseline: TOKENS.baseline },
  create: never,
});
const talking = defineComponent({
  kind: 'inner-optimizer',
  name: 'talking',
  summary: 'I',
  options: none,
  inject: { events: TOKENS.events },
  create: never,
});

const plugin = (name: string, components: Parameters<typeof definePlugin>[0]['components'], module?: string) =>
  definePlugin({ name, version: '1.0.0', requires: '*', components, ...(module !== undefined && { module }) });
const registry = new Registry([
  corePlugin,
  plugin('main', [trainer, serial, inner, talking]),
  plugin('world', [tasks, wrapper], MODULE),
]);
const located = new Registry([
  corePlugin,
  plugin('main', [trainer, serial, inner, talking], MODULE),
  plugin('world', [tasks, wrapper], MODULE),
]);

function plan(config: ExperimentConfig, { cores = 8, from = located } = {}) {
  const base = { trainer: 'parallel', tasks: 'field', policy: 'gaussian-mlp', inner: 'step' };
  const resolution = resolveConfig({ ...base, ...config }, { registry: from, baseDirectory: '/' });
  return planWorkers({ ...resolution, registry: from, backend: 'wasm', cores });
}
const workers = (count: ResolvedConfig['run']['workers']) => ({ run: { workers: count } });

describe('auto', () => {
  test.each([
    // cores, tasks an iteration, workers
    [1, 8, 0, 'there is one core'],
    [2, 8, 2, 'one for each core'],
    [3, 8, 3, 'one for each core'],
    [4, 8, 4, 'one for each core'],
    [16, 8, 4, 'auto takes at most 4'],
    [16, 3, 3, 'one for each task'],
    [16, 1, 0, 'there is one task an iteration'],
  ])('%i cores and %i tasks: %i workers', (cores, tasks, count, reason) => {
    const { plan: found, notices, issues } = plan({ trainer: { use: 'parallel', tasks } }, { cores });
    expect(found).toMatchObject({ count, reason });
    expect(found.source === null).toBe(count === 0);
    expect([notices, issues]).toEqual([[], []]);
  });

  test('is quiet where the trainer has no use for workers', () => {
    const found = plan({ trainer: 'serial', inner: undefined as never });
    expect(found).toMatchObject({
      plan: { count: 0, reason: "the trainer 'serial' works in the main thread" },
      notices: [],
    });
  });
});

test('a number is taken as it is, whatever the cores and tasks', () => {
  expect(plan(workers(7), { cores: 1 }).plan).toMatchObject({ count: 7, reason: '7 were asked for' });
  expect(plan(workers(0)).plan).toMatchObject({ count: 0, reason: '0 were asked for', source: null });
});

test.each([-1, 1.5, 'many', 257])('run.workers: %s is refused', (value) => {
  expect(() => plan(workers(value as never))).toThrow(/run\.workers: expected .+, found/);
});

describe('the recipe', () => {
  test('has what the trainer needs and what that injects, and nothing else', () => {
    const { plan: found } = plan({ run: { workers: 2, seed: 5, workerTimeout: 9 }, wrappers: ['frame'], checks: [] });
    expect(found.timeoutSeconds).toBe(9);
    const { parts, plugins, run, backend, workers: count } = found.source?.recipe ?? never();
    const places = parts.map(({ place, use }) => `${place} ${use}`).sort();
    // The baseline is injected by the inner optimizer; wrappers come with the tasks; no trainer, advantages or loggers.
    expect(places).toEqual([
      'baseline linear-feature',
      'inner step',
      'policy gaussian-mlp',
      'tasks field',
      'wrappers frame',
    ]);
    expect(parts.find(({ place }) => place === 'tasks')?.options).toEqual({ size: 2 });
    expect(plugins.map(({ name }) => name).sort()).toEqual(['main', 'world']);
    expect({ seed: run.seed, backend, count }).toEqual({ seed: 5, backend: 'wasm', count: 2 });
    expect(structuredClone(found)).toEqual(found);
  });
});

describe('what stands in the way', () => {
  const cases: readonly (readonly [string, ExperimentConfig, Registry, string])[] = [
    [
      'an object given in code',
      { tasks: ownTasks },
      located,
      'tasks is an object given in code, which a worker cannot be sent',
    ],
    ['a plugin without a module', {}, registry, "the plugin 'main' of the inner-optimizer 'step' has no `module`"],
    [
      'a function among the options',
      { tasks: { use: 'field', make: () => 1 } },
      located,
      "the options of the tasks 'field' cannot be sent to a worker",
    ],
    [
      'an object of a class among the options',
      { tasks: { use: 'field', make: new URL('file:///x') } },
      located,
      "the options of the tasks 'field' cannot",
    ],
    [
      'a need of the events',
      { inner: 'talking' },
      located,
      "the inner-optimizer 'talking' needs the experiment's events, which only the main thread has",
    ],
  ];

  test.each(cases)('%s: a notice for auto', (_, config, from, why) => {
    const { plan: found, notices, issues } = plan(config, { from });
    expect(found).toMatchObject({ count: 0, source: null });
    expect(found.reason).toContain(why);
    expect(notices).toEqual([
      expect.stringContaining(`everything runs in the main thread (run.workers: auto), since ${why}`),
    ]);
    expect(issues).toEqual([]);
  });

  test.each(cases)('%s: an issue for a number', (_, config, from, why) => {
    const { issues, notices } = plan({ ...config, ...workers(2) }, { from });
    expect(issues).toEqual([
      { path: ['run', 'workers'], expected: expect.stringContaining(`0 or 'auto', since ${why}`), found: '2' },
    ]);
    expect(notices).toEqual([]);
  });

  test('a trainer without workers refuses a number', () => {
    const { issues } = plan({ trainer: 'serial', inner: undefined as never, ...workers(1) });
    expect(issues[0]?.expected).toBe("0 or 'auto', since the trainer 'serial' works in the main thread");
  });
});
