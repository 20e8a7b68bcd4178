import type { EpisodeEnd, Trajectories } from '../contracts/batch.js';
import type { Action, Environment, TaskDistribution } from '../contracts/environment.js';
import type { Json } from '../contracts/json.js';
import type { Actor } from '../contracts/policy.js';
import { InnerloopError, isInnerloopError, messageOf } from '../errors.js';
import type { Random } from '../numerics/random.js';
import { copyRow, TrajectoryRecorder } from './recorder.js';
import { assertChoice, assertHorizon, assertStep, environmentThrew, type Place, writeObservation } from './validate.js';

// "Collect set of trajectories D_k = {τ_i} by running policy π_k = π(θ_k) in the environment" (VPG and TRPO, line 3), and of
// the MAML pseudocode:
//
//    1  def task_rollout(task):
//    5      for i in range(run_length):
//    7          observation = get_observation()
//    8          action = self.model(observation)
//   10          disc_reward, log_prob = step(action)
//   13          if run is done:            # if in terminal state, or run_length reached
//   17  def sample_trajectories(task, K):
//   20      for i in range(K):
//   21          cumulative_rew = task_rollout(task)
//
// Differs from the text: the K rollouts of a task run in lock step, so that the policy is asked once per time step; they
// keep every step instead of one sum, since losses weigh each log-probability by its own advantage.

/** What to collect. */
export interface RolloutRequest {
  readonly distribution: TaskDistribution;
  readonly task: Json;
  /** The policy that acts. */
  readonly actor: Actor;
  /** K: how many episodes, at least 1. */
  readonly rollouts: number;
  /** One stream for each rollout, for its reset, dynamics and action noise. */
  readonly randoms: readonly Random[];
  /** obsDim. */
  readonly observationSize: number;
  /** actDim for a box, 1 for a discrete space. */
  readonly actionSize: number;
  /** Take the mode of the distribution instead of a sample. */
  readonly greedy?: boolean;
}

/**
 * Collects `rollouts` episodes of one task.
 *
 * An episode ends `terminated` when its environment says so, else `horizon` after H steps (terminal value 0: the horizon is
 * part of the MDP, even if the environment truncates at that very step), else `truncated` when the environment says so.
 *
 * @throws InnerloopError ENVIRONMENT_INVALID if an environment throws or returns something malformed, with the task, the
 *   episode and the step; NUMBERS_NOT_FINITE if the policy chooses something that is not finite.
 * @throws RangeError if there is not one stream for each rollout.
 */
export function collectTrajectories(request: RolloutRequest): Trajectories {
  const { distribution, rollouts, randoms, observationSize, actionSize } = request;
  if (!Number.isInteger(rollouts) || rollouts < 1 || randoms.length !== rollouts) {
    throw new RangeError(
      `collectTrajectories: expected at least 1 rollout and one stream each, found rollouts ${rollouts} and ${randoms.length} streams`,
    );
  }
  assertHorizon(distribution.horizon);
  const recorder = new TrajectoryRecorder(rollouts, distribution.horizon, observationSize, actionSize);
  const running = new LockStep(request, recorder); // line 20
  for (let t = 0; running.count > 0; t++) running.step(t); // line 5
  return recorder.pack();
}

/** The episodes of one task that still run: row i of every buffer belongs to episode `episodes[i]`. */
class LockStep {
  /** How many still run. */
  count: number;
  private readonly environments: Environment[] = [];
  private readonly episodes: number[];
  private readonly randoms: Random[];
  private readonly observations: Float32Array;
  private readonly next: Float32Array;
  private readonly actions: Float32Array;
  private readonly logProbabilities: Float64Array;
  private readonly boxActions: readonly Float32Array[];
  private readonly place: { task: Json; episode: number; step: number | 'reset' };

