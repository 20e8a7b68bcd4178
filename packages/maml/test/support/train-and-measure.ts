import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ExperimentConfig,
  kernels,
  RunDirectory,
  runTraining,
  stringifyConfig,
  tensorCount,
} from '@innerloop/core';
import { smallExperiment } from './experiment.js';

/** What a process holds after an iteration; memory in bytes. */
export interface Holdings {
  readonly iteration: number;
  /** Tensors of this thread. */
  readonly tensors: number;
  /** Tensors of all shards, as the metrics say. */
  readonly shardTensors: number;
  readonly kernelArrays: number;
  readonly kernelBytes: number;
  /** After a full garbage collection. */
  readonly heap: number;
  /** Of typed arrays, which are not on the heap; after a full garbage collection. */
  readonly buffers: number;
  readonly rss: number;
}

/** What differs from one measurement to another. */
export interface MeasuredSetting {
  readonly engine: 'kernels' | 'graph';
  readonly workers: number;
  readonly tasksPerIteration: number;
  readonly rolloutsPerTask: number;
  readonly horizon: number;
  /** Units of the one hidden layer. */
  readonly hiddenSize: number;
  readonly iterations: number;
  /** The iterations after which to measure. */
  readonly measured: readonly number[];
}

/** Trains as the command does, with validation, metrics and checkpoints, and measures. Needs `--expose-gc`. */
export async function trainAndMeasure(setting: MeasuredSetting): Promise<Holdings[]> {
  const { engine, workers, tasksPerIteration, rolloutsPerTask, horizon, hiddenSize, iterations, measured } = setting;
  const small = { tasks: 2, steps: 1, rollouts: 2 };
  const changes: ExperimentConfig = {
    run: { name: 'measured', seed: 1, iterations, backend: engine === 'graph' ? 'cpu' : 'wasm', workers },
    trainer: { use: 'maml', tasksPerIteration, rolloutsPerTask, adaptationSteps: 1 },
    tasks: { use: 'point-navigation', horizon },
    policy: { use: 'gaussian-mlp', hiddenSizes: [hiddenSize] },
    objective: { use: 'maml', engine },
    meta: { use: 'trpo', cgIterations: 3 },
    evaluation: { ...small, every: 20, final: { ...small, examples: 0 } },
  };
  const experiment = await smallExperiment(changes);
  const folder = await mkdtemp(join(tmpdir(), 'innerloop-measured-'));
  const holdings: Holdings[] = [];
  experiment.events.on('iteration:end', ({ iteration, metrics }) => {
    if (!measured.includes(iteration)) return;
    const { gc } = globalThis as unknown as { gc: () => void };
    // The memory of typed arrays is given back one collection after they are.
    gc();
    gc();
    const { heapUsed: heap, arrayBuffers: buffers, rss } = process.memoryUsage();
    const own = { tensors: tensorCount(), kernelArrays: kernels().allocated, heap, buffers, rss };
    const kernelBytes = kernels().run.memory.buffer.byteLength;
    holdings.push({ iteration, ...own, kernelBytes, shardTensors: metrics['memory/tensors'] as number });
  });
  try {
    const info = { innerloop: '0', node: '0', backend: experiment.backend, created: '', source: null, plugins: [] };
    const files = { config: stringifyConfig(experiment.config), info: { ...info, workers: experiment.workers } };
    await runTraining(experiment, { directory: await RunDirectory.create(join(folder, 'run'), files) });
    return holdings;
  } finally {
    await experiment.close();
    await rm(folder, { recursive: true });
  }
}
