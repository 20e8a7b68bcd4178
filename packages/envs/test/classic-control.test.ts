import { type Action, collectTrajectories, type Environment, type Random, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { ClassicControl, type ClassicControlOptions, CONTROL_PROBLEMS, type ControlProblemName } from '../src/index.js';
import { actorOf, balance } from './support/controllers.js';

const NAMES = Object.keys(CONTROL_PROBLEMS) as ControlProblemName[];
const stream = (seed: number) => randomStream({ seed, purpose: 'user' });

/** An environment in this state. */
function start(name: ControlProblemName, state: readonly number[], options: ClassicControlOptions = {}) {
  const environment = new ClassicControl(name, options).create({});
  environment.restart(state);
  return environment;
}

const force = (value: number) => Float32Array.of(value);

describe('one step, by hand', () => {
  it('cart-pole: a push at rest, upright', () => {
    // T = 10 / 1.1 = 9.0909091; θ̈ = −T / (0.5 (4/3 − 0.1/1.1)) = −9.0909091 / 0.6212121 = −14.6341463;
    // ẍ = T + 0.05 · 14.6341463 / 1.1 = 9.7560976. Times 0.02: ẋ = 0.1951220, θ̇ = −0.2926829. Positions move with the old velocities: not at all.
    const right = start('cart-pole', [0, 0, 0, 0]).step(1);
    expect(right.observation).toBeAllClose([0, 0.195122, 0, -0.2926829], { rtol: 1e-7, atol: 1e-7 });
    expect(right.reward).toBe(1);
    const left = start('cart-pole', [0, 0, 0, 0]).step(0);
    expect(left.observation).toBeAllClose([0, -0.195122, 0, 0.2926829], { rtol: 1e-7, atol: 1e-7 });
  });

  it('pendulum: level, with a torque of 1', () => {
    // θ = π/2, θ̇ = 1: 15 sin θ + 3 = 18 rad/s², so θ̇′ = 1 + 18 · 0.05 = 1.9 and θ′ = π/2 + 0.095.
    // Reward −((π/2)² + 0.1 + 0.001) = −2.5684011. cos θ′ = −sin 0.095 = −0.0948572; sin θ′ = cos 0.095 = 0.9954909.
    const { observation, reward } = start('pendulum', [Math.PI / 2, 1]).step(force(1));
    expect(observation).toBeAllClose([-0.0948572, 0.9954909, 1.9], { rtol: 1e-7 });
    expect(reward).toBeAllClose(-2.5684011, { rtol: 1e-7 });
  });

  it('pendulum: the torque is clipped to 2, in the motion and in its cost', () => {
    // Upright at rest: θ̇′ = 3 · 2 · 0.05 = 0.3; reward −0.001 · 4.
    const { observation, reward } = start('pendulum', [0, 0]).step(force(50));
    expect(observation[2]).toBeAllClose(0.3, { rtol: 1e-12 });
    expect(reward).toBeAllClose(-0.004, { rtol: 1e-7 });
  });

  it('pendulum: an angle of many turns costs as within one', () => {
    // 7π is half a turn from upright, −7π too: π² = 9.8696044. −4π + 0.5 is 0.5: 0.25.
    const cost = (angle: number) => -start('pendulum', [angle, 0]).step(force(0)).reward;
    expect(cost(7 * Math.PI)).toBeAllClose(9.8696044, { rtol: 1e-7 });
    expect(cost(-7 * Math.PI)).toBeAllClose(9.8696044, { rtol: 1e-7 });
    expect(cost(-4 * Math.PI + 0.5)).toBeAllClose(0.25, { rtol: 1e-12 });
  });

  it('acrobot: hanging at rest stays so without torque, and a torque turns both links', () => {
    const still = start('acrobot', [0, 0, 0, 0]).step(1);
    expect(still.observation).toBeAllClose([1, 0, 1, 0, 0, 0], { rtol: 0, atol: 1e-15 });
    expect(still.reward).toBe(-1);
    // Hanging: d₁ = 0.25 + 2.25 + 2 = 4.5, d₂ = 0.75 + 1 = 1.75. θ̈₂ = 1 / (1.25 − 1.75² / 4.5) = 1.7560976, θ̈₁ = −1.75 · θ̈₂ / 4.5 = −0.6829268.
    // For a short time t the links turn by θ̈ t²/2. In 0.2 s gravity acts little: within 7 % of 0.0351220 and −0.0136585.
    const environment = start('acrobot', [0, 0, 0, 0]);
    environment.step(2);
    const [theta1 = 0, theta2 = 0] = environment.state;
    expect(theta2 / 0.035122).toBeAllClose(1, { rtol: 0.07 });
    expect(theta1 / -0.0136585).toBeAllClose(1, { rtol: 0.07 });
  });

  it('acrobot: the reward is 0 at the goal', () => {
    // Both links up: −cos π − cos π = 2 > 1.
    expect(start('acrobot', [Math.PI, 0, 0, 0]).step(1)).toMatchObject({ reward: 0, terminated: true });
    // The upper link level: −cos(π/2) − cos(π/2) = 0.
    expect(start('acrobot', [Math.PI / 2, 0, 0, 0]).step(1)).toMatchObject({ reward: -1, terminated: false });
  });

  it.each([
    [0, -0.001],
    [1, 0],
    [2, 0.001],
  ])('mountain-car: action %d adds %d to the velocity', (action, added) => {
    // cos(3 · −0.5) = cos 1.5 = 0.0707372; v′ = 0.01 + added − 0.0025 · 0.0707372 = 0.0098232 + added, x′ = −0.5 + v′.
    const { observation, reward } = start('mountain-car', [-0.5, 0.01]).step(action);
    expect(observation).toBeAllClose([-0.4901768 + added, 0.0098232 + added], { rtol: 1e-6 });
    expect(reward).toBe(-1);
  });

  it('mountain-car-continuous: force and cost; what is clipped is charged in full', () => {
    // As above: v′ = 0.01 + 0.0015 · 0.5 − 0.0001768 = 0.0105732; reward −0.1 · 0.25.
    const half = start('mountain-car-continuous', [-0.5, 0.01]).step(force(0.5));
    expect(half.observation).toBeAllClose([-0.4894268, 0.0105732], { rtol: 1e-6 });
    expect(half.reward).toBeAllClose(-0.025, { rtol: 1e-12 });
    // Of 3, 1 acts: v′ = 0.01 + 0.0015 − 0.0001768 = 0.0113232. Reward −0.1 · 9.
    const beyond = start('mountain-car-continuous', [-0.5, 0.01]).step(force(3));
    expect(beyond.observation).toBeAllClose([-0.4886768, 0.0113232], { rtol: 1e-6 });
    expect(beyond.reward).toBeAllClose(-0.9, { rtol: 1e-12 });
  });

  it.each(['mountain-car', 'mountain-car-continuous'] as const)('%s: the left wall takes all speed', (name) => {
    const { observation } = start(name, [-1.19, -0.05]).step(name === 'mountain-car' ? 1 : force(0));
    expect(observation).toBeAllClose([-1.2, 0], { rtol: 1e-7 });
  });
});

describe('ends', () => {
  it.each([
    // Moves by ẋ · 0.02 and θ̇ · 0.02; the limits are 2.4 and 12° = 0.2094395.
    [[2.39, 0.4, 0, 0], false],
    [[2.39, 0.6, 0, 0], true],
    [[-2.39, -0.6, 0, 0], true],
    [[0, 0, 0.2, 0.4], false],
    [[0, 0, 0.2, 0.5], true],
    [[0, 0, -0.2, -0.5], true],
  ])('cart-pole from %j: terminated %j, with reward 1', (state, terminated) => {
    expect(start('cart-pole', state).step(1)).toMatchObject({ terminated, truncated: false, reward: 1 });
  });

  it.each([
    ['mountain-car', 0.49, 0.02, true],
    ['mountain-car', 0.45, 0.02, false],
    ['mountain-car', 0.59, -0.02, false], // rolls back
    ['mountain-car-continuous', 0.44, 0.02, true],
    ['mountain-car-continuous', 0.42, 0.02, false],
    ['mountain-car-continuous', 0.59, -0.02, false],
  ] as const)('%s at %d with velocity %d: terminated %j', (name, x, velocity, terminated) => {
    const { reward, ...step } = start(name, [x, velocity]).step(name === 'mountain-car' ? 1 : force(0));
    expect(step.terminated).toBe(terminated);
    if (name === 'mountain-car') expect(reward).toBe(-1);
    else expect(reward).toBeAllClose(terminated ? 100 : 0, { atol: 0 });
  });

  it.each(NAMES)('%s is truncated at its time limit, not by the horizon', (name) => {
    const tasks = new ClassicControl(name, { timeLimit: 7 });
    const size = tasks.observationSpace.low.length;
    const { ends, rewards } = collectTrajectories({
      distribution: tasks,
      task: {},
      actor: actorOf(name === 'cart-pole' ? balance : () => 0, size),
      rollouts: 2,
      randoms: [stream(1), stream(2)],
      observationSize: size,
      actionSize: 1,
    });
    expect(ends).toEqual(['truncated', 'truncated']);
    expect(rewards).toHaveLength(14);
  });

  it('has both flags if an episode terminates at the limit, and counts anew after a reset', () => {
    const environment = start('mountain-car', [0.49, 0.02], { timeLimit: 1 });
    expect(environment.step(1)).toMatchObject({ terminated: true, truncated: true });
    const long = start('mountain-car', [-0.5, 0], { timeLimit: 2 });
    expect([long.step(1).truncated, long.step(1).truncated]).toEqual([false, true]);
    long.reset(stream(1));
    expect([long.step(1).truncated, long.step(1).truncated]).toEqual([false, true]);
  });
});

describe('resets', () => {
  const ranges: Readonly<Record<ControlProblemName, readonly (readonly [number, number])[]>> = {
    'cart-pole': Array.from({ length: 4 }, () => [-0.05, 0.05]),
    pendulum: [
      [-Math.PI, Math.PI],
      [-1, 1],
    ],
    acrobot: Array.from({ length: 4 }, () => [-0.1, 0.1]),
    'mountain-car': [
      [-0.6, -0.4],
      [0, 0],
    ],
    'mountain-car-continuous': [
      [-0.6, -0.4],
      [0, 0],
    ],
  };

  it.each(NAMES)('%s: uniform on the range of each component', (name) => {
    const environment = new ClassicControl(name).create({});
    const states = Array.from({ length: 4000 }, (_, rollout) => {
      environment.reset(randomStream({ seed: 1, purpose: 'user', rollout }));
      return environment.state;
    });
    ranges[name].forEach(([low, high], d) => {
      const values = states.map((state) => state[d] as number);
      // Acrobot's start is rounded to float32, as Gymnasium's.
      expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.fround(low));
      expect(Math.max(...values)).toBeLessThanOrEqual(Math.fround(high));
      // Quarters of the range hold a quarter each: 1000 ± 27 (sd √(4000 · 3/16)).
      if (low === high) return;
      for (const quarter of [0, 1, 2, 3]) {
        const inside = values.filter((value) => Math.floor((4 * (value - low)) / (high - low)) === quarter);
        expect(Math.abs(inside.length - 1000), `component ${d}, quarter ${quarter}`).toBeLessThan(4 * 27);
      }
    });
  });

  it.each(NAMES)('%s: an episode is a function of its stream and its actions', (name) => {
    const run = (random: Random) => {
      const environment = new ClassicControl(name).create({});
      const seen = [[...Array.from(environment.reset(random))]];
      for (let t = 0; t < 5; t++) seen.push(Array.from(environment.step(actionFor(environment, t)).observation));
      return seen;
    };
    expect(run(stream(1))).toEqual(run(stream(1)));
    expect(run(stream(1))).not.toEqual(run(stream(2)));
  });

  it.each(NAMES)('%s: observations stay inside the space, flung about', (name) => {
    const environment = new ClassicControl(name, { timeLimit: 1000 }).create({});
    const { low, high } = environment.observationSpace;
    const random = stream(3);
    let observation = environment.reset(random);
    for (let t = 0; t < 3000; t++) {
      for (let d = 0; d < low.length; d++) {
        expect(observation[d]).toBeGreaterThanOrEqual(low[d] as number);
        expect(observation[d]).toBeLessThanOrEqual(high[d] as number);
      }
      const step = environment.step(actionFor(environment, random.integer(9)));
      observation = step.terminated || step.truncated ? environment.reset(random) : step.observation;
    }
  });

  /** An action of the space, or well outside of a box. */
  function actionFor({ actionSpace }: Environment, t: number): Action {
    return actionSpace.kind === 'discrete' ? t % actionSpace.count : force(t - 4);
  }

  it('restarts in a given state of the right length only', () => {
    const environment = new ClassicControl('pendulum').create({});
    expect(environment.restart([0, 2])).toBeAllClose([1, 0, 2], { rtol: 0 });
    expect([...environment.state]).toEqual([0, 2]);
    expect(() => environment.restart([1, 0, 2])).toThrow('expected a state of 2 numbers, found 3');
  });
});