  constructor(
    private readonly request: RolloutRequest,
    private readonly recorder: TrajectoryRecorder,
  ) {
    const { rollouts, observationSize, actionSize, distribution, task } = request;
    this.count = rollouts;
    this.episodes = Array.from({ length: rollouts }, (_, episode) => episode);
    this.randoms = [...request.randoms];
    this.observations = new Float32Array(rollouts * observationSize);
    this.next = new Float32Array(observationSize);
    this.actions = new Float32Array(rollouts * actionSize);
    this.logProbabilities = new Float64Array(rollouts);
    const isBox = distribution.actionSpace.kind === 'box';
    this.boxActions = isBox ? this.episodes.map(() => new Float32Array(actionSize)) : [];
    this.place = { task, episode: 0, step: 'reset' };
    for (const episode of this.episodes) this.reset(episode);
  }

  private reset(episode: number): void {
    const { distribution, task, observationSize } = this.request;
    this.place.episode = episode;
    const environment = create(distribution, task, this.place);
    this.environments.push(environment);
    writeObservation(
      this.place,
      this.restart(environment, this.randoms[episode] as Random),
      this.observations,
      episode,
      observationSize,
    ); // line 7
  }

  /** Takes time step t of every running episode and drops those that end. */
  step(t: number): void {
    const { actor, greedy } = this.request;
    const { count, observations, actions, logProbabilities } = this;
    this.place.step = t;
    actor.act(observations, count, greedy ? undefined : this.randoms, actions, logProbabilities); // line 8
    let kept = 0;
    for (let row = 0; row < count; row++) {
      if (this.stepRow(row, t)) this.keep(row, kept++);
    }
    this.count = kept;
    this.randoms.length = kept; // one stream a row
  }

  /** Steps one environment; whether its episode goes on. */
  private stepRow(row: number, t: number): boolean {
    const { recorder, next, observations, actions, place } = this;
    const { observationSize, actionSize, distribution } = this.request;
    const episode = this.episodes[row] as number;
    place.episode = episode;
    const logProbability = this.logProbabilities[row] as number;
    assertChoice(place, actions, row, actionSize, logProbability);
    const step: unknown = this.advance(row, this.actionOf(row));
    assertStep(place, step);
    writeObservation(place, step.observation, next, 0, observationSize);
    recorder.record(episode, row, observations, actions, step.reward, logProbability); // line 10
    const end = endOf(step, t + 1 >= distribution.horizon); // line 13
    if (end) recorder.end(episode, end, 0, next, step.episodeReturn);
    return end === undefined;
  }

  private restart(environment: Environment, random: Random): unknown {
    try {
      return environment.reset(random);
    } catch (error) {
      throw environmentThrew(this.place, 'reset', error);
    }
  }

  private advance(row: number, action: Action): unknown {
    try {
      return (this.environments[row] as Environment).step(action);
    } catch (error) {
      throw environmentThrew(this.place, 'step', error);
    }
  }

  private actionOf(row: number): Action {
    const box = this.boxActions[row];
    if (!box) return this.actions[row] as number;
    copyRow(this.actions, row, box, 0, this.request.actionSize);
    return box;
  }

  /** Moves a running episode up to row `to`; `next` becomes its current observation. */
  private keep(from: number, to: number): void {
    copyRow(this.next, 0, this.observations, to, this.request.observationSize);
    this.episodes[to] = this.episodes[from] as number;
    this.environments[to] = this.environments[from] as Environment;
    this.randoms[to] = this.randoms[from] as Random;
  }
}

function create(distribution: TaskDistribution, task: Json, place: Place): Environment {
  try {
    return distribution.create(task);
  } catch (error) {
    if (isInnerloopError(error)) throw error;
    throw new InnerloopError(
      'ENVIRONMENT_INVALID',
      `No environment could be created for task ${JSON.stringify(place.task)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function endOf(
  step: { readonly terminated: boolean; readonly truncated: boolean },
  atHorizon: boolean,
): EpisodeEnd | undefined {
  if (step.terminated) return 'terminated';
  if (atHorizon) return 'horizon';
  return step.truncated ? 'truncated' : undefined;
}
