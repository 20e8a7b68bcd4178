import { setImmediate } from 'node:timers/promises';
import {
  type Batch,
  type CollectRequest,
  type EvaluateTasksRequest,
  type ExampleEpisode,
  episodeReturns,
  type IndexedTask,
  type Json,
  type MetaObjective,
  meanOf,
  type PhaseReport,
  type Purpose,
  type Random,
  randomStream,
  type TaskEvaluation,
  type TaskObjective,
  type TaskReport,
  type TaskShard,
  type Trajectories,
} from '@innerloop/core';
import type { Adapter } from './adapter.js';

/** What a shard must know besides its parts. */
export interface ShardSettings {
  /** Seeds the streams of training. */
  readonly seed: number;
  /** Episodes per task and phase. */
  readonly rolloutsPerTask: number;
  /** K. */
  readonly adaptationSteps: number;
}

/** A task shard in this thread. */
export class LocalShard implements TaskShard {
  private objectives: TaskObjective[] = [];

  constructor(
    private readonly adapter: Adapter,
    private readonly objective: MetaObjective,
    private readonly settings: ShardSettings,
  ) {}

  async collect({ iteration, parameters, tasks }: CollectRequest): Promise<readonly TaskReport[]> {
    await this.release();
    const reports: TaskReport[] = [];
    for (const task of tasks) {
      await setImmediate(); // signals and timers get their turn between tasks
      reports.push(this.collectTask(iteration, parameters, task));
    }
    return reports;
  }

  surrogate(parameters: Float64Array): Promise<number[]> {
    return this.each((objective) => objective.surrogate(parameters));
  }

  gradient(parameters: Float64Array): Promise<Float64Array[]> {
    return this.each((objective) => objective.gradient(parameters));
  }

  kl(parameters: Float64Array): Promise<number[]> {
    return this.each((objective) => objective.kl(parameters));
  }

  curvature(direction: Float64Array): Promise<Float64Array[]> {
    return this.each((objective) => objective.curvature(direction));
  }

  async weigh(weights: readonly (readonly number[])[]): Promise<void> {
    this.objectives.forEach((objective, index) => {
      objective.weigh?.(weights[index] as readonly number[]);
    });
  }

  innerTerms(parameters: Float64Array): Promise<(readonly number[])[]> {
    return this.each((objective) => objective.innerTerms?.(parameters) ?? []);
  }

  async release(): Promise<void> {
    for (const objective of this.objectives) objective.dispose();
    this.objectives = [];
  }

  async evaluate(request: EvaluateTasksRequest): Promise<readonly TaskEvaluation[]> {
    const evaluations: TaskEvaluation[] = [];
    for (const task of request.tasks) {
      await setImmediate();
      evaluations.push(this.evaluateTask(request, task));
    }
    return evaluations;
  }

  async tensors(): Promise<number> {
    return 0;
  }

  close(): Promise<void> {
    return this.release();
  }

  private async each<T>(answer: (objective: TaskObjective) => T): Promise<T[]> {
    const answers: T[] = [];
    for (const objective of this.objectives) {
      await setImmediate();
      answers.push(answer(objective));
    }
    return answers;
  }

  /** D⁰ from π_θ, φ¹, D¹ from π_φ¹, …, φ = φᴷ, D′ from π_φ; all of it then frozen. */
  private collectTask(iteration: number, parameters: Float64Array, { index, task }: IndexedTask): TaskReport {
    const { adapter, settings } = this;
    const phases: PhaseReport[] = [];
    const collect = (phi: Float64Array, step: number): Batch => {
      const place: StreamPlace = { seed: settings.seed, purpose: 'train', iteration, task: index, step };
      const trajectories = adapter.collect(task, phi, streams(place, settings.rolloutsPerTask));
      phases.push(reportOf(trajectories));
      return adapter.prepare(trajectories);
    };
    const { phi: start, own } = adapter.split(parameters);
    let phi = start;
    const inner: Batch[] = [];
    for (let j = 0; j < settings.adaptationSteps; j++) {
      const batch = collect(phi, j);
      inner.push(batch);
      phi = adapter.adapt({ phi, own }, batch, j);
    }
    const outer = collect(phi, settings.adaptationSteps);
    this.objectives.push(this.objective.bind({ inner, outer }, parameters));
    return { index, phases, klAdaptation: adapter.meanKl(start, phi, inner[0] ?? outer) };
  }

  private evaluateTask(request: EvaluateTasksRequest, { index, task }: IndexedTask): TaskEvaluation {
    const { adapter } = this;
    const { phi: start, own } = adapter.split(request.parameters);
    let phi = start;
    const returns: number[] = [];
    const episodes: ExampleEpisode[] = [];
    for (let step = 0; step <= request.steps; step++) {
      const place: StreamPlace = { seed: request.seed, purpose: 'evaluate', iteration: 0, task: index, step };
      const collect = (greedy: boolean) => adapter.collect(task, phi, streams(place, request.rollouts), greedy);
      const measured = collect(request.greedy ?? false);
      returns.push(meanOf(episodeReturns(measured)));
      if (index < request.examples) episodes.push(firstEpisode(measured));
      if (step < request.steps) {
        const sampled = request.greedy ? collect(false) : measured; // a gradient needs actions that vary
        phi = adapter.adapt({ phi, own }, adapter.prepare(sampled), step, request.stepSizes);
      }
    }
    return { index, returns, episodes };
  }
}

interface StreamPlace {
  readonly seed: number;
  readonly purpose: Purpose;
  readonly iteration: number;
  readonly task: number;
  readonly step: number;
}

function streams(place: StreamPlace, rollouts: number): Random[] {
  return Array.from({ length: rollouts }, (_, rollout) => randomStream({ ...place, rollout }));
}

function reportOf(trajectories: Trajectories): PhaseReport {
  return {
    episodes: trajectories.ends.length,
    steps: trajectories.rewards.length,
    returns: [...episodeReturns(trajectories)],
  };
}

function firstEpisode({ observations, finalObservations, rewards, offsets, ends }: Trajectories): ExampleEpisode {
  const length = offsets[1] as number;
  const size = finalObservations.length / ends.length;
  const rows = Array.from({ length }, (_, t) => [...observations.subarray(t * size, (t + 1) * size)]);
  return {
    observations: [...rows, [...finalObservations.subarray(0, size)]],
    rewards: [...rewards.subarray(0, length)],
  };
}

/** Pairs tasks with their places in the meta-batch. */
export function indexTasks(tasks: readonly Json[]): IndexedTask[] {
  return tasks.map((task, index) => ({ index, task }));
}
