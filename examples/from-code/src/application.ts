import { resolve } from 'node:path';
import process, { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Environment, isInnerloopError, type Random, randomStream } from '@innerloop/core';
import { type Agent, type EpisodeRecord, loadAgent } from '@innerloop/maml';
import { CarriageTasks, PLUGINS, type SetPoint } from './train.js';

/** Plays one episode of the application's own loop and keeps what the agent learns from. */
export function play(agent: Agent, environment: Environment, horizon: number, random: Random): EpisodeRecord {
  const observations: number[][] = [Array.from(environment.reset(random))];
  const actions: number[][] = [];
  const rewards: number[] = [];
  for (let t = 0; t < horizon; t++) {
    const action = agent.act(observations[t] as number[], { random }) as number[];
    const { observation, reward } = environment.step(Float32Array.from(action));
    actions.push(action);
    rewards.push(reward);
    observations.push(Array.from(observation));
  }
  return { observations, actions, rewards };
}

/** The mean return of episodes. */
export function meanReturnOf(episodes: readonly EpisodeRecord[]): number {
  const returns = episodes.map(({ rewards }) => Array.from(rewards).reduce((total, reward) => total + reward, 0));
  return returns.reduce((total, value) => total + value, 0) / returns.length;
}

/** What the application found: returns before and after the agent adapted to a task. */
export interface Outcome {
  readonly before: number;
  readonly after: number;
  readonly agent: Agent;
}

/** Loads a trained run, plays a task, adapts to what happened and plays again. */
export async function adaptTo(task: SetPoint, runDirectory: string, rollouts = 20): Promise<Outcome> {
  const tasks = new CarriageTasks();
  const agent = await loadAgent(runDirectory, { plugins: PLUGINS, objects: { tasks } });
  const environment = tasks.create(task);
  const episodes = (player: Agent, step: number) =>
    Array.from({ length: rollouts }, (_, rollout) =>
      play(player, environment, tasks.horizon, randomStream({ seed: 7, purpose: 'act', step, rollout })),
    );
  const first = episodes(agent, 0);
  const adapted = agent.adapt(first);
  return { before: meanReturnOf(first), after: meanReturnOf(episodes(adapted, 1)), agent: adapted };
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { before, after } = await adaptTo({ at: 0.7 }, argv[2] ?? 'runs/carriage');
    console.log(`set point 0.7: return ${before.toFixed(2)} before, ${after.toFixed(2)} after one adaptation step`);
  } catch (error) {
    if (!isInnerloopError(error)) throw error;
    // Its message is for whoever runs this, such as that there is no run yet.
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
