import type {
  Batch,
  MetaObjective,
  PolicyObjective,
  PolicyOptimizer,
  Proposal,
  TaskData,
  TaskObjective,
  TaskReport,
  TaskShard,
} from '@innerloop/core';
import { Adapter, type AdapterParts } from '@innerloop/maml';
import type { PhaseClock } from './clock.js';

/** An adapter that tells the clock how long it adapts; what is left of collecting is sampling. */
export class TimedAdapter extends Adapter {
  constructor(
    parts: AdapterParts,
    private readonly clock: PhaseClock,
  ) {
    super(parts);
  }

  override adapt(...args: Parameters<Adapter['adapt']>): Float64Array {
    return this.clock.spanSync('adapt', () => super.adapt(...args));
  }

  override meanKl(p: Float64Array, q: Float64Array, batch: Batch): number {
    return this.clock.spanSync('adapt', () => super.meanKl(p, q, batch));
  }
}

/** An objective that counts its freezing as adaptation and keeps the data that it is given. */
export class WatchedObjective implements MetaObjective {
  readonly provides: MetaObjective['provides'];
  /** As the objective has it: the adapter's clock times it. */
  readonly adapt?: NonNullable<MetaObjective['adapt']>;
  readonly innerTermWeights?: NonNullable<MetaObjective['innerTermWeights']>;
  /** What was bound since the last {@link forget}, in task order. */
  readonly data: TaskData[] = [];

  constructor(
    private readonly objective: MetaObjective,
    private readonly clock: PhaseClock,
    /** Changes what is bound; nothing if left out. */
    private readonly change: (task: TaskObjective) => TaskObjective = (task) => task,
  ) {
    this.provides = objective.provides;
    if (objective.adapt) this.adapt = objective.adapt.bind(objective);
    if (objective.innerTermWeights) this.innerTermWeights = objective.innerTermWeights;
  }

  bind(data: TaskData, parameters: Float64Array): ReturnType<MetaObjective['bind']> {
    this.data.push(data);
    return this.change(this.clock.spanSync('adapt', () => this.objective.bind(data, parameters)));
  }

  /** Forgets the data. */
  forget(): void {
    this.data.length = 0;
  }
}

/** A task's objective that tells the clock when it works and on what. Its answers are untouched. */
export function timedTask(task: TaskObjective, clock: PhaseClock): TaskObjective {
  return {
    surrogate: (parameters) => clock.spanSync('lineSearch', () => task.surrogate(parameters)),
    kl: (parameters) => clock.spanSync('lineSearch', () => task.kl(parameters)),
    gradient: (parameters) => clock.spanSync('gradient', () => task.gradient(parameters)),
    curvature: (direction) => clock.spanSync('curvature', () => task.curvature(direction)),
    dispose: () => task.dispose(),
  };
}

/** A shard that tells the clock when it works and on what. Its answers are untouched. */
export function timedShard(
  shard: TaskShard,
  clock: PhaseClock,
  onCollected: (reports: readonly TaskReport[]) => void,
): TaskShard {
  return {
    collect: async (request) => {
      const reports = await clock.span('collect', () => shard.collect(request));
      onCollected(reports);
      return reports;
    },
    gradient: (parameters) => clock.span('gradient', () => shard.gradient(parameters)),
    curvature: (direction) => clock.span('curvature', () => shard.curvature(direction)),
    surrogate: (parameters) => clock.span('lineSearch', () => shard.surrogate(parameters)),
    kl: (parameters) => clock.span('lineSearch', () => shard.kl(parameters)),
    weigh: (weights) => shard.weigh(weights),
    innerTerms: (parameters) => shard.innerTerms(parameters),
    release: () => shard.release(),
    evaluate: (request) => shard.evaluate(request),
    tensors: () => shard.tensors(),
    close: () => shard.close(),
  };
}

/** What an optimizer asked of its objective in one step. */
export interface Questions {
  readonly gradient: Float64Array;
  /** The first curvature product: conjugate gradient begins with the gradient itself. */
  readonly firstProduct: { readonly direction: Float64Array; readonly product: Float64Array } | undefined;
  readonly products: number;
  /** Different parameters, other than θ_k, at which surrogate or KL was asked for. */
  readonly trials: number;
  readonly proposal: Proposal;
}

/** An optimizer that keeps count of what it asks. */
export class WatchedOptimizer implements PolicyOptimizer {
  readonly needs: PolicyOptimizer['needs'];
  /** Of the last step. */
  questions: Questions | undefined;

  constructor(private readonly optimizer: PolicyOptimizer) {
    this.needs = optimizer.needs;
  }

  async improve(objective: PolicyObjective): Promise<Proposal> {
    let gradient = new Float64Array();
    let firstProduct: Questions['firstProduct'];
    let products = 0;
    const seen = [objective.parameters];
    const note = (parameters: Float64Array) => {
      if (!seen.some((known) => equal(known, parameters))) seen.push(parameters.slice());
      return parameters;
    };
    const proposal = await this.optimizer.improve({
      parameters: objective.parameters,
      layout: objective.layout,
      surrogate: (parameters) => objective.surrogate(note(parameters)),
      kl: (parameters) => objective.kl(note(parameters)),
      gradient: async (parameters) => {
        const found = await objective.gradient(parameters);
        gradient = found.slice();
        return found;
      },
      curvature: async (direction) => {
        products += 1;
        const product = await objective.curvature(direction);
        firstProduct ??= { direction: direction.slice(), product: product.slice() };
        return product;
      },
    });
    this.questions = { gradient, firstProduct, products, trials: seen.length - 1, proposal };
    return proposal;
  }

  state(): ReturnType<PolicyOptimizer['state']> {
    return this.optimizer.state();
  }

  restore(state: Parameters<PolicyOptimizer['restore']>[0]): void {
    this.optimizer.restore(state);
  }
}

function equal(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
