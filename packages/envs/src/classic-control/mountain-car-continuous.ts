import type { BoxSpace, Random } from '@innerloop/core';
import { clip } from './arithmetic.js';
import type { ControlDynamics, ControlOutcome } from './environment.js';
import { startInValley, VALLEY, VALLEY_OBSERVATIONS } from './valley.js';

/** The constants of Gymnasium's MountainCarContinuous-v0 (`classic_control/continuous_mountain_car.py`). */
export const MOUNTAIN_CAR_CONTINUOUS = {
  ...VALLEY,
  /** What a force of 1 adds to the velocity. */
  force: 0.0015,
  /** The episode terminates at this position or right of it. */
  goal: 0.45,
  /** Added to the reward of the step that reaches the goal. */
  goalReward: 100,
  /** Times the action squared: subtracted from every reward. */
  actionCost: 0.1,
} as const;

const { force: power, gravity, positions, maxSpeed, goal, goalReward, actionCost } = MOUNTAIN_CAR_CONTINUOUS;

const single = Math.fround;
const POWER = single(power);
const MAX_SPEED = single(maxSpeed);
const LOWEST = single(positions[0]);
const HIGHEST = single(positions[1]);
const GOAL = single(goal);

/**
 * The car of MountainCar with a continuous force in [−1, 1], as in Gymnasium's MountainCarContinuous-v0. The state, which is also the
 * observation, is position x and velocity v.
 *
 * v′ = clip(v + power · clip(a) − gravity · cos 3x), x′ = clip(x + v′); the left wall takes all speed. The reward is −0.1 a², of the action before
 * clipping, and 100 more at the goal. Terminated at the goal, unless the car rolls back there.
 *
 * Gymnasium holds this state in float32, alone among the five; so does this, with its roundings, or trajectories would differ by 1e-6.
 */
export class MountainCarContinuousDynamics implements ControlDynamics {
  readonly stateSize = 2;
  readonly observationSpace = VALLEY_OBSERVATIONS;
  readonly actionSpace: BoxSpace = { kind: 'box', low: [-1], high: [1] };

  start(random: Random, state: Float64Array): void {
    startInValley(random, state);
  }

  observe(state: Float64Array, observation: Float64Array): void {
    observation.set(state);
  }

  advance(state: Float64Array, action: number, outcome: ControlOutcome): void {
    const x = state[0] as number;
    const slope = gravity * Math.cos(single(3 * x));
    // Where an action is clipped, a Python float takes the place of the float32, and the sum is rounded only once.
    const push =
      Math.abs(action) > 1 ? single(Math.sign(action) * power - slope) : single(single(action * POWER) - single(slope));
    const velocity = clip(single((state[1] as number) + push), -MAX_SPEED, MAX_SPEED);
    const position = clip(single(x + velocity), LOWEST, HIGHEST);
    state[0] = position;
    state[1] = position === LOWEST && velocity < 0 ? 0 : velocity;
    outcome.terminated = position >= GOAL && velocity >= 0;
    outcome.reward = (outcome.terminated ? goalReward : 0) - actionCost * (action * action);
  }
}
