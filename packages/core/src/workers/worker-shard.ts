import type {
  CollectRequest,
  EvaluateTasksRequest,
  IndexedTask,
  TaskEvaluation,
  TaskReport,
  TaskShard,
} from '../contracts/shard.js';
import { InnerloopError } from '../errors.js';
import type { WorkerPlan } from './plan.js';
import type { ShardService } from './service.js';
import { SharedVectors } from './shared-vector.js';
import { WorkerThread } from './worker-thread.js';

/**
 * One task shard for each worker of a plan. The threads start at their first request, all at once, and live until one of the shards is
 * closed or one of them fails, which ends them all.
 *
 * @param settings Handed to `serveShard`'s `create` in each worker: plain data.
 */
export function startWorkerShards(plan: WorkerPlan, settings: unknown): TaskShard[] {
  const { count, timeoutSeconds, source } = plan;
  if (!source) throw new RangeError('startWorkerShards: expected a plan with workers, found one without');
  const vectors = new SharedVectors();
  const endAll = async (reason: InnerloopError): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.end(reason)));
  };
  const threads = Array.from(
    { length: count },
    (_, index) =>
      new WorkerThread<ShardService>({
        entry: source.entry,
        name: `worker ${index + 1} of ${count}`,
        timeoutSeconds,
        greet: (service) => service.start(source.recipe, settings),
        onFailure: (error) => void endAll(error),
      }),
  );
  const close = () => endAll(new InnerloopError('WORKER_FAILED', 'The workers were closed before they were done.'));
  return threads.map((thread) => new WorkerShard(thread, vectors, close));
}

/** A task shard in a worker thread, as the main thread sees it. */
class WorkerShard implements TaskShard {
  /** The tasks it owns, for messages. */
  private owned = 'no tasks';

  constructor(
    private readonly thread: WorkerThread<ShardService>,
    private readonly vectors: SharedVectors,
    readonly close: () => Promise<void>,
  ) {}

  collect(request: CollectRequest): Promise<readonly TaskReport[]> {
    this.owned = `${describeTasks(request.tasks)} of iteration ${request.iteration}`;
    const shared = { ...request, parameters: this.vectors.share(request.parameters) };
    return this.thread.ask(`collecting ${this.owned}`, (service) => service.collect(shared));
  }

  surrogate(parameters: Float64Array): Promise<readonly number[]> {
    const shared = this.vectors.share(parameters);
    return this.thread.ask(`computing the surrogate of ${this.owned}`, (service) => service.surrogate(shared));
  }

  gradient(parameters: Float64Array): Promise<readonly Float64Array[]> {
    const shared = this.vectors.share(parameters);
    return this.thread.ask(`computing the gradient of ${this.owned}`, (service) => service.gradient(shared));
  }

  kl(parameters: Float64Array): Promise<readonly number[]> {
    const shared = this.vectors.share(parameters);
    return this.thread.ask(`computing the KL divergence of ${this.owned}`, (service) => service.kl(shared));
  }

  curvature(direction: Float64Array): Promise<readonly Float64Array[]> {
    const shared = this.vectors.share(direction);
    return this.thread.ask(`computing a curvature product of ${this.owned}`, (service) => service.curvature(shared));
  }

  weigh(weights: readonly (readonly number[])[]): Promise<void> {
    return this.thread.ask(`weighing the inner terms of ${this.owned}`, (service) => service.weigh(weights));
  }

  innerTerms(parameters: Float64Array): Promise<readonly (readonly number[])[]> {
    const shared = this.vectors.share(parameters);
    return this.thread.ask(`computing the inner terms of ${this.owned}`, (service) => service.innerTerms(shared));
  }

  release(): Promise<void> {
    return this.thread.ask(`releasing ${this.owned}`, (service) => service.release());
  }

  evaluate(request: EvaluateTasksRequest): Promise<readonly TaskEvaluation[]> {
    const shared = { ...request, parameters: this.vectors.share(request.parameters) };
    return this.thread.ask(`evaluating ${describeTasks(request.tasks)}`, (service) => service.evaluate(shared));
  }

  tensors(): Promise<number> {
    return this.thread.ask('counting tensors', (service) => service.tensors());
  }
}

const SHOWN_LENGTH = 160;

/** `tasks 3 to 5 ({"goal":[0.1,0.2]}, …)`; numbers count from 0, as they do in random streams. */
function describeTasks(tasks: readonly IndexedTask[]): string {
  const [first, last] = [tasks[0], tasks.at(-1)];
  if (!first || !last) return 'no tasks';
  const numbers = first === last ? `task ${first.index}` : `tasks ${first.index} to ${last.index}`;
  const text = tasks.map(({ task }) => JSON.stringify(task)).join(', ');
  return `${numbers} (${text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text})`;
}
