import { parentPort } from 'node:worker_threads';
import type { TaskShard } from '../contracts/shard.js';
import { InnerloopError } from '../errors.js';
import { tensorCount } from '../numerics/tensor.js';
import type { ExperimentContainer } from '../plugins/container.js';
import { handOver, serve } from './comlink.js';
import { type Answer, toFault } from './faults.js';
import { buildFromRecipe } from './recipe.js';
import type { ShardService } from './service.js';

/**
 * The whole of a worker thread: builds a shard when it is told how, and answers for it. To be called once, by the module that the
 * trainer's component names as its `workers.entry`.
 *
 * @param create Makes the shard from the parts that the component `needs`, and the settings that `startWorkerShards` was given.
 */
export function serveShard<Settings>(create: (parts: ExperimentContainer, settings: Settings) => TaskShard): void {
  if (!parentPort) throw new Error('serveShard: expected to run in a worker thread, found the main thread.');
  let started: TaskShard | undefined;
  const shard = (): TaskShard => {
    if (started) return started;
    throw new Error('serveShard: expected start() before anything else.');
  };
  const service: ShardService = {
    start: (recipe, settings) =>
      answer(async () => {
        started = create(await buildFromRecipe(recipe), settings as Settings);
        return null;
      }),
    collect: (request) => answer(() => shard().collect(request)),
    surrogate: (parameters) => answer(() => shard().surrogate(parameters)),
    gradient: (parameters) => answerVectors(() => shard().gradient(parameters), parameters.length),
    kl: (parameters) => answer(() => shard().kl(parameters)),
    curvature: (direction) => answerVectors(() => shard().curvature(direction), direction.length),
    weigh: (weights) => answer(() => shard().weigh(weights)),
    innerTerms: (parameters) => answer(() => shard().innerTerms(parameters)),
    release: () => answer(() => shard().release()),
    evaluate: (request) => answer(() => shard().evaluate(request)),
    tensors: () => answer(async () => tensorCount()),
  };
  serve(service, parentPort);
}

async function answer<T>(compute: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await compute() };
  } catch (error) {
    return { fault: toFault(error) };
  }
}

/** Vectors are handed over, not copied. */
async function answerVectors(
  compute: () => Promise<readonly Float64Array[]>,
  size: number,
): Promise<Answer<readonly Float64Array[]>> {
  const answered = await answer(async () => {
    const vectors = await compute();
    for (const { length } of vectors) if (length !== size) throw wrongLength(length, size);
    // A view would take the rest of its buffer along.
    return vectors.map((vector) => (vector.byteLength === vector.buffer.byteLength ? vector : vector.slice()));
  });
  return 'value' in answered ? handOver(answered, answered.value) : answered;
}

function wrongLength(found: number, size: number): InnerloopError {
  const given = found === 0 ? ' It was perhaps returned twice: each answer must be a vector of its own.' : '';
  return new InnerloopError(
    'COMPONENT_FAILED',
    `The objective returned a vector of ${found} numbers, expected ${size}.${given} This is a mistake in its plugin.`,
  );
}
