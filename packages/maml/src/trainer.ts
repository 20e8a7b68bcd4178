import {
  type Check,
  deal,
  type EvaluationRequest,
  type EvaluationResult,
  type EventBus,
  type InnerTermWeights,
  type IterationResult,
  type Json,
  judge,
  type Metrics,
  meanOf,
  type ParameterLayout,
  type PolicyOptimizer,
  randomStream,
  ShardedObjective,
  sampleTasks,
  type TaskReport,
  type TaskShard,
  type Trainer,
  takePolicyStep,
  tensorCount,
} from '@innerloop/core';
import type { Adapter } from './adapter.js';
import { evaluateOnShards } from './evaluation.js';
import { metaLayout } from './maml-task.js';
import { indexTasks } from './shard.js';

/*
 * Model-agnostic meta-learning for reinforcement learning (Finn, Abbeel and Levine 2017, arXiv:1703.03400, algorithm 3):
 *
 *    1: randomly initialize θ
 *    2: while not done do
 *    3:   Sample batch of tasks T_i ~ p(T)
 *    4:   for all T_i do
 *    5:     Sample K trajectories D = {(x_1, a_1, …, x_H)} using f_θ in T_i
 *    6:     Evaluate ∇_θ L_Ti(f_θ) using D and L_Ti in equation 4
 *    7:     Compute adapted parameters with gradient descent: θ'_i = θ − α ∇_θ L_Ti(f_θ)
 *    8:     Sample trajectories D'_i = {(x_1, a_1, …, x_H)} using f_θ'i in T_i
 *    9:   end for
 *   10:   Update θ ← θ − β ∇_θ Σ_Ti L_Ti(f_θ'i) using each D'_i and L_Ti in equation 4
 *   11: end while
 *
 * Lines 4 to 9 are the task shards' (shard.ts); lines 5 to 7 repeat for each adaptation step. Line 10 is the policy optimizer's, which
 * sees a mean over tasks in place of the sum. The step is then judged by the checks before it is committed.
 */

/** What the trainer must know besides its parts. */
export interface MamlTrainerSettings {
  /** Seeds the streams of training. */
  readonly seed: number;
  readonly tasksPerIteration: number;
}

/** What the trainer is made of. */
export interface MamlTrainerParts {
  readonly adapter: Adapter;
  readonly shards: readonly TaskShard[];
  readonly optimizer: PolicyOptimizer;
  readonly events: EventBus;
  readonly checks: readonly Check[];
}

/** See the head of this file. */
export class MamlTrainer implements Trainer {
  readonly layout: ParameterLayout;
  private theta: Float64Array;

  constructor(
    private readonly parts: MamlTrainerParts,
    private readonly settings: MamlTrainerSettings,
  ) {
    const { policy, inner } = parts.adapter.parts;
    this.layout = metaLayout(policy, inner);
    this.theta = parts.adapter.initialize(randomStream({ seed: settings.seed, purpose: 'initialize' })); // line 1
  }

  get parameters(): Float64Array {
    return this.theta;
  }

  async iterate(iteration: number): Promise<IterationResult> {
    const started = performance.now();
    const { events } = this.parts;
    events.emit('iteration:start', { iteration });
    const reports = await this.collect(iteration); // lines 3 to 9
    const sampled = performance.now();
    const adaptation = this.announceAdaptation(iteration, reports);
    const early = await judge(this.parts, { stage: 'adaptation', iteration, kl: adaptation.kl });
    await this.weighInnerTerms(reports);
    const objective = new ShardedObjective(this.theta, this.layout, this.parts.shards);
    const step = await takePolicyStep(this.parts, objective, iteration, early.skip); // line 10
    this.theta = step.parameters;
    if (step.metrics.accepted) await this.learnInnerTermWeights();
    const tensors = await Promise.all(
      this.parts.shards.map(async (shard) => {
        await shard.release();
        return shard.tensors();
      }),
    );
    const ended = performance.now();
    const metrics: Metrics = {
      iteration,
      'return/before': adaptation.before,
      'return/after': adaptation.after,
      'kl/adaptation': meanOf(adaptation.kl),
      'kl/meta': step.kl,
      ...step.metrics,
      episodes: total(reports, (phase) => phase.episodes),
      steps: total(reports, (phase) => phase.steps),
      'time/sample': (sampled - started) / 1000,
      'time/update': (ended - sampled) / 1000,
      'time/iteration': (ended - started) / 1000,
      'memory/tensors': tensors.reduce((sum, count) => sum + count, tensorCount()),
    };
    const stop = early.stop ?? step.stop;
    return stop === undefined ? { metrics } : { metrics, stop };
  }

