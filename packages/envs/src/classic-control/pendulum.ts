import type { BoxSpace, Random } from '@innerloop/core';
import { clip, float32Box, uniform } from './arithmetic.js';
import type { ControlDynamics, ControlOutcome } from './environment.js';

/** The physics of a pendulum: a uniform rod on a pivot. */
export interface PendulumConstants {
  /** g, m/s². */
  readonly gravity: number;
  /** Mass of the rod, kg. */
  readonly mass: number;
  /** Length of the rod, m. */
  readonly length: number;
  /** Largest torque, N·m: actions are clipped to it. */
  readonly maxTorque: number;
  /** Largest angular speed, rad/s: what goes beyond is cut. */
  readonly maxSpeed: number;
  /** Δt of one step, s. */
  readonly timeStep: number;
}

/** The constants of Gymnasium's Pendulum-v1 (`classic_control/pendulum.py`). */
export const PENDULUM: PendulumConstants = {
  gravity: 10,
  mass: 1,
  length: 1,
  maxTorque: 2,
  maxSpeed: 8,
  timeStep: 0.05,
};

/** θ starts uniform on [−π, π), θ̇ on [−1, 1). */
const START_SPEED = 1;
const SPEED_COST = 0.1;
const TORQUE_COST = Math.fround(0.001);

/**
 * A pendulum that must be swung up and held upright by a torque that is too weak to lift it at once, as in Gymnasium's Pendulum-v1.
 * The state is the angle θ, 0 when upright, and the angular velocity θ̇; the observation is cos θ, sin θ, θ̇.
 *
 * θ̇′ = clip(θ̇ + (3g / 2l · sin θ + 3 / (m l²) · u) Δt), θ′ = θ + θ̇′ Δt. The reward is −(θ² + 0.1 θ̇² + 0.001 u²), of the state before the step,
 * with θ brought to [−π, π) and the clipped torque u. Never terminated.
 *
 * Actions are float32, and NumPy then multiplies the torque by its factors in float32; so does this, or trajectories would differ by 1e-6.
 */
export class PendulumDynamics implements ControlDynamics {
  readonly stateSize = 2;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  /** 3g / 2l, 1/s². */
  private readonly gravityFactor: number;
  /** 3 / (m l²), 1/(kg·m²). */
  private readonly torqueFactor: number;

  constructor(private readonly constants: PendulumConstants = PENDULUM) {
    const { gravity, mass, length, maxTorque, maxSpeed } = constants;
    this.observationSpace = float32Box([-1, -1, -maxSpeed], [1, 1, maxSpeed]);
    this.actionSpace = float32Box([-maxTorque], [maxTorque]);
    this.gravityFactor = (3 * gravity) / (2 * length);
    this.torqueFactor = Math.fround(3 / (mass * length ** 2));
  }

  start(random: Random, state: Float64Array): void {
    state[0] = uniform(random, -Math.PI, Math.PI);
    state[1] = uniform(random, -START_SPEED, START_SPEED);
  }

  observe(state: Float64Array, observation: Float64Array): void {
    observation[0] = Math.cos(state[0] as number);
    observation[1] = Math.sin(state[0] as number);
    observation[2] = state[1] as number;
  }

  advance(state: Float64Array, action: number, outcome: ControlOutcome): void {
    const { maxTorque, maxSpeed, timeStep } = this.constants;
    const theta = state[0] as number;
    const speed = state[1] as number;
    const torque = clip(action, -maxTorque, maxTorque);
    const torqueCost = Math.fround(TORQUE_COST * Math.fround(torque * torque));
    outcome.reward = -(angleOf(theta) ** 2 + SPEED_COST * (speed * speed) + torqueCost);
    outcome.terminated = false;
    const acceleration = this.gravityFactor * Math.sin(theta) + Math.fround(this.torqueFactor * torque);
    const next = clip(speed + acceleration * timeStep, -maxSpeed, maxSpeed);
    state[0] = theta + next * timeStep;
    state[1] = next;
  }
}

/** An angle brought to [−π, π). */
function angleOf(theta: number): number {
  const turn = 2 * Math.PI;
  const rest = (theta + Math.PI) % turn;
  return (rest < 0 ? rest + turn : rest) - Math.PI;
}
