import type { Random } from '@innerloop/core';
import { float32Box, uniform } from './arithmetic.js';

/** What both mountain cars share. One step is the unit of time. */
export const VALLEY = {
  /** What the slope adds to the velocity, at its steepest. */
  gravity: 0.0025,
  /** The car is stopped by a wall at the lower bound; the upper one lies behind the goal. */
  positions: [-1.2, 0.6],
  maxSpeed: 0.07,
} as const;

const START_POSITIONS = [-0.6, -0.4] as const;

const { positions, maxSpeed } = VALLEY;

/** Position and velocity. */
export const VALLEY_OBSERVATIONS = float32Box([positions[0], -maxSpeed], [positions[1], maxSpeed]);

/** Draws a start state: at rest, the position uniform on [−0.6, −0.4). */
export function startInValley(random: Random, state: Float64Array): void {
  state[0] = uniform(random, ...START_POSITIONS);
  state[1] = 0;
}
