import type { Action, BoxSpace, DiscreteSpace, Environment, Random, Step } from '@innerloop/core';
import type { TabularMdpTables } from './tables.js';

/**
 * A tabular MDP: starts in state 0; from s by a to s′ ~ P(· | s, a), with a normal reward around the pair's mean, standard deviation 1. The
 * observation is the state as one-hot, `[S]`. Never terminates: the horizon ends an episode.
 */
export class TabularMdpEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  private readonly observation: Float64Array;
  private random: Random | undefined;
  private state = 0;

  constructor(
    private readonly tables: TabularMdpTables,
    spaces: { readonly observationSpace: BoxSpace; readonly actionSpace: DiscreteSpace },
  ) {
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.observation = new Float64Array(tables.states);
  }

  reset(random: Random): Float64Array {
    this.random = random;
    return this.enter(0);
  }

  step(action: Action): Step {
    const random = this.random as Random;
    const pair = this.state * this.tables.actions + (action as number);
    const reward = (this.tables.meanRewards[pair] as number) + random.normal();
    return { observation: this.enter(this.draw(pair, random)), reward, terminated: false, truncated: false };
  }

  /** s′, by inverting the distribution function. */
  private draw(pair: number, random: Random): number {
    const { states, transitions } = this.tables;
    let rest = random.uniform();
    for (let next = 0; next < states - 1; next++) {
      rest -= transitions[pair * states + next] as number;
      if (rest < 0) return next;
    }
    return states - 1;
  }

  private enter(state: number): Float64Array {
    this.observation[this.state] = 0;
    this.observation[state] = 1;
    this.state = state;
    return this.observation;
  }
}
