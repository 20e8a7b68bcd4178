import type { BoxSpace, DiscreteSpace, Random } from '@innerloop/core';
import { float32Box, uniform } from './arithmetic.js';
import type { ControlDynamics, ControlOutcome } from './environment.js';

/** The physics of a cart with a pole. */
export interface CartPoleConstants {
  /** g, m/s². */
  readonly gravity: number;
  /** Mass of the cart, kg. */
  readonly cartMass: number;
  /** Mass of the pole, kg. */
  readonly poleMass: number;
  /** Half the length of the pole, m: from the joint to the centre of mass. */
  readonly halfLength: number;
  /** What the cart is pushed with, N. */
  readonly force: number;
  /** Δt of one step, s. */
  readonly timeStep: number;
  /** The episode terminates when the cart is further from the middle, m. */
  readonly positionLimit: number;
  /** The episode terminates when the pole leans more, rad. */
  readonly angleLimit: number;
}

/** The constants of Gymnasium's CartPole-v1 (`classic_control/cartpole.py`). */
export const CART_POLE: CartPoleConstants = {
  gravity: 9.8,
  cartMass: 1,
  poleMass: 0.1,
  halfLength: 0.5,
  force: 10,
  timeStep: 0.02,
  positionLimit: 2.4,
  angleLimit: (12 * 2 * Math.PI) / 360,
};

/** Half the range that each component of a start state is uniform on. */
const START_RANGE = 0.05;

/**
 * A pole on a cart that is pushed left (action 0) or right (1) by a constant force (Barto, Sutton and Anderson 1983), as in Gymnasium's
 * CartPole-v1. The state, which is also the observation, is position x, velocity ẋ, angle θ from upright and angular velocity θ̇.
 *
 * With M the total mass, m the pole's and l its half-length: T = (F + m l θ̇² sin θ) / M; θ̈ = (g sin θ − T cos θ) / (l (4/3 − m cos² θ / M));
 * ẍ = T − m l θ̈ cos θ / M. Explicit Euler: positions move with the old velocities. The reward is 1 at every step, the last one
 * included. Terminated when |x| or |θ| passes its limit.
 */
export class CartPoleDynamics implements ControlDynamics {
  readonly stateSize = 4;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace = { kind: 'discrete', count: 2 };
  private readonly totalMass: number;
  /** m l, kg·m. */
  private readonly poleMoment: number;

  constructor(private readonly constants: CartPoleConstants = CART_POLE) {
    const { cartMass, poleMass, halfLength } = constants;
    this.observationSpace = observationSpace(constants);
    this.totalMass = poleMass + cartMass;
    this.poleMoment = poleMass * halfLength;
  }

  start(random: Random, state: Float64Array): void {
    for (let d = 0; d < state.length; d++) state[d] = uniform(random, -START_RANGE, START_RANGE);
  }

  observe(state: Float64Array, observation: Float64Array): void {
    observation.set(state);
  }

  advance(state: Float64Array, action: number, outcome: ControlOutcome): void {
    const { totalMass, poleMoment } = this;
    const { gravity, poleMass, halfLength, timeStep, positionLimit, angleLimit } = this.constants;
    const force = action === 1 ? this.constants.force : -this.constants.force;
    const velocity = state[1] as number;
    const angularVelocity = state[3] as number;
    const cos = Math.cos(state[2] as number);
    const sin = Math.sin(state[2] as number);

    const push = (force + poleMoment * (angularVelocity * angularVelocity) * sin) / totalMass;
    const angularAcceleration =
      (gravity * sin - cos * push) / (halfLength * (4 / 3 - (poleMass * (cos * cos)) / totalMass));
    const acceleration = push - (poleMoment * angularAcceleration * cos) / totalMass;

    const x = (state[0] as number) + timeStep * velocity;
    const angle = (state[2] as number) + timeStep * angularVelocity;
    state[0] = x;
    state[1] = velocity + timeStep * acceleration;
    state[2] = angle;
    state[3] = angularVelocity + timeStep * angularAcceleration;
    outcome.reward = 1;
    outcome.terminated = Math.abs(x) > positionLimit || Math.abs(angle) > angleLimit;
  }
}

/** Twice the limits, so that the last observation of an episode lies inside. */
function observationSpace({ positionLimit, angleLimit }: CartPoleConstants): BoxSpace {
  const high = [2 * positionLimit, Number.POSITIVE_INFINITY, 2 * angleLimit, Number.POSITIVE_INFINITY];
  return float32Box(
    high.map((bound) => -bound),
    high,
  );
}
