import type { Actor, TaskDistribution, Trajectories } from '@innerloop/core';
import { collectTrajectories, type Json, randomStream } from '@innerloop/core';
import { PENDULUM, type PendulumTask } from '../../src/index.js';

/** Chooses a scalar action by the observation. */
export type Controller = (observation: ArrayLike<number>) => number;

/** A deterministic policy of one-dimensional actions. */
export function actorOf(choose: Controller, observationSize: number): Actor {
  return {
    act(observations, count, _randoms, actions, logProbabilities) {
      for (let i = 0; i < count; i++) {
        actions[i] = choose(observations.subarray(i * observationSize, (i + 1) * observationSize));
        logProbabilities[i] = 0;
      }
    },
  };
}

/** Episodes of one task under a controller, from streams of this seed. */
export function play<Task extends Json>(
  distribution: TaskDistribution<Task>,
  task: Task,
  controller: Controller,
  { episodes, seed }: { readonly episodes: number; readonly seed: number },
): Trajectories {
  const observationSize = distribution.observationSpace.low.length;
  return collectTrajectories({
    distribution: distribution as unknown as TaskDistribution,
    task,
    actor: actorOf(controller, observationSize),
    rollouts: episodes,
    randoms: Array.from({ length: episodes }, (_, rollout) => randomStream({ seed, purpose: 'user', rollout })),
    observationSize,
    actionSize: 1,
  });
}

/** Keeps the pole of every cart-pole of the default ranges up. */
export const balance: Controller = ({ 0: x = 0, 1: velocity = 0, 2: angle = 0, 3: turning = 0 }) =>
  0.02 * x + 0.06 * velocity + angle + 0.3 * turning > 0 ? 1 : 0;

/**
 * Swings a pendulum of known physics up. Its rod has the moment of inertia I = m l² / 3; w = m g l / 2 is the torque of gravity when level.
 * Near the top it cancels gravity and brings θ to 0 as a critically damped oscillator of 4 rad/s would go: u = −(w sin θ + I (16 θ + 8 θ̇)). Where that
 * is more than the torque allowed, it pumps: full torque along the motion while the energy I θ̇² / 2 + w (cos θ − 1) is below 0, that of
 * standing upright, and against it above.
 */
export function swingUp({ mass, length }: PendulumTask): Controller {
  const { gravity, maxTorque } = PENDULUM;
  const inertia = (mass * length ** 2) / 3;
  const weight = (mass * gravity * length) / 2;
  return ({ 0: cos = 1, 1: sin = 0, 2: speed = 0 }) => {
    const hold = -(weight * sin + inertia * (16 * Math.atan2(sin, cos) + 8 * speed));
    if (cos > 0 && Math.abs(hold) <= 2 * maxTorque) return hold;
    const energy = (inertia * speed ** 2) / 2 + weight * (cos - 1);
    return maxTorque * (energy < 0 ? 1 : -1) * (speed < 0 ? -1 : 1);
  };
}

/** Acrobot: against the turning of the upper link. */
export const againstUpperLink: Controller = (observation) => ((observation[4] as number) > 0 ? 0 : 2);

/** MountainCar: the way the car moves. */
export const along: Controller = (observation) => ((observation[1] as number) >= 0 ? 2 : 0);

/** MountainCarContinuous: the way the car moves, with this force. */
export const alongWith =
  (force: number): Controller =>
  (observation) =>
    (observation[1] as number) >= 0 ? force : -force;
