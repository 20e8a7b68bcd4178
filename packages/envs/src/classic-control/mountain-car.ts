import type { DiscreteSpace, Random } from '@innerloop/core';
import { clip, type Dynamics, float32Box, type Outcome, uniform } from './environment.js';

/** The constants of Gymnasium's MountainCar-v0 (`classic_control/mountain_car.py`). One step is the unit of time. */
export const MOUNTAIN_CAR = {
  /** What a push adds to the velocity. */
  force: 0.001,
  /** What the slope adds to the velocity, at its steepest. */
  gravity: 0.0025,
  /** The car is stopped by a wall at the lower bound; the upper one lies behind the goal. */
  positions: [-1.2, 0.6],
  maxSpeed: 0.07,
  /** The episode terminates at this position or right of it. */
  goal: 0.5,
} as const;

const START_POSITIONS = [-0.6, -0.4] as const;

const { force, gravity, positions, maxSpeed, goal } = MOUNTAIN_CAR;

/** Position and velocity: what both mountain cars are observed through. */
export const MOUNTAIN_CAR_OBSERVATIONS = float32Box([positions[0], -maxSpeed], [positions[1], maxSpeed]);

/** Draws a start state of either mountain car: at rest, the position uniform on [−0.6, −0.4). */
export function startInValley(random: Random, state: Float64Array): void {
  state[0] = uniform(random, ...START_POSITIONS);
  state[1] = 0;
}

/**
 * A car in a valley whose engine is too weak for the slope, so that it must swing (Moore 1990), as in Gymnasium's MountainCar-v0. Actions
 * 0, 1, 2 push left, not at all, right. The state, which is also the observation, is position x and velocity v.
 *
 * v′ = clip(v + (a − 1) · force − gravity · cos 3x), x′ = clip(x + v′); the left wall takes all speed. The reward is −1 at every step, the last
 * one included. Terminated at the goal, unless the car rolls back there.
 */
export class MountainCarDynamics implements Dynamics {
  readonly stateSize = 2;
  readonly observationSpace = MOUNTAIN_CAR_OBSERVATIONS;
  readonly actionSpace: DiscreteSpace = { kind: 'discrete', count: 3 };

  start(random: Random, state: Float64Array): void {
    startInValley(random, state);
  }

  observe(state: Float64Array, observation: Float64Array): void {
    observation.set(state);
  }

  advance(state: Float64Array, action: number, outcome: Outcome): void {
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