  evaluate(request: EvaluationRequest, parameters: Float64Array = this.theta): Promise<EvaluationResult> {
    return evaluateOnShards(this.parts.shards, request, parameters);
  }

  state(): Json {
    const { optimizer } = this.parts;
    const weights = this.innerTermWeights;
    return { optimizer: optimizer.state(), ...(weights && { innerTermWeights: weights.state() }) };
  }

  restore(parameters: Float64Array, state: Json): void {
    const { optimizer, innerTermWeights = null } = state as { optimizer: Json; innerTermWeights?: Json };
    this.theta = parameters.slice();
    this.parts.optimizer.restore(optimizer);
    this.innerTermWeights?.restore(innerTermWeights);
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.shards.map((shard) => shard.close()));
  }

  private async collect(iteration: number): Promise<readonly TaskReport[]> {
    const { shards, adapter } = this.parts;
    const { seed, tasksPerIteration } = this.settings;
    const random = randomStream({ seed, purpose: 'tasks', iteration });
    const tasks = deal(indexTasks(sampleTasks(adapter.parts.tasks, random, tasksPerIteration)), shards.length); // line 3
    const reports = await Promise.all(
      shards.map((shard, s) =>
        shard.collect({ iteration, parameters: this.theta, tasks: tasks[s] as ReturnType<typeof indexTasks> }),
      ),
    );
    return reports.flat();
  }

  private get innerTermWeights(): InnerTermWeights | undefined {
    return this.parts.adapter.parts.objective?.innerTermWeights;
  }

  /** Tells every task what the inner steps' own terms of its objective weigh, for objectives that have such terms. */
  private async weighInnerTerms(reports: readonly TaskReport[]): Promise<void> {
    const weights = this.innerTermWeights?.assign(reports);
    if (!weights) return;
    const { shards } = this.parts;
    const dealt = deal(weights, shards.length);
    await Promise.all(shards.map((shard, s) => shard.weigh(dealt[s] as typeof weights)));
  }

  private async learnInnerTermWeights(): Promise<void> {
    const weights = this.innerTermWeights;
    if (!weights?.learn) return;
    weights.learn((await Promise.all(this.parts.shards.map((shard) => shard.innerTerms(this.theta)))).flat());
  }

  private announceAdaptation(iteration: number, reports: readonly TaskReport[]) {
    const { events } = this.parts;
    const phases = reports[0]?.phases.length ?? 0;
    for (let phase = 0; phase < phases; phase++) {
      const at = reports.flatMap((report) => report.phases[phase] ?? []);
      const returns = at.flatMap((p) => p.returns);
      const steps = at.reduce((sum, p) => sum + p.steps, 0);
      events.emit('rollout:end', { iteration, phase, episodes: returns.length, steps, meanReturn: meanOf(returns) });
    }
    const kl = reports.map((report) => report.klAdaptation);
    const returnBefore = reports.map((report) => meanOf(report.phases[0]?.returns ?? []));
    const returnAfter = reports.map((report) => meanOf(report.phases[phases - 1]?.returns ?? []));
    events.emit('adaptation:end', { iteration, kl, returnBefore, returnAfter });
    return {
      kl,
      before: meanOf(reports.flatMap((report) => report.phases[0]?.returns ?? [])),
      after: meanOf(reports.flatMap((report) => report.phases[phases - 1]?.returns ?? [])),
    };
  }
}

function total(reports: readonly TaskReport[], of: (phase: TaskReport['phases'][number]) => number): number {
  return reports.reduce((sum, report) => sum + report.phases.reduce((inner, phase) => inner + of(phase), 0), 0);
}
