import type {
  CollectRequest,
  EvaluateTasksRequest,
  TaskEvaluation,
  TaskReport,
  TaskShard,
} from '../contracts/shard.js';
import type { Answer } from './faults.js';
import type { WorkerRecipe } from './recipe.js';

/** A task shard as a worker serves it: the methods of {@link TaskShard}, with errors as data. */
export interface ShardService {
  /** Builds the shard; asked first. */
  start(recipe: WorkerRecipe, settings: unknown): Promise<Answer<null>>;
  collect(request: CollectRequest): Promise<Answer<readonly TaskReport[]>>;
  surrogate(parameters: Float64Array): Promise<Answer<readonly number[]>>;
  gradient(parameters: Float64Array): Promise<Answer<readonly Float64Array[]>>;
  kl(parameters: Float64Array): Promise<Answer<readonly number[]>>;
  curvature(direction: Float64Array): Promise<Answer<readonly Float64Array[]>>;
  weigh(weights: readonly (readonly number[])[]): Promise<Answer<void>>;
  innerTerms(parameters: Float64Array): Promise<Answer<readonly (readonly number[])[]>>;
  release(): Promise<Answer<void>>;
  evaluate(request: EvaluateTasksRequest): Promise<Answer<readonly TaskEvaluation[]>>;
  /** Of the worker's own backend. */
  tensors(): Promise<Answer<number>>;
}
