import { readFileSync } from 'node:fs';
import type { Step } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  type CartPoleTask,
  CartPoleVaried,
  ClassicControl,
  CONTROL_PROBLEMS,
  type ControlEnvironment,
  type ControlProblemName,
  type PendulumTask,
  PendulumVaried,
} from '../src/index.js';

/** What packages/envs/reference/record.py writes. */
interface Reference {
  readonly environment: string;
  readonly gymnasium: string;
  readonly timeLimit: number;
  readonly observationSpace: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
  readonly actionSpace:
    | { readonly count: number }
    | { readonly low: readonly number[]; readonly high: readonly number[] };
  readonly trajectories: readonly Trajectory[];
}

interface Trajectory {
  readonly name: string;
  /** Masses and lengths, if not the standard ones. */
  readonly physics: CartPoleTask | PendulumTask | null;
  readonly start: readonly number[];
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly steps: readonly {
    readonly action: number;
    readonly state: readonly number[];
    readonly observation: readonly number[];
    readonly reward: number;
  }[];
}

/**
 * The largest difference of a state's component, over whole trajectories. Sines and cosines of the C library and of JavaScript may differ in
 * the last bit (1e-16); the motion amplifies that. MountainCarContinuous is rounded to float32 at every step, so it agrees exactly but for the
 * first step of an episode, which Gymnasium takes from a float64 state.
 */
const STATE_TOLERANCE: Readonly<Record<ControlProblemName, number>> = {
  'cart-pole': 1e-12,
  pendulum: 1e-11,
  acrobot: 1e-11,
  'mountain-car': 1e-14,
  'mountain-car-continuous': 1e-9,
};

/** Of a step's reward: the pendulum's cost of the torque is a float32. */
const REWARD_TOLERANCE = 1e-10;

const problems = Object.entries(CONTROL_PROBLEMS).map(([name, { gymnasium }]) => {
  const file = new URL(`../reference/${gymnasium}.json`, import.meta.url);
  return { name: name as ControlProblemName, reference: JSON.parse(readFileSync(file, 'utf8')) as Reference };
});

/** The largest differences of a trajectory, the flags of its last step, and the steps before that were flagged. */
function replay(name: ControlProblemName, { physics, start, steps }: Trajectory) {
  const environment = create(name, physics);
  environment.restart(start);
  const difference = { state: 0, observation: 0, reward: 0 };
  const early: number[] = [];
  let last: Step | undefined;
  steps.forEach(({ action, state, observation, reward }, t) => {
    last = environment.step(actionOf(environment, action));
    difference.state = Math.max(difference.state, distance(environment.state, state));
    // Ours are float64 until a rollout stores them; Gymnasium's are float32, written with the fewest digits.
    const seen = Array.from(last.observation, Math.fround);
    difference.observation = Math.max(difference.observation, distance(seen, observation.map(Math.fround)));
    difference.reward = Math.max(difference.reward, Math.abs(last.reward - reward));
    if (t + 1 < steps.length && (last.terminated || last.truncated)) early.push(t);
  });
  return { difference, early, terminated: last?.terminated, truncated: last?.truncated };
}

function create(name: ControlProblemName, physics: Trajectory['physics']): ControlEnvironment {
  if (!physics) return new ClassicControl(name).create({});
  return 'cartMass' in physics ? new CartPoleVaried().create(physics) : new PendulumVaried().create(physics);
}

function actionOf({ actionSpace }: ControlEnvironment, action: number) {
  return actionSpace.kind === 'discrete' ? action : Float32Array.of(action);
}

