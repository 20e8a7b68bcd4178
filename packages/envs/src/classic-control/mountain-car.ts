import type { DiscreteSpace, Random } from '@innerloop/core';
import { clip } from './arithmetic.js';
import type { ControlDynamics, ControlOutcome } from './environment.js';
import { startInValley, VALLEY, VALLEY_OBSERVATIONS } from './valley.js';

/** The constants of Gymnasium's MountainCar-v0 (`classic_control/mountain_car.py`). */
export const MOUNTAIN_CAR = {
  ...VALLEY,
  /** What a push adds to the velocity. */
  force: 0.001,
  /** The episode terminates at this position or right of it. */
  goal: 0.5,
} as const;

const { force, gravity, positions, maxSpeed, goal } = MOUNTAIN_CAR;

/**
 * A car in a valley whose engine is too weak for the slope, so that it must swing (Moore 1990), as in Gymnasium's MountainCar-v0. Actions
 * 0, 1, 2 push left, not at all, right. The state, which is also the observation, is position x and velocity v.
 *
 * v′ = clip(v + (a − 1) · force − gravity · cos 3x), x′ = clip(x + v′); the left wall takes all speed. The reward is −1 at every step, the last
 * one included. Terminated at the goal, unless the car rolls back there.
 */
export class MountainCarDynamics implements ControlDynamics {
  readonly stateSize = 2;
  readonly observationSpace = VALLEY_OBSERVATIONS;
  readonly actionSpace: DiscreteSpace = { kind: 'discrete', count: 3 };

  start(random: Random, state: Float64Array): void {
    startInValley(random, state);
  }

  observe(state: Float64Array, observation: Float64Array): void {
    observation.set(state);
  }

  advance(state: Float64Array, action: number, outcome: ControlOutcome): void {
    const [low, high] = positions;
    const x = state[0] as number;
    const push = (action - 1) * force + Math.cos(3 * x) * -gravity;
    const velocity = clip((state[1] as number) + push, -maxSpeed, maxSpeed);
    const position = clip(x + velocity, low, high);
    state[0] = position;
    state[1] = position === low && velocity < 0 ? 0 : velocity;
    outcome.reward = -1;
    outcome.terminated = position >= goal && velocity >= 0;
  }
}
