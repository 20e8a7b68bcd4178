import { setImmediate } from 'node:timers/promises';
import {
  type Baseline,
  type BaselineFactory,
  constant,
  type EvaluationRequest,
  type EvaluationResult,
  episodeReturns,
  InnerloopError,
  type IterationResult,
  type Json,
  joinTrajectories,
  type MetaObjective,
  type Metrics,
  meanOf,
  type ParameterLayout,
  type PolicyStepParts,
  type PreparedBatch,
  prepareBatch,
  randomStream,
  sampleTasks,
  type Trainer,
  type Trajectories,
  takePolicyStep,
  tensorCount,
  tidy,
} from '@innerloop/core';
import { type Adapter, evaluateOnShards, LocalShard } from '@innerloop/maml';
import { z } from 'zod';
import { batchObjective } from './batch-objective.js';
import { type Amount, collectEpisodes } from './collect.js';
import type { LearnedWrappers } from './learned-wrappers.js';

/*
 * Vanilla policy gradient (VPG) and trust region policy optimization (TRPO), each Algorithm 1 of Spinning Up
 * (https://spinningup.openai.com/en/latest/algorithms/vpg.html and …/trpo.html). The lines are VPG's; TRPO's are in brackets.
 *
 *    1 [1]:     Input: initial policy parameters θ_0, initial value function parameters φ_0
 *      [2]:     Hyperparameters: KL-divergence limit δ, backtracking coefficient α, maximum number of backtracking steps K
 *    2 [3]:     for k = 0, 1, 2, … do
 *    3 [4]:       Collect set of trajectories D_k = {τ_i} by running policy π_k = π(θ_k) in the environment.
 *    4 [5]:       Compute rewards-to-go R̂_t.
 *    5 [6]:       Compute advantage estimates Â_t (using any method of advantage estimation) based on the current value function V_φk.
 *    6 [7]:       Estimate policy gradient as ĝ_k = 1/|D_k| Σ_τ Σ_t ∇_θ log π_θ(a_t|s_t)|_θk Â_t.
 *    7 [8, 9]:    Compute policy update [by conjugate gradient and a backtracking line search].
 *    8 [10]:      Fit value function by regression on mean-squared error:
 *                 φ_k+1 = argmin_φ 1/(|D_k| T) Σ_τ Σ_t (V_φ(s_t) − R̂_t)².
 *    9 [11]:    end for
 *
 * What makes it VPG or TRPO is the policy optimizer: `gradient` takes the step of line 7, `trpo` that of lines 8 and 9 in brackets.
 *
 * Differs from the text
 * - Line 3 may run in several tasks of a distribution, drawn anew at every k; D_k is then all of their trajectories together.
 * - Line 6 is a mean over steps, not 1/|D_k|: the two differ by the mean length of an episode.
 * - After line 7 the checks may refuse the step: θ and the optimizer's state then stay as they were.
 * - Line 8 comes before line 5 for a baseline that is fitted `before-advantages`, such as linear-feature.
 */

/** What the trainer must know besides its parts. */
export interface PolicyGradientSettings {
  /** Seeds the streams of training. */
  readonly seed: number;
  readonly tasksPerIteration: number;
  /** Of all tasks together. */
  readonly amount: Amount;
}

/** What the trainer is made of. */
export interface PolicyGradientParts extends PolicyStepParts {
  /** The policy, the tasks and the estimators, with no adaptation. */
  readonly adapter: Adapter;
  /** Asked with no inner batches; see batch-objective.ts. */
  readonly objective: MetaObjective;
  /** The wrappers of the adapter's tasks. */
  readonly wrappers: LearnedWrappers;
}

const json = z.custom<Json>((value) => value !== undefined);

/** What {@link PolicyGradientTrainer.state} returns. */
const savedState = z.object({
  optimizer: json,
  value: json,
  wrappers: z.array(json).readonly(),
  steps: z.int().min(0),
});
type SavedState = z.output<typeof savedState>;

/** @throws InnerloopError CHECKPOINT_UNREADABLE if it is none. */
function read(state: Json): SavedState {
  const { data, error } = savedState.safeParse(state);
  if (data) return data;
  throw new InnerloopError(
    'CHECKPOINT_UNREADABLE',
    `The saved state does not fit the trainer 'policy-gradient': expected { optimizer, value, wrappers, steps }. ${z.prettifyError(error)}\n` +
      'It belongs to another trainer, or the checkpoint is damaged.',
  );
}

/** See the head of this file. */
export class PolicyGradientTrainer implements Trainer {
  readonly layout: ParameterLayout;
  private theta: Float64Array;
  private readonly value: Baseline;
  private readonly fitted: BaselineFactory['fitted'];
  /** Measures returns for {@link evaluate}; it holds no data. */
  private readonly shard: LocalShard;
  private stepsSoFar = 0;

