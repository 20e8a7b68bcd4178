import { describe, expect, test } from 'vitest';
import type { Environment, Json, Random, Step, TaskDistribution } from '../src/index.js';
import { checkEnvironment, checkTaskDistribution } from '../src/testing/index.js';

/** A point on a line that drifts towards the task's goal; an episode ends where it leaves [−2, 2], or after 25 steps. */
class Line implements Environment {
  readonly observationSpace: Environment['observationSpace'] = { kind: 'box', low: [-4, 0], high: [4, 25] };
  readonly actionSpace: Environment['actionSpace'] = { kind: 'box', low: [-1], high: [1] };
  protected x = 0;
  protected t = 0;
  protected random!: Random;
  private readonly buffer = new Float64Array(2);

  constructor(protected readonly goal = 0.5) {}

  reset(random: Random): ArrayLike<number> {
    this.random = random;
    this.t = 0;
    this.x = random.uniform();
    return this.observe();
  }

  step(action: unknown): Step {
    const move = Math.max(-1, Math.min(1, (action as Float32Array)[0] as number));
    this.x += 0.3 * move + 0.1 * this.random.normal() + 0.1 * this.goal;
    this.t += 1;
    const [terminated, truncated] = [Math.abs(this.x) > 2, this.t >= 25];
    return { observation: this.observe(), reward: -Math.abs(this.x - this.goal), terminated, truncated };
  }

  /** Reuses its buffer, as environments may. */
  protected observe(): ArrayLike<number> {
    this.buffer.set([this.x, this.t]);
    return this.buffer;
  }
}

test('a sound environment passes, a discrete one too', () => {
  checkEnvironment(() => new Line());
  checkEnvironment(() => new Line(), { timeLimit: 25 });
  class Discrete extends Line {
    override readonly actionSpace = { kind: 'discrete', count: 3 } as const;
    override step(action: unknown) {
      return super.step(Float32Array.of((action as number) - 1));
    }
  }
  checkEnvironment(() => new Discrete());
});

/** A line whose steps are changed. */
const stepping = (change: (step: Step, line: { readonly t: number; readonly x: number }) => unknown) => () =>
  new (class extends Line {
    override step(action: unknown) {
      return change(super.step(action), { t: this.t, x: this.x }) as Step;
    }
  })();

/** A line with other members. */
const having = (members: Readonly<Record<string, unknown>>) => () => Object.assign(new Line(), members) as Environment;

let leaked = 0;
let made: Line | undefined;
const box = (low: number[], high: number[]) => ({ kind: 'box', low, high });

const BROKEN: readonly [string, () => Environment, string][] = [
  ['no step()', having({ step: undefined }), 'without step(). Add what is missing'],
  ['one environment for all', () => (made ??= new Line()), 'The same environment was made twice'],
  [
    'spaces of another kind',
    having({ observationSpace: { kind: 'sphere' } }),
    'observationSpace is an object (Object). Make it',
  ],
  ['bounds that lack one', having({ observationSpace: box([0, 0], [1]) }), 'has 2 lower and 1 upper bounds'],
  ['bounds the wrong way round', having({ actionSpace: box([1], [-1]) }), 'the bounds [1, -1] in dimension 0'],
  ['no actions', having({ actionSpace: { kind: 'discrete', count: 0 } }), 'actionSpace has the count 0'],
  [
    'a promise',
    stepping((step) => Promise.resolve(step)),
    'observation of step 0 is undefined, but observationSpace has 2',
  ],
  ['nothing', stepping(() => undefined), 'step() returned undefined. Return { observation'],
  [
    'an observation that is too long',
    stepping((step) => ({ ...step, observation: [0, 0, 0] })),
    'is Array of length 3',
  ],
  [
    'NaN in an observation',
    stepping((step, { t }) => ({ ...step, observation: [0, t > 3 ? Number.NaN : 0] })),
    'NaN at index 1 of the observation of step 3',
  ],
  [
    'an observation out of bounds',
    stepping((step, { t }) => ({ ...step, observation: [4.01, t] })),
    '4.01 at index 0 of the observation of step 0, outside of [-4, 4]',
  ],
  [
    'a reward that is text',
    stepping((step) => ({ ...step, reward: '1' })),
    'The reward of step 0 is "1". Return a finite number',
  ],
  ['no truncated flag', stepping(({ truncated: _, ...step }) => step), '`truncated` of step 0 is undefined'],
  ['a numeric terminated flag', stepping((step) => ({ ...step, terminated: 0 })), '`terminated` of step 0 is 0'],
  ['Math.random', stepping((step) => ({ ...step, reward: Math.random() })), 'never from Math.random or a clock'],
  [
    'a counter that no reset puts back',
    having({
      steps: 0,
      step(this: Line & { steps: number }, action: unknown) {
        this.steps += 1;
        return { ...Line.prototype.step.call(this, action), reward: this.steps };
      },
    }),
    'depends on the one before it in the same environment (step 0: ',
  ],
  [
    'state in the module',
    () =>
      new (class extends Line {
        override reset(random: Random) {
          leaked = 0;
          return super.reset(random);
        }
        override step(action: unknown) {
          leaked += 1;
          return { ...super.step(action), reward: leaked };
        }
      })(),
    'Episodes of different environments disturb each other',
  ],
  [
    'actions that are written into',
    having({
      step(this: Line, action: Float32Array) {
        action[0] = 0.5;
        return Line.prototype.step.call(this, action);
      },
    }),
    'step() wrote into the action that it was given',
  ],
  [
    'actions out of bounds that are refused',
    having({
      step(this: Line, action: Float32Array) {
        if (Math.abs(action[0] as number) > 1) throw new Error('too far');
        return Line.prototype.step.call(this, action);
      },
    }),
    'step() threw: too far. The actions were outside of actionSpace, as those of Gaussian policies may be: clip them.',
  ],
  [
    'a reset that throws',
    having({
      reset: () => {
        throw new Error('no display');
      },
    }),
    'reset() threw: no display',
  ],
];

