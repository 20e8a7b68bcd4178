import { describe, expect, it } from 'vitest';
import {
  evaluateRun,
  isInnerloopError,
  type Json,
  randomStream,
  runTraining,
  sampleTasks,
  type TaskDistribution,
} from '../src/index.js';
import { fakeExperiment } from './support/fake-experiment.js';
import { rejection } from './support/temporary.js';

const random = () => randomStream({ seed: 1, purpose: 'user' });
const returning = (tasks: unknown) => ({ sample: () => tasks as Json[] });

function refusal(distribution: Pick<TaskDistribution, 'sample'>, count = 2): Error {
  try {
    sampleTasks(distribution, random(), count);
  } catch (error) {
    if (isInnerloopError(error) && error.code === 'ENVIRONMENT_INVALID') return error;
    throw error;
  }
  throw new Error('expected sampleTasks to refuse');
}

class Goal {
  x = 1;
}

describe('sampleTasks', () => {
  it('returns the tasks as they were drawn from the stream that it was given', () => {
    const draw = (r: ReturnType<typeof random>, count: number) => Array.from({ length: count }, () => r.uniform());
    expect(sampleTasks({ sample: draw }, random(), 3)).toEqual(draw(random(), 3));
    const plain = [{ goal: [0.5, -1], name: 'a', hard: true, wind: null }, {}];
    expect(sampleTasks(returning(plain), random(), 2)).toBe(plain);
    expect(sampleTasks(returning([Object.create(null)]), random(), 1)).toHaveLength(1);
    const shared = [1, 2];
    expect(sampleTasks(returning([shared, shared]), random(), 2)).toEqual([shared, shared]);
  });

  it.each([
    ['nothing', undefined, 'expected a list of 2 tasks, found undefined'],
    ['an empty list', [], 'expected a list of 2 tasks, found one of 0'],
    ['too few', [1], 'expected a list of 2 tasks, found one of 1'],
    ['too many', [1, 2, 3], 'expected a list of 2 tasks, found one of 3'],
    ['no array', { length: 2, 0: 1, 1: 2 }, 'expected a list of 2 tasks, found Object of length 2'],
    ['a promise', Promise.resolve([1, 2]), 'expected a list of 2 tasks, found an object (Promise)'],
    ['a function inside', [{}, { reward: () => 0 }], 'plain JSON, found a function at tasks[1].reward'],
    ['undefined inside', [{ goal: undefined }, {}], 'plain JSON, found undefined at tasks[0].goal'],
    ['a hole', new Array(2), 'plain JSON, found undefined at tasks[0]'],
    ['NaN', [0, Number.NaN], 'plain JSON, found NaN at tasks[1]'],
    ['a typed array', [0, { goal: new Float32Array(2) }], 'found Float32Array of length 2 at tasks[1].goal'],
    ['an instance', [new Goal(), 1], 'plain JSON, found an object (Goal) at tasks[0]'],
    ['a symbol as a key', [{ [Symbol('x')]: 1 }, 1], 'plain JSON, found an object (Object) at tasks[0]'],
  ])('refuses %s', (_, tasks, message) => {
    const error = refusal(returning(tasks));
    expect(error.message).toContain('sample(random, 2) of the task distribution: expected');
    expect(error.message).toContain(message);
  });

  it('refuses a task that contains itself', () => {
    const task: { self?: unknown } = {};
    task.self = [task];
    expect(refusal(returning([task]), 1).message).toContain('at tasks[0].self[0], which contains itself');
  });

  it('says what sample() threw', () => {
    const cause = new TypeError('no goals left');
    const error = refusal({
      sample: () => {
        throw cause;
      },
    });
    expect(error.message).toBe('sample(random, 2) of the task distribution threw: no goals left');
    expect(error.cause).toBe(cause);
  });
});

describe('tasks that are drawn wrongly', () => {
  // One task short.
  const short = (tasks: TaskDistribution): TaskDistribution => ({
    ...tasks,
    sample: (stream, count) => tasks.sample(stream, count - 1),
  });

  it('end an evaluation', async () => {
    const { trainer, tasks } = fakeExperiment();
    const plan = { tasks: 3, steps: 1, rollouts: 2, seed: 5 };
    const from = { parameters: new Float64Array(6), checkpoint: 'last', iteration: 7 } as const;
    const error = await rejection(evaluateRun({ trainer, tasks: short(tasks) }, plan, from));
    expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID' });
    expect(error.message).toContain('expected a list of 3 tasks, found one of 2');
  });

  it('end a run at its validation', async () => {
    const evaluation = { every: 1, tasks: 4, final: { tasks: 'two-goals' } };
    const experiment = fakeExperiment({ run: { iterations: 2 }, evaluation });
    const error = await rejection(runTraining({ ...experiment, tasks: short(experiment.tasks) }));
    expect(error.message).toContain('expected a list of 4 tasks, found one of 3');
  });
});