  constructor(
    private readonly parts: PolicyGradientParts,
    private readonly settings: PolicyGradientSettings,
  ) {
    const { adapter, objective } = parts;
    const { policy, tasks, baseline } = adapter.parts;
    const { seed } = settings;
    this.layout = policy.layout;
    this.theta = adapter.initialize(randomStream({ seed, purpose: 'initialize' })); // line 1: θ_0
    this.value = baseline.create(tasks.observationSpace.low.length); // line 1: φ_0
    this.fitted = baseline.fitted;
    this.shard = new LocalShard(adapter, objective, { seed, rolloutsPerTask: 1, adaptationSteps: 0 });
  }

  get parameters(): Float64Array {
    return this.theta;
  }

  async iterate(iteration: number): Promise<IterationResult> {
    const started = performance.now();
    this.parts.events.emit('iteration:start', { iteration });
    const trajectories = await this.parts.wrappers.learn(() => this.collect(iteration)); // line 3
    const batch = prepareBatch(trajectories, this.value, this.parts.adapter.parts.advantages, this.fitted); // lines 4 and 5
    const sampled = performance.now();
    const described = this.describe(iteration, trajectories, batch);
    const step = await this.improve(iteration, batch); // lines 6 and 7
    const updated = performance.now();
    if (this.fitted === 'after-update') this.value.fit(batch.states, batch.returns); // line 8
    const ended = performance.now();
    const metrics: Metrics = {
      iteration,
      ...described,
      'kl/policy': step.kl,
      ...step.metrics,
      'time/sample': (sampled - started) / 1000,
      'time/update': (updated - sampled) / 1000,
      'time/value': (ended - updated) / 1000,
      'time/iteration': (ended - started) / 1000,
      'memory/tensors': tensorCount(),
    };
    return step.stop === undefined ? { metrics } : { metrics, stop: step.stop };
  }

  async evaluate(
    request: EvaluationRequest,
    parameters: Float64Array = this.theta,
    state?: Json,
  ): Promise<EvaluationResult> {
    const evaluate = () => evaluateOnShards([this.shard], request, parameters);
    return state === undefined ? evaluate() : this.parts.wrappers.as(read(state).wrappers, evaluate);
  }

  state(): Json {
    const { optimizer, wrappers } = this.parts;
    const saved: SavedState = {
      optimizer: optimizer.state(),
      value: this.value.state(),
      wrappers: wrappers.state(),
      steps: this.stepsSoFar,
    };
    return { ...saved };
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if the state is not one that {@link state} returns, or of other parts. */
  restore(parameters: Float64Array, state: Json): void {
    const { optimizer, value, wrappers, steps } = read(state);
    this.theta = parameters.slice();
    this.parts.optimizer.restore(optimizer);
    this.value.restore(value);
    this.parts.wrappers.restore(wrappers);
    this.stepsSoFar = steps;
  }

  close(): Promise<void> {
    return this.shard.close();
  }

  /** D_k: the same share of each task of this iteration. */
  private async collect(iteration: number): Promise<Trajectories> {
    const { policy, tasks: distribution } = this.parts.adapter.parts;
    const { seed, tasksPerIteration, amount } = this.settings;
    const tasks = sampleTasks(distribution, randomStream({ seed, purpose: 'tasks', iteration }), tasksPerIteration);
    const actor = policy.actor(this.theta);
    const share = (total: number) => Math.ceil(total / tasksPerIteration);
    const collected: Trajectories[] = [];
    for (const [index, task] of tasks.entries()) {
      await setImmediate(); // signals and timers get their turn between tasks
      const random = (rollout: number) => randomStream({ seed, purpose: 'train', iteration, task: index, rollout });
      const own = 'steps' in amount ? { steps: share(amount.steps) } : { episodes: share(amount.episodes) };
      collected.push(collectEpisodes({ distribution, task, actor, policy, amount: own, random }));
    }
    return joinTrajectories(collected);
  }

  private async improve(iteration: number, batch: PreparedBatch) {
    const objective = batchObjective(this.parts.objective, batch, this.theta, this.layout);
    try {
      const step = await takePolicyStep(this.parts, objective, iteration);
      this.theta = step.parameters;
      return step;
    } finally {
      objective.dispose();
    }
  }

  /** Announces D_k and tells its figures, those of the V that the advantages were computed with included. */
  private describe(iteration: number, trajectories: Trajectories, batch: PreparedBatch): Metrics {
    const { steps, episodes, values, returns, diagnostics } = batch;
    const meanReturn = meanOf(episodeReturns(trajectories));
    this.stepsSoFar += steps;
    this.parts.events.emit('rollout:end', { iteration, phase: 0, episodes, steps, meanReturn });
    return {
      'return/mean': meanReturn,
      entropy: this.entropy(batch),
      'value/loss': meanOf(values.map((value, i) => (value - (returns[i] as number)) ** 2)),
      'value/explainedVariance': diagnostics.explainedVariance,
      episodes,
      'episodes/length': steps / episodes,
      steps,
      'steps/total': this.stepsSoFar,
    };
  }

  /** Mean over D_k of the entropy of π_k. */
  private entropy({ observations, steps }: PreparedBatch): number {
    const { policy } = this.parts.adapter.parts;
    const values = tidy(() => {
      const states = constant(observations, [steps, observations.length / steps]);
      return policy.entropy(policy.distribution(this.layout.constants(this.theta), states)).values();
    });
    return meanOf(values);
  }
}
