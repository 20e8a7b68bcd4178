import { type Action, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  ClassicControl,
  type ClassicControlOptions,
  CONTROL_PROBLEMS,
  type ControlProblemName,
  envsPlugin,
} from '../src/index.js';

const NAMES = Object.keys(CONTROL_PROBLEMS) as ControlProblemName[];
const stream = (seed: number) => randomStream({ seed, purpose: 'user' });
const force = (value: number) => Float32Array.of(value);

describe('what is refused', () => {
  it.each<[ControlProblemName, Action, string]>([
    ['cart-pole', 2, 'expected an integer from 0 to 1, found 2'],
    ['cart-pole', -1, 'expected an integer from 0 to 1, found -1'],
    ['acrobot', 0.5, 'expected an integer from 0 to 2, found 0.5'],
    ['mountain-car', force(1), 'expected an integer from 0 to 2, found [1]'],
    ['pendulum', 1, 'expected a Float32Array with one finite number, found 1'],
    ['pendulum', Float32Array.of(1, 2), 'expected a Float32Array with one finite number, found [1, 2]'],
    ['mountain-car-continuous', force(Number.NaN), 'expected a Float32Array with one finite number, found [NaN]'],
  ])('%s with action %j', (name, action, message) => {
    const step = () => new ClassicControl(name).create({}).step(action);
    expect(step).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(step).toThrow(message);
  });

  it.each([[{ mass: 2 }], [null], [3]])('task %j', (task) => {
    const create = () => new ClassicControl('pendulum').create(task as unknown as Record<string, never>);
    expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(create).toThrow('has one task, {}');
  });

  it.each([{ timeLimit: 0 }, { timeLimit: 2.5 }, { limit: 3 }])('options %j', (options) => {
    expect(() => new ClassicControl('acrobot', options as ClassicControlOptions)).toThrow();
  });
});

describe('the distributions', () => {
  it.each(NAMES)('%s is a component with the time limit of Gymnasium', (name) => {
    const component = envsPlugin.components.find((one) => one.kind === 'tasks' && one.name === name);
    const make = (options: object) => component?.create(component.options.parse(options), {}) as ClassicControl;
    expect(make({}).horizon).toBe(CONTROL_PROBLEMS[name].timeLimit + 1);
    expect(make({}).references).toHaveLength(3);
    expect(make({ timeLimit: 30 }).horizon).toBe(31);
    expect(make({ timeLimit: 30 }).references).toEqual([]);
    expect(make({}).sample(stream(1), 3)).toEqual([{}, {}, {}]);
  });

  it('draws the pendulum only: its free end, sin θ over cos θ', () => {
    expect(new ClassicControl('pendulum').view?.({})).toEqual({ axes: [1, 0], target: [0, 1] });
    expect(NAMES.filter((name) => new ClassicControl(name).view)).toEqual(['pendulum']);
  });
});
