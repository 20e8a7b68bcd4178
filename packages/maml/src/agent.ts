import {
  type Actor,
  batchTensors,
  type Environment,
  InnerloopError,
  type Random,
  randomStream,
  type Spaces,
  type Trajectories,
  tidy,
  type Wrapper,
} from '@innerloop/core';
import type { Adapter } from './adapter.js';
import { checkObservation, type EpisodeRecord, toTrajectories } from './episodes.js';
import { metaLayout } from './maml-task.js';
import { NO_ADAPTATION } from './no-adaptation.js';

/** How to choose an action. */
export interface ActOptions {
  /** Take the mode of the distribution (the mean of a Gaussian) instead of a sample. Default: false. */
  readonly greedy?: boolean;
  /** Where a sample's randomness comes from. Default: the agent's own stream. */
  readonly random?: Random;
}

/** How to adapt. */
export interface AdaptOptions {
  /** Replaces the inner optimizer's step size; only for one that accepts step sizes, as `vpg` does. */
  readonly stepSize?: number;
}

/**
 * A meta-trained policy at work in an application.
 *
 * It observes and acts in the units of the policy: those of the run's tasks *after* the run's wrappers. If the run scales
 * actions, an action is in [−1, 1], whatever the environment's bounds. Where the application steps an environment of its own, let it
 * pass through the same wrappers with {@link wrap}, and hand the actions on as they are.
 */
export interface Agent {
  /** The spaces of what it observes and does. */
  readonly spaces: Spaces;
  /** θ: the policy's parameters, adapted or not, then the inner optimizer's own. A copy. */
  readonly parameters: Float64Array;
  /** How many adaptation steps made it. */
  readonly adaptations: number;
  /**
   * An environment of the application's own in the wrappers of the run, with what they learned: what it shows is what {@link act} takes, and it
   * takes what `act` returns.
   */
  wrap(environment: Environment): Environment;
  /**
   * Chooses an action: `[actDim]` numbers, or the index of a discrete action.
   *
   * @param observation `[obsDim]`.
   * @throws InnerloopError OPTION_INVALID if the observation does not fit, NUMBERS_NOT_FINITE if the action is not finite.
   */
  act(observation: ArrayLike<number>, options?: ActOptions): number[] | number;
  /**
   * One adaptation step on episodes that this agent played. The same computation as in training: a fresh baseline,
   * advantages, the inner optimizer.
   *
   * @returns A new agent; this one stays as it is.
   * @throws InnerloopError OPTION_INVALID if an episode or the step size does not fit, or the agent is of a run without meta-learning;
   *   NUMBERS_NOT_FINITE if the step
   *   diverges.
   */
  adapt(episodes: readonly EpisodeRecord[], options?: AdaptOptions): Agent;
}

/** Options of {@link createAgent}. */
export interface AgentOptions {
  /** Seeds the streams that actions are sampled with, one for each number of adaptations. Default: 0. */
  readonly seed?: number;
  /** What the tasks are wrapped in, for {@link Agent.wrap}: such as `experiment.get(TOKENS.wrappers)`. Default: none. */
  readonly wrappers?: readonly Wrapper[];
}

/**
 * Makes an agent from parameters, such as `experiment.trainer.parameters`. A tensor backend must be active (`useBackend`).
 *
 * @param parameters θ, in the layout of `metaLayout`. Copied.
 * @throws InnerloopError OPTION_INVALID if their number is wrong.
 */
export function createAgent(adapter: Adapter, parameters: Float64Array, options: AgentOptions = {}): Agent {
  const { policy, inner } = adapter.parts;
  const { size } = metaLayout(policy, inner);
  if (parameters.length !== size) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `parameters: expected ${size} numbers (the policy's, then the inner optimizer's own), found ${parameters.length}.`,
    );
  }
  return new AdapterAgent(adapter, parameters.slice(), options, 0);
}

class AdapterAgent implements Agent {
  readonly spaces: Spaces;
  private readonly actor: Actor;
  private readonly random: Random;
  private readonly action: Float32Array;
  private readonly logProbability = new Float64Array(1);

