import { episodeReturns, type Json, meanReturn, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  CartPoleVaried,
  type CartPoleVariedOptions,
  ClassicControl,
  type PendulumTask,
  PendulumVaried,
  type PendulumVariedOptions,
} from '../src/index.js';
import { againstUpperLink, along, alongWith, balance, type Controller, play, swingUp } from './support/controllers.js';
import { mean, standardError } from './support/statistics.js';

// What simple controllers earn, as docs/environments.md says: there over 20 000 episodes (or 2000 tasks of 10), here over fewer, so means agree
// to their own errors.

const EPISODES = { episodes: 200, seed: 1 };
const draw = (seed: number) => randomStream({ seed, purpose: 'tasks' });

/** Half the width of a 99.7 % interval of the mean. */
function threeErrors(values: readonly number[]): number {
  return 3 * standardError(values);
}

describe('single problems', () => {
  it.each([
    ['pendulum', swingUp({ mass: 1, length: 1 }), -151, 92],
    ['acrobot', againstUpperLink, -84.5, 19],
    ['mountain-car', along, -119.4, 3.7],
    ['mountain-car-continuous', alongWith(0.25), 98.3, 0.12],
  ] as const)('%s: a simple controller earns as much as is documented', (name, controller, documented, deviation) => {
    const average = meanReturn(play(new ClassicControl(name), {}, controller, EPISODES));
    expect(Math.abs(average - documented)).toBeLessThan((3 * deviation) / Math.sqrt(EPISODES.episodes));
  });

  it('cart-pole: a linear feedback earns 500 in every episode', () => {
    const returns = episodeReturns(play(new ClassicControl('cart-pole'), {}, balance, EPISODES));
    expect(Math.min(...returns)).toBe(500);
  });

  it('cart-pole: 500 is the most an episode can earn, and pushing at random earns about 22', () => {
    const random = randomStream({ seed: 5, purpose: 'act' });
    const returns = [...episodeReturns(play(new ClassicControl('cart-pole'), {}, () => random.integer(2), EPISODES))];
    expect(mean(returns)).toBeAllClose(22, { rtol: 0, atol: 2 });
    expect(Math.max(...returns)).toBeLessThan(500);
  });
});

describe('cart-pole-varied', () => {
  const tasks = new CartPoleVaried();
  const corners = [0.5, 2].flatMap((cartMass) =>
    [0.05, 0.2].flatMap((poleMass) => [0.25, 1].map((halfLength) => ({ cartMass, poleMass, halfLength }))),
  );

  it('is kept up for 500 steps by one linear feedback, in every sampled task and at every corner of the ranges', () => {
    const sampled = tasks.sample(draw(2), 100);
    for (const task of [...sampled, ...corners]) {
      const { ends, rewards } = play(tasks, task, balance, { episodes: 10, seed: 3 });
      expect(new Set(ends), JSON.stringify(task)).toEqual(new Set(['truncated']));
      expect(rewards).toHaveLength(5000);
    }
  });

  it('takes total mass and pole moment from the task', () => {
    // M = 2.2, m l = 0.2: T = 10 / 2.2 = 4.5454545; θ̈ = −T / (4/3 − 0.2/2.2) = −4.5454545 / 1.2424242 = −3.6585366;
    // ẍ = T + 0.2 · 3.6585366 / 2.2 = 4.8780488. Times 0.02: 0.0975610 and −0.0731707.
    const environment = tasks.create({ cartMass: 2, poleMass: 0.2, halfLength: 1 });
    environment.restart([0, 0, 0, 0]);
    expect(environment.step(1).observation).toBeAllClose([0, 0.097561, 0, -0.0731707], { rtol: 1e-6 });
  });

  it('samples uniformly from its ranges', () => {
    const sampled = tasks.sample(draw(4), 4000);
    for (const [key, low, high] of [
      ['cartMass', 0.5, 2],
      ['poleMass', 0.05, 0.2],
      ['halfLength', 0.25, 1],
    ] as const) {
      const values = sampled.map((task) => task[key]);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThan(high);
      expect(Math.abs(mean(values) - (low + high) / 2)).toBeLessThan(threeErrors(values));
      expect(threeErrors(values) / (high - low)).toBeLessThan(0.015); // 3 · 0.2887 / √4000 = 0.0137
    }
  });
});

