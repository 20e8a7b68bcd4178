import {
  askChecks,
  type Check,
  type CheckSubject,
  deal,
  type EvaluationRequest,
  type EvaluationResult,
  type EventBus,
  type IterationResult,
  type Json,
  type Metrics,
  type ParameterLayout,
  type PolicyOptimizer,
  type Proposal,
  randomStream,
  ShardedObjective,
  sampleTasks,
  type TaskEvaluation,
  type TaskReport,
  type TaskShard,
  type Trainer,
  tensorCount,
} from '@innerloop/core';
import type { Adapter } from './adapter.js';
import { summarize } from './evaluation.js';
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
    const early = await this.judge({ stage: 'adaptation', iteration, kl: adaptation.kl });
    const update = await this.update(iteration, early.skip); // line 10
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
      'kl/adaptation': mean(adaptation.kl),
      ...update.metrics,
      episodes: total(reports, (phase) => phase.episodes),
      steps: total(reports, (phase) => phase.steps),
      'time/sample': (sampled - started) / 1000,
      'time/update': (ended - sampled) / 1000,
      'time/iteration': (ended - started) / 1000,
      'memory/tensors': tensors.reduce((sum, count) => sum + count, tensorCount()),
    };
    const stop = early.stop ?? update.stop;
    return stop === undefined ? { metrics } : { metrics, stop };
  }

  async evaluate(request: EvaluationRequest, parameters: Float64Array = this.theta): Promise<EvaluationResult> {
    const { tasks, onProgress, examples = 0, ...rest } = request;
    const indexed = indexTasks(tasks);
    const { shards } = this.parts;
    let done = 0;
    let failed = false;
    // Small rounds, so that progress can be shown; each task's numbers depend only on its index.
    const evaluateMine = async (shard: TaskShard, mine: typeof indexed) => {
      const evaluations: TaskEvaluation[] = [];
      for (const task of mine) {
        if (failed) break; // another shard did: nobody waits for the rest
        evaluations.push(...(await shard.evaluate({ ...rest, parameters, tasks: [task], examples })));
        done += 1;
        onProgress?.(done, tasks.length);
      }
      return evaluations;
    };
    const dealt = deal(indexed, shards.length);
    const answers = await Promise.all(
      shards.map((shard, s) =>
        evaluateMine(shard, dealt[s] as typeof indexed).catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
    return summarize(answers.flat(), tasks);
  }

  state(): Json {
    return { optimizer: this.parts.optimizer.state() };
  }

  restore(parameters: Float64Array, state: Json): void {
    this.theta = parameters.slice();
    this.parts.optimizer.restore((state as { optimizer: Json }).optimizer);
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

  private announceAdaptation(iteration: number, reports: readonly TaskReport[]) {
    const { events } = this.parts;
    const phases = reports[0]?.phases.length ?? 0;
    for (let phase = 0; phase < phases; phase++) {
      const at = reports.flatMap((report) => report.phases[phase] ?? []);
      const returns = at.flatMap((p) => p.returns);
      const steps = at.reduce((sum, p) => sum + p.steps, 0);
      events.emit('rollout:end', { iteration, phase, episodes: returns.length, steps, meanReturn: mean(returns) });
    }
    const kl = reports.map((report) => report.klAdaptation);
    const returnBefore = reports.map((report) => mean(report.phases[0]?.returns ?? []));
    const returnAfter = reports.map((report) => mean(report.phases[phases - 1]?.returns ?? []));
    events.emit('adaptation:end', { iteration, kl, returnBefore, returnAfter });
    return {
      kl,
      before: mean(reports.flatMap((report) => report.phases[0]?.returns ?? [])),
      after: mean(reports.flatMap((report) => report.phases[phases - 1]?.returns ?? [])),
    };
  }

  /** Line 10, then surrogate and KL as the trainer measures them, the checks, and the commit. */
  private async update(iteration: number, skip: string | undefined) {
    const { shards, optimizer, events } = this.parts;
    const objective = new ShardedObjective(this.theta, this.layout, shards);
    const before = optimizer.state();
    const surrogateBefore = await objective.surrogate(this.theta);
    const proposal = skip === undefined ? await optimizer.improve(objective) : this.declined(skip);
    const surrogateAfter = await objective.surrogate(proposal.parameters);
    const kl = await objective.kl(proposal.parameters);
    const measured = { kl, surrogateBefore, surrogateAfter };
    const subject = { stage: 'meta-step', iteration, accepted: proposal.accepted, ...measured } as const;
    const verdict = await this.judge(subject);
    const accepted = proposal.accepted && verdict.skip === undefined;
    if (accepted) this.theta = proposal.parameters.slice();
    else optimizer.restore(before);
    const reason = verdict.skip ?? proposal.reason;
    const { backtracks, gradientNorm } = proposal;
    events.emit('meta-step:end', { iteration, accepted, reason, ...measured, backtracks, gradientNorm });
    return {
      stop: verdict.stop,
      metrics: {
        'kl/meta': kl,
        'surrogate/before': surrogateBefore,
        'surrogate/after': surrogateAfter,
        accepted,
        reason,
        backtracks,
        gradientNorm,
      },
    };
  }

  private declined(reason: string): Proposal {
    return { parameters: this.theta.slice(), accepted: false, reason, backtracks: 0, gradientNorm: Number.NaN };
  }

  /** Asks the checks. `skip` says why the step must not be taken, `stop` why the run must end; a stop also skips. */
  private async judge(subject: CheckSubject): Promise<{ readonly skip?: string; readonly stop?: string }> {
    const { checks, events } = this.parts;
    if (checks.length === 0) return {};
    const judgement = await askChecks(checks, subject);
    events.emit('check:verdict', { iteration: subject.iteration, stage: subject.stage, judgement });
    const reasons = judgement.verdicts
      .flatMap(({ check, verdict }) =>
        verdict.kind === judgement.strictest && verdict.kind !== 'ok' ? [`${check}: ${verdict.reason}`] : [],
      )
      .join('; ');
    if (judgement.strictest === 'stop') return { skip: reasons, stop: reasons };
    return judgement.strictest === 'reject' ? { skip: reasons } : {};
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function total(reports: readonly TaskReport[], of: (phase: TaskReport['phases'][number]) => number): number {
  return reports.reduce((sum, report) => sum + report.phases.reduce((inner, phase) => inner + of(phase), 0), 0);
}