describe('an environment that has', () => {
  test.each(BROKEN)('%s', (_name, factory, sentence) => {
    const check = () => checkEnvironment(factory);
    expect(check).toThrow(expect.objectContaining({ code: 'CONTRACT_BROKEN' }));
    expect(check).toThrow(sentence);
  });

  test('several faults is told all of them, each once', () => {
    const factory = stepping((step) => ({ ...step, observation: [9, 0], reward: null, terminated: 'no' }));
    expect(() => checkEnvironment(factory)).toThrow(/^The environment breaks its contract in 3 points:(\n- .+){3}$/);
  });
});

describe('a time limit', () => {
  test('that is said to be an end of the problem', () => {
    const factory = stepping((step, { t }) => ({ ...step, terminated: t >= 10, truncated: false }));
    expect(() => checkEnvironment(factory, { timeLimit: 10 })).toThrow(
      'are `terminated`, so their last state counts as worth nothing',
    );
    checkEnvironment(factory); // an end like any other
  });

  test('that is passed by', () => {
    expect(() => checkEnvironment(() => new Line(), { timeLimit: 24 })).toThrow('An episode went on after 24 steps');
  });
});

/** Goals on [0, 1]. */
class Lines implements TaskDistribution<Json> {
  readonly horizon: number = 30;
  readonly observationSpace: Environment['observationSpace'] = new Line().observationSpace;
  readonly actionSpace: Environment['actionSpace'] = new Line().actionSpace;
  sample(random: Random, count: number): readonly Json[] {
    return Array.from({ length: count }, () => ({ goal: random.uniform() }));
  }
  create(task: Json): Environment {
    return new Line((task as { goal: number }).goal);
  }
}

const changed = (members: Partial<Record<keyof TaskDistribution, unknown>>) =>
  Object.assign(new Lines(), members) as TaskDistribution;

test('a sound distribution passes, and so does one of a single task', () => {
  checkTaskDistribution(() => new Lines());
  checkTaskDistribution(changed({ taskSets: { far: [{ goal: 1 }] }, view: () => ({ axes: [0, 1], target: [1, 2] }) }));
  checkTaskDistribution(changed({ sample: (_: Random, count: number) => new Array(count).fill({ goal: 0.25 }) }));
});

const known = new WeakMap<object, number>();
let drawn = 0;

const BROKEN_DISTRIBUTIONS: readonly [string, TaskDistribution, string][] = [
  ['a horizon of 0', changed({ horizon: 0 }), 'horizon is 0. Give it a whole number'],
  [
    'one task too few',
    changed({ sample: (_: Random, n: number) => new Array(n - 1).fill(1) }),
    'expected a list of 1 task, found one of 0',
  ],
  [
    'tasks that are no JSON',
    changed({ sample: (_: Random, n: number) => new Array(n).fill({ goal: Number.NaN }) }),
    'NaN at tasks[0].goal',
  ],
  [
    'tasks that are the same whatever the stream',
    changed({ sample: (_: Random, n: number) => Array.from({ length: n }, (_x, i) => ({ goal: i })) }),
    'sample() draws the same tasks from every stream',
  ],
  [
    'tasks that count the calls',
    changed({ sample: (_: Random, n: number) => Array.from({ length: n }, () => ({ goal: drawn++ })) }),
    'different tasks from the same stream',
  ],
  [
    'tasks that are told by identity',
    changed({
      sample: (random: Random, n: number) =>
        Array.from({ length: n }, () => {
          const task = { name: 'goal' };
          known.set(task, random.uniform());
          return task;
        }),
      create: (task: object) => new Line(known.get(task) ?? 0),
    }),
    'As JSON and back it is another problem',
  ],
  [
    'an environment that changes its task',
    changed({
      create: (task: { goal: number }) => {
        task.goal += 1;
        return new Line(task.goal);
      },
    }),
    'The task itself was changed',
  ],
  [
    'an environment with other spaces',
    changed({ create: () => Object.assign(new Line(), { observationSpace: box([-9, 0], [9, 25]) }) }),
    'The spaces of its environment are not those of the distribution',
  ],
  ['a broken environment', changed({ create: stepping((step) => ({ ...step, reward: Number.NaN })) }), 'Task {"goal":'],
  ['one environment for all', changed({ create: () => (made ??= new Line()) }), 'The same environment was made twice'],
  ['an empty task set', changed({ taskSets: { none: [] } }), 'taskSets.none is Array of length 0'],
  ['a task set that is no JSON', changed({ taskSets: { odd: [undefined] } }), 'taskSets.odd: '],
  [
    'a view of a component that is not there',
    changed({ view: () => ({ axes: [0, 2] }) }),
    'view().axes are [0, 2]. Name two components of the observation, from 0 to 1',
  ],
  [
    'a view without a target',
    changed({ view: () => ({ axes: [0, 1], target: [Number.NaN, 1] }) }),
    'view().target is [NaN, 1]',
  ],
];

describe('a task distribution that has', () => {
  test.each(BROKEN_DISTRIBUTIONS)('%s', (_name, distribution, sentence) => {
    const check = () => checkTaskDistribution(distribution);
    expect(check).toThrow(expect.objectContaining({ code: 'CONTRACT_BROKEN' }));
    expect(check).toThrow(sentence);
  });
});
