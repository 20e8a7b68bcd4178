import type { PolicyObjective } from '../contracts/policy-optimizer.js';
import type { TaskShard } from '../contracts/shard.js';
import type { ParameterLayout } from '../numerics/layout.js';

/**
 * A policy objective that is a mean over tasks which lie in shards. Answers are added in task order, whichever shard
 * they come from.
 */
export class ShardedObjective implements PolicyObjective {
  constructor(
    readonly parameters: Float64Array,
    readonly layout: ParameterLayout,
    private readonly shards: readonly TaskShard[],
  ) {}

  async surrogate(parameters: Float64Array): Promise<number> {
    return meanNumber(await this.ask((shard) => shard.surrogate(parameters)));
  }

  async gradient(parameters: Float64Array = this.parameters): Promise<Float64Array> {
    return this.meanVector(await this.ask((shard) => shard.gradient(parameters)));
  }

  async kl(parameters: Float64Array): Promise<number> {
    return meanNumber(await this.ask((shard) => shard.kl(parameters)));
  }

  async curvature(direction: Float64Array): Promise<Float64Array> {
    return this.meanVector(await this.ask((shard) => shard.curvature(direction)));
  }

  /** All shards work at once; their lists are joined in the order of the shards, which is task order. */
  private async ask<T>(question: (shard: TaskShard) => Promise<readonly T[]>): Promise<T[]> {
    return (await Promise.all(this.shards.map(question))).flat();
  }

  private meanVector(vectors: readonly Float64Array[]): Float64Array {
    const total = new Float64Array(this.layout.size);
    for (const vector of vectors) {
      for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (vector[i] as number);
    }
    return total.map((value) => value / vectors.length);
  }
}

function meanNumber(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Deals tasks out to shards in runs of consecutive tasks, so that joining the shards' lists restores task order. */
export function deal<T>(tasks: readonly T[], shards: number): T[][] {
  return Array.from({ length: shards }, (_, index) =>
    tasks.slice(Math.floor((index * tasks.length) / shards), Math.floor(((index + 1) * tasks.length) / shards)),
  );
}
