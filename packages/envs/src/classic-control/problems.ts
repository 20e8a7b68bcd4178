import type { ReferenceRow, TaskView } from '@innerloop/core';
import { AcrobotDynamics } from './acrobot.js';
import { CartPoleDynamics } from './cart-pole.js';
import type { ControlDynamics } from './environment.js';
import { MountainCarDynamics } from './mountain-car.js';
import { MountainCarContinuousDynamics } from './mountain-car-continuous.js';
import { PendulumDynamics } from './pendulum.js';

/** A problem of Gymnasium's classic-control suite. */
export interface ControlProblem {
  /** Its name in Gymnasium. */
  readonly gymnasium: string;
  /** One line for `innerloop list`. */
  readonly summary: string;
  /** When to choose it. */
  readonly choose: string;
  /** Gymnasium's limit on the steps of an episode. */
  readonly timeLimit: number;
  /** What others reach, under that limit. */
  readonly references: readonly ReferenceRow[];
  /** How to draw it, where two components of the observation are places in a plane. */
  readonly view?: TaskView;
  dynamics(): ControlDynamics;
}

const ZOO = 'benchmark.md of github.com/DLR-RM/rl-baselines3-zoo: mean return over 150 000 steps of evaluation';

function zoo(returns: Readonly<Record<string, number>>): ReferenceRow[] {
  return Object.entries(returns).map(([label, value]) => ({
    label: `${label} (RL Baselines3 Zoo)`,
    meanReturn: [value],
    source: ZOO,
    greedy: true, // the benchmark evaluates the deterministic policy
  }));
}

/** The pendulum's free end: sin θ to the right, cos θ up; the star is upright. */
export const PENDULUM_VIEW: TaskView = { axes: [1, 0], target: [0, 1] };

/** By the name that a config gives under `tasks:`. */
export const CONTROL_PROBLEMS = {
  'cart-pole': {
    gymnasium: 'CartPole-v1',
    summary: 'A pole to be kept up on a cart that is pushed left or right (Gymnasium CartPole-v1)',
    choose:
      'The first problem for `policy-gradient`, to see that a setup learns at all: one task, two actions ' +
      '(`categorical-mlp`), and 500 as the most possible, which a linear feedback reaches. There is nothing to ' +
      'adapt to; for other masses and lengths take `cart-pole-varied`.',
    timeLimit: 500,
    references: zoo({ 'TRPO, 100 k steps': 500, 'PPO, 100 k steps': 500, 'A2C, 500 k steps': 500 }),
    dynamics: () => new CartPoleDynamics(),
  },
  pendulum: {
    gymnasium: 'Pendulum-v1',
    summary: 'A pendulum to be swung up and held by a weak torque (Gymnasium Pendulum-v1)',
    choose:
      'For real-valued actions and dense rewards, after `cart-pole`: take `gaussian-mlp` with `action-scaling`. It ' +
      'never terminates, so every episode is truncated and its last value bootstrapped: take a baseline that ' +
      'predicts one, such as `mlp-value`. For pendulums to adapt to take `pendulum-varied`.',
    timeLimit: 200,
    references: zoo({ 'TRPO, 100 k steps': -174.6, 'PPO, 100 k steps': -172.2, 'A2C, 1 M steps': -163 }),
    view: PENDULUM_VIEW,
    dynamics: () => new PendulumDynamics(),
  },
  acrobot: {
    gymnasium: 'Acrobot-v1',
    summary: 'Two links, driven at the joint between them, whose tip must be swung up (Gymnasium Acrobot-v1)',
    choose:
      'For a reward that says nothing but how long it took, with three actions (`categorical-mlp`): −1 a step until ' +
      'the tip is up. Its configs need no help to explore; where exploration is the point take `mountain-car`, and ' +
      'to see that a setup learns at all `cart-pole`.',
    timeLimit: 500,
    references: zoo({ 'TRPO, 100 k steps': -83.1, 'PPO, 1 M steps': -73.5, 'A2C, 500 k steps': -83.4 }),
    dynamics: () => new AcrobotDynamics(),
  },
  'mountain-car': {
    gymnasium: 'MountainCar-v0',
    summary: 'A weak car that must swing to leave a valley, pushed left or right (Gymnasium MountainCar-v0)',
    choose:
      'For exploration with three actions (`categorical-mlp`): −1 a step until the top is reached, and random ' +
      'pushes hardly swing the car. Its configs take `action-repeat` and `observation-normalization` for that. A ' +
      'setup that learns nothing here may still be sound; try it on `cart-pole` first.',
    timeLimit: 200,
    references: zoo({ 'TRPO, 100 k steps': -107.3, 'PPO, 1 M steps': -110.4, 'A2C, 1 M steps': -111.3 }),
    dynamics: () => new MountainCarDynamics(),
  },
  'mountain-car-continuous': {
    gymnasium: 'MountainCarContinuous-v0',
    summary: 'The car in the valley with a continuous force, which costs (Gymnasium MountainCarContinuous-v0)',
    choose:
      'As `mountain-car`, with a force that costs (`gaussian-mlp`), so doing nothing is a trap: it earns 0, where a ' +
      'simple controller earns 98.3. Take `action-scaling`, since force is charged as asked, before clipping, and ' +
      '`action-repeat` to explore.',
    timeLimit: 999,
    references: zoo({ 'TRPO, 50 k steps': 92.5, 'PPO, 20 k steps': 88.3, 'A2C, 100 k steps': 91.2 }),
    dynamics: () => new MountainCarContinuousDynamics(),
  },
} as const satisfies Readonly<Record<string, ControlProblem>>;

/** One of {@link CONTROL_PROBLEMS}. */
export type ControlProblemName = keyof typeof CONTROL_PROBLEMS;