describe('pendulum-varied', () => {
  const tasks = new PendulumVaried();
  const sampled = tasks.sample(draw(2), 200);
  /** Ten episodes of each task, from streams of its own. */
  const returnsOf = (controllerOf: (task: PendulumTask) => Controller) =>
    sampled.map((task, seed) => meanReturn(play(tasks, task, controllerOf(task), { episodes: 10, seed })));

  it('is swung up in every sampled task by a controller that knows the task', () => {
    sampled.forEach((task, seed) => {
      const { finalObservations, ends } = play(tasks, task, swingUp(task), { episodes: 10, seed });
      expect(ends).toHaveLength(10);
      for (let e = 0; e < ends.length; e++) {
        expect(finalObservations[3 * e], JSON.stringify(task)).toBeGreaterThan(0.99); // cos θ
      }
    });
  });

  it('costs much more if every pendulum is taken for the standard one: there is something to adapt to', () => {
    const known = returnsOf(swingUp);
    const mistaken = returnsOf(() => swingUp({ mass: 1, length: 1 }));
    expect(Math.abs(mean(known) - -194)).toBeLessThan(threeErrors(known));
    expect(Math.abs(mean(mistaken) - -321)).toBeLessThan(threeErrors(mistaken));
    expect(threeErrors(known)).toBeLessThan(20);
    expect(threeErrors(mistaken)).toBeLessThan(60);
  });

  it('takes gravity and torque by mass and length', () => {
    // θ = π/2, at rest, torque 1: 3 · 10 / (2 · 1.5) + 3 / (2 · 2.25) = 10 + 0.6666667, times 0.05: 0.5333333.
    const environment = tasks.create({ mass: 2, length: 1.5 });
    environment.restart([Math.PI / 2, 0]);
    expect(environment.step(Float32Array.of(1)).observation[2]).toBeAllClose(0.5333333, { rtol: 1e-6 });
  });

  it('samples uniformly from its ranges', () => {
    const many = tasks.sample(draw(4), 4000);
    for (const [key, low, high] of [
      ['mass', 0.5, 2],
      ['length', 0.75, 1.5],
    ] as const) {
      const values = many.map((task) => task[key]);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThan(high);
      expect(Math.abs(mean(values) - (low + high) / 2)).toBeLessThan(threeErrors(values));
    }
  });

  it('is drawn as the single pendulum', () => {
    expect(tasks.view()).toEqual({ axes: [1, 0], target: [0, 1] });
  });
});

describe.each([
  ['cart-pole-varied', (options: object) => new CartPoleVaried(options as CartPoleVariedOptions)],
  ['pendulum-varied', (options: object) => new PendulumVaried(options as PendulumVariedOptions)],
] as const)('%s', (name, make) => {
  const key = name === 'cart-pole-varied' ? 'cartMass' : 'mass';
  const valuesOf = (tasks: readonly Json[]) => tasks.map((task) => (task as Record<string, number>)[key]);

  it('draws tasks of plain JSON by the seed', () => {
    const tasks = make({}).sample(draw(1), 5);
    expect(JSON.parse(JSON.stringify(tasks))).toEqual(tasks);
    expect(make({}).sample(draw(1), 5)).toEqual(tasks);
    expect(make({}).sample(draw(2), 5)).not.toEqual(tasks);
  });

  it('takes its ranges and its time limit from options', () => {
    expect(valuesOf(make({ [key]: [3, 3] }).sample(draw(1), 2))).toEqual([3, 3]);
    expect(make({ timeLimit: 9 }).horizon).toBe(10);
    for (const range of [[2, 1], [0, 1], [1], [1, 2, 3]]) expect(() => make({ [key]: range })).toThrow();
    expect(() => make({ speed: 1 })).toThrow();
  });

  it.each([[{}], [null], [{ mass: 1 }], [{ mass: 1, length: -1 }], [{ cartMass: 1, poleMass: 0.1, halfLength: 'x' }]])(
    'refuses task %j',
    (task) => {
      const create = () => make({}).create(task as never);
      expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
      expect(create).toThrow(`A task of ${name} must be {`);
    },
  );
});