  constructor(
    private readonly adapter: Adapter,
    private readonly theta: Float64Array,
    private readonly options: AgentOptions,
    readonly adaptations: number,
  ) {
    const { policy, tasks } = adapter.parts;
    this.spaces = { observationSpace: tasks.observationSpace, actionSpace: tasks.actionSpace };
    this.actor = policy.actor(adapter.split(theta).phi);
    this.random = randomStream({ seed: options.seed ?? 0, purpose: 'act', step: adaptations });
    this.action = new Float32Array(policy.actionSize);
  }

  get parameters(): Float64Array {
    return this.theta.slice();
  }

  wrap(environment: Environment): Environment {
    const { wrappers = [] } = this.options;
    return wrappers.reduce((inner, wrapper) => wrapper.wrap(inner), environment);
  }

  act(observation: ArrayLike<number>, { greedy = false, random = this.random }: ActOptions = {}): number[] | number {
    const { observationSpace, actionSpace } = this.spaces;
    const row = Float32Array.from(checkObservation(observation, observationSpace.low.length));
    this.actor.act(row, 1, greedy ? undefined : [random], this.action, this.logProbability);
    const action = Array.from(this.action);
    if (!action.every(Number.isFinite)) throw diverged(`The policy chose the action [${action.join(', ')}]`);
    return actionSpace.kind === 'discrete' ? (action[0] as number) : action;
  }

  adapt(episodes: readonly EpisodeRecord[], { stepSize }: AdaptOptions = {}): Agent {
    const { adapter, spaces } = this;
    const { tasks, policy, inner } = adapter.parts;
    if (inner === NO_ADAPTATION) {
      throw new InnerloopError(
        'OPTION_INVALID',
        'adapt: expected an agent that was trained to adapt, found one of a run without an inner optimizer. Train with maml to adapt.',
      );
    }
    checkStepSize(stepSize, inner.acceptsStepSizes === true);
    const setting = { ...spaces, horizon: tasks.horizon, actionSize: policy.actionSize };
    const { phi, own } = adapter.split(this.theta);
    const trajectories = this.completed(toTrajectories(episodes, setting), phi);
    const stepSizes = stepSize === undefined ? undefined : [stepSize];
    const adapted = adapter.adapt({ phi, own }, adapter.prepare(trajectories), this.adaptations, stepSizes);
    if (!adapted.every(Number.isFinite)) throw diverged('Adaptation gave parameters that are not finite');
    return new AdapterAgent(adapter, Float64Array.from([...adapted, ...own]), this.options, this.adaptations + 1);
  }

  /** Fills in log-probabilities that the application did not keep. */
  private completed(trajectories: Trajectories, phi: Float64Array): Trajectories {
    if (!trajectories.logProbabilities.some(Number.isNaN)) return trajectories;
    const { policy } = this.adapter.parts;
    const { observations, actions, rewards, ends } = trajectories;
    const steps = rewards.length;
    const given = { steps, episodes: ends.length, observations, actions, advantages: rewards };
    const current = tidy(() => {
      const batch = batchTensors({ ...given, logProbabilities: new Float64Array(steps) });
      const distribution = policy.distribution(policy.layout.constants(phi), batch.observations);
      return policy.logProbability(distribution, batch.actions).values();
    });
    const logProbabilities = trajectories.logProbabilities.map((value, i) =>
      Number.isNaN(value) ? (current[i] as number) : value,
    );
    return { ...trajectories, logProbabilities };
  }
}

function checkStepSize(stepSize: number | undefined, accepted: boolean): void {
  if (stepSize === undefined) return;
  if (!accepted) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `stepSize: expected none, since this agent's inner optimizer does not accept step sizes, found ${stepSize}.`,
    );
  }
  if (Number.isFinite(stepSize) && stepSize > 0) return;
  throw new InnerloopError('OPTION_INVALID', `stepSize: expected a number above 0, found ${stepSize}.`);
}

function diverged(what: string): InnerloopError {
  return new InnerloopError('NUMBERS_NOT_FINITE', `${what}: expected finite numbers. Try a smaller step size.`);
}