/** The largest difference of a component. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, d) => Math.abs(value - (b[d] as number))));
}

describe.each(problems)('$name against Gymnasium', ({ name, reference }) => {
  const tasks = new ClassicControl(name);

  it('was recorded by Gymnasium 1', () => {
    expect(reference.gymnasium).toMatch(/^1\./);
    expect(reference.environment).toBe(CONTROL_PROBLEMS[name].gymnasium);
  });

  it('has the same spaces and time limit', () => {
    const bounds = (values: readonly number[]) => values.map((value) => (Number.isFinite(value) ? value : null));
    const { observationSpace, actionSpace } = tasks;
    expect({ low: bounds(observationSpace.low), high: bounds(observationSpace.high) }).toEqual(
      reference.observationSpace,
    );
    const { kind, ...action } = actionSpace;
    expect(action).toEqual(reference.actionSpace);
    expect(kind).toBe('count' in reference.actionSpace ? 'discrete' : 'box');
    expect(CONTROL_PROBLEMS[name].timeLimit).toBe(reference.timeLimit);
  });

  it.each(reference.trajectories)('$name', (trajectory) => {
    const { difference, early, terminated, truncated } = replay(name, trajectory);
    expect(early).toEqual([]);
    expect(difference.state).toBeLessThanOrEqual(STATE_TOLERANCE[name]);
    // A float32 may be rounded the other way: an ulp of 28 (Acrobot's largest speed) is 2e-6, of 8 (Pendulum's) 1e-6.
    expect(difference.observation).toBeLessThanOrEqual(2e-6);
    expect(difference.reward).toBeLessThanOrEqual(REWARD_TOLERANCE);
    expect({ terminated, truncated }).toEqual({ terminated: trajectory.terminated, truncated: trajectory.truncated });
  });

  it.each(reference.trajectories.filter(({ physics }) => physics))('tells the physics apart: $name', (trajectory) => {
    expect(replay(name, { ...trajectory, physics: null }).difference.state).toBeGreaterThan(1e-3);
  });

  it('is far off 1e-6 if one start component is 1e-3 off, so agreement means something', () => {
    const [first] = reference.trajectories as [Trajectory];
    const moved = { ...first, start: first.start.map((value, d) => value + (d === 0 ? 1e-3 : 0)) };
    expect(replay(name, moved).difference.state).toBeGreaterThan(1e-4);
  });
});

it('covers clipping, walls, both flags, and 200 steps of every problem', () => {
  for (const { reference } of problems) {
    expect(Math.max(...reference.trajectories.map(({ steps }) => steps.length))).toBeGreaterThanOrEqual(200);
  }
  const steps = (name: ControlProblemName) =>
    problems.find((problem) => problem.name === name)?.reference.trajectories.flatMap((one) => one.steps) ?? [];
  const states = (name: ControlProblemName, d: number) => steps(name).map(({ state }) => state[d] as number);
  expect(steps('pendulum').some(({ action }) => action > 2)).toBe(true);
  expect(steps('pendulum').some(({ action }) => action < -2)).toBe(true);
  expect(states('pendulum', 1)).toContain(8);
  expect(steps('mountain-car-continuous').some(({ action }) => action > 1)).toBe(true);
  expect(steps('mountain-car-continuous').some(({ action }) => action < -1)).toBe(true);
  expect(states('mountain-car', 0)).toContain(-1.2);
  expect(states('mountain-car-continuous', 0)).toContain(Math.fround(-1.2));
  expect(states('acrobot', 2).some((speed) => Math.abs(speed) === 4 * Math.PI)).toBe(true);
  expect(states('acrobot', 3).some((speed) => Math.abs(speed) === 9 * Math.PI)).toBe(true);
  const varied = problems.filter(({ reference }) => reference.trajectories.some(({ physics }) => physics));
  expect(varied.map(({ name }) => name)).toEqual(['cart-pole', 'pendulum']);
  const ends = (name: ControlProblemName) =>
    problems.find((problem) => problem.name === name)?.reference.trajectories.map(({ terminated }) => terminated);
  for (const name of ['cart-pole', 'acrobot', 'mountain-car', 'mountain-car-continuous'] as const) {
    expect(new Set(ends(name)), name).toEqual(new Set([true, false]));
  }
});
