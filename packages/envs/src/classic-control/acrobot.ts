import type { DiscreteSpace, Random } from '@innerloop/core';
import { clip, float32Box, uniform } from './arithmetic.js';
import type { ControlDynamics, ControlOutcome } from './environment.js';

/** The constants of Gymnasium's Acrobot-v1 (`classic_control/acrobot.py`); both links are alike. */
export const ACROBOT = {
  /** g, m/s². */
  gravity: 9.8,
  /** Mass of a link, kg. */
  mass: 1,
  /** Length of a link, m. */
  length: 1,
  /** From a link's joint to its centre of mass, m. */
  centre: 0.5,
  /** Moment of inertia of a link about its centre of mass, kg·m². */
  inertia: 1,
  /** Torque on the joint between the links, N·m, times −1, 0 or 1. */
  torque: 1,
  /** Largest angular speed of each joint, rad/s. */
  maxSpeeds: [4 * Math.PI, 9 * Math.PI],
  /** Δt of one step, s. */
  timeStep: 0.2,
} as const;

/** Half the range that each component of a start state is uniform on. */
const START_RANGE = 0.1;

const { gravity: g, mass: m, length: l, centre: c, inertia, maxSpeeds, timeStep } = ACROBOT;

/**
 * Two links that hang from a fixed joint and are driven at the joint between them only (Sutton 1996; Sutton and Barto 2018), as in
 * Gymnasium's Acrobot-v1. Actions 0, 1, 2 are a torque of −1, 0, 1. The state is θ₁ (0 when the upper link hangs), θ₂ (relative to it), θ̇₁, θ̇₂; the
 * observation is cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂.
 *
 * The equations of motion are those of the book, integrated by one Runge–Kutta step of fourth order; angles are then brought to [−π, π] and speeds cut.
 * Terminated when the tip is a link's length above the fixed joint: −cos θ₁ − cos(θ₁ + θ₂) > 1. The reward is −1, and 0 at the step that gets there.
 */
export class AcrobotDynamics implements ControlDynamics {
  readonly stateSize = 4;
  readonly observationSpace = float32Box([-1, -1, -1, -1, -maxSpeeds[0], -maxSpeeds[1]], [1, 1, 1, 1, ...maxSpeeds]);
  readonly actionSpace: DiscreteSpace = { kind: 'discrete', count: 3 };
  private readonly slopes = [
    new Float64Array(4),
    new Float64Array(4),
    new Float64Array(4),
    new Float64Array(4),
  ] as const;
  private readonly middle = new Float64Array(4);

  start(random: Random, state: Float64Array): void {
    for (let d = 0; d < state.length; d++) state[d] = Math.fround(uniform(random, -START_RANGE, START_RANGE));
  }

  observe(state: Float64Array, observation: Float64Array): void {
    for (let joint = 0; joint < 2; joint++) {
      observation[2 * joint] = Math.cos(state[joint] as number);
      observation[2 * joint + 1] = Math.sin(state[joint] as number);
      observation[4 + joint] = state[2 + joint] as number;
    }
  }

  advance(state: Float64Array, action: number, outcome: ControlOutcome): void {
    this.integrate(state, (action - 1) * ACROBOT.torque);
    for (let joint = 0; joint < 2; joint++) {
      const limit = maxSpeeds[joint] as number;
      state[joint] = wrap(state[joint] as number);
      state[2 + joint] = clip(state[2 + joint] as number, -limit, limit);
    }
    const first = state[0] as number;
    outcome.terminated = -Math.cos(first) - Math.cos((state[1] as number) + first) > 1;
    outcome.reward = outcome.terminated ? 0 : -1;
  }

  /** y + Δt/6 (k₁ + 2k₂ + 2k₃ + k₄). */
  private integrate(state: Float64Array, torque: number): void {
    const { middle } = this;
    const [k1, k2, k3, k4] = this.slopes;
    derivative(state, torque, k1);
    derivative(moved(state, k1, timeStep / 2, middle), torque, k2);
    derivative(moved(state, k2, timeStep / 2, middle), torque, k3);
    derivative(moved(state, k3, timeStep, middle), torque, k4);
    for (let d = 0; d < state.length; d++) {
      const slope = (k1[d] as number) + 2 * (k2[d] as number) + 2 * (k3[d] as number) + (k4[d] as number);
      state[d] = (state[d] as number) + (timeStep / 6) * slope;
    }
  }
}

/** `state` + `time` · `slope`, in `into`. */
function moved(state: Float64Array, slope: Float64Array, time: number, into: Float64Array): Float64Array {
  for (let d = 0; d < state.length; d++) into[d] = (state[d] as number) + time * (slope[d] as number);
  return into;
}

/** The time derivative of θ₁, θ₂, θ̇₁, θ̇₂; d₁, d₂, φ₁, φ₂ are the book's. */
function derivative(state: Float64Array, torque: number, into: Float64Array): void {
  const theta1 = state[0] as number;
  const theta2 = state[1] as number;
  const speed1 = state[2] as number;
  const speed2 = state[3] as number;
  const cos2 = Math.cos(theta2);
  const sin2 = Math.sin(theta2);
  const d1 = m * c ** 2 + m * (l ** 2 + c ** 2 + 2 * l * c * cos2) + inertia + inertia;
  const d2 = m * (c ** 2 + l * c * cos2) + inertia;
  const phi2 = m * c * g * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -m * l * c * (speed2 * speed2) * sin2 -
    2 * m * l * c * speed2 * speed1 * sin2 +
    (m * c + m * l) * g * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const acceleration2 =
    (torque + (d2 / d1) * phi1 - m * l * c * (speed1 * speed1) * sin2 - phi2) / (m * c ** 2 + inertia - d2 ** 2 / d1);
  into[0] = speed1;
  into[1] = speed2;
  into[2] = -(d2 * acceleration2 + phi1) / d1;
  into[3] = acceleration2;
}

/** An angle brought to [−π, π]. */
function wrap(angle: number): number {
  let wrapped = angle;
  while (wrapped > Math.PI) wrapped -= 2 * Math.PI;
  while (wrapped < -Math.PI) wrapped += 2 * Math.PI;
  return wrapped;
}
