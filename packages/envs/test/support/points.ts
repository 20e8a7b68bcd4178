import { type Environment, randomStream } from '@innerloop/core';

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
export const clip = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));
export const stream = (seed: number, rollout = 0) => randomStream({ seed, purpose: 'user', rollout });
export const numbers = Array.from<number>;

/** Chooses a move by the observation and the time step. */
export type Controller = (observation: readonly number[], t: number) => readonly [number, number];

/** One episode: where it started, and its rewards. */
export function play(environment: Environment, horizon: number, controller: Controller, seed = 1) {
  let observation = [...numbers(environment.reset(stream(seed)))];
  const start = observation;
  const rewards = Array.from({ length: horizon }, (_, t) => {
    const step = environment.step(Float32Array.from(controller(observation, t)));
    observation = [...numbers(step.observation)];
    return step.reward;
  });
  return { start, rewards, total: sum(rewards), end: observation };
}
