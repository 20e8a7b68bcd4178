import {
  type Batch,
  decodeSafetensors,
  type Experiment,
  encodeSafetensors,
  InnerloopError,
  type SafetensorsTensor,
  type TaskData,
} from '@innerloop/core';
import { weightShapes } from './flops.js';
import type { CapturedUpdate, UpdateNumbers } from './measure.js';

/*
 * One meta-iteration's frozen data as a safetensors file, so that another program can do the same update. T tasks, K inner steps,
 * N steps of a batch; all float64, row-major. Observations and actions were sampled in float32 and are exact.
 *
 *   parameters                              [size]        θ_k: W [in, out] and b of each layer, then log σ if the policy is Gaussian
 *   <task>/<batch>/observations             [N, obsDim]   <task> 0 … T−1; <batch> 0 … K for D⁰, …, Dᴷ⁻¹, D′
 *   <task>/<batch>/actions                  [N, actionSize]
 *   <task>/<batch>/advantages               [N]
 *   <task>/<batch>/logProbabilities         [N]           of the policy that acted
 *   expected/gradient                       [size]        the meta-gradient at θ_k
 *   expected/direction, expected/product    [size]        a vector and (Hessian of kl) · vector
 *   expected/parameters                     [size]        θ after the step
 *
 * The metadata's entry `update` is JSON with the update's settings and the numbers that it came to, see UpdateDescription.
 */

/** The scalars of a batch file. */
export interface UpdateDescription {
  readonly policy: 'gaussian-mlp' | 'categorical-mlp';
  /** Input, hidden sizes, output. */
  readonly layerSizes: readonly number[];
  readonly activation: string;
  readonly minStd: number | null;
  readonly tasks: number;
  /** K. */
  readonly innerSteps: number;
  /** α of each inner step; the last is repeated. */
  readonly learningRates: readonly number[];
  readonly episodesPerBatch: number;
  readonly horizon: number;
  readonly trpo: Readonly<
    Record<'maxKl' | 'cgIterations' | 'cgDamping' | 'cgTolerance' | 'backtrackCoefficient' | 'maxBacktracks', number>
  >;
  /** The tasks' own parameters are not needed: their data is here. */
  readonly expected: UpdateNumbers;
}

/** A batch file's contents. */
export interface BatchFile {
  readonly update: UpdateDescription;
  readonly parameters: Float64Array;
  readonly data: readonly TaskData[];
  readonly expected: {
    readonly gradient: Float64Array;
    readonly direction: Float64Array;
    readonly product: Float64Array;
    readonly parameters: Float64Array;
  };
}

/**
 * The bytes of a batch file.
 *
 * @throws InnerloopError OPTION_INVALID if another program could not be expected to do the update: it can for `maml` with `trpo`,
 *   `vpg` with its default loss, and the built-in policies with tanh.
 */
export function encodeBatchFile(experiment: Experiment, update: CapturedUpdate): Uint8Array {
  const described = describeUpdate(experiment, update);
  const { parameters, data, questions } = update;
  const { gradient, firstProduct, proposal } = questions;
  if (!firstProduct) throw unfit('an update that asks for curvature', 'one that does not');
  const vector = (name: string, values: Float64Array): SafetensorsTensor => ({
    name,
    shape: [values.length],
    data: values,
  });
  const batches = data.flatMap(({ inner, outer }, task) =>
    [...inner, outer].flatMap((batch, index) => batchTensors(`${task}/${index}`, batch)),
  );
  const tensors = [
    vector('parameters', parameters),
    vector('expected/gradient', gradient),
    vector('expected/direction', firstProduct.direction),
    vector('expected/product', firstProduct.product),
    vector('expected/parameters', proposal.parameters),
    ...batches,
  ];
  return encodeSafetensors(tensors, { update: JSON.stringify(described) });
}

/**
 * Reads what {@link encodeBatchFile} wrote.
 *
 * @param file Named in errors.
 * @throws InnerloopError CHECKPOINT_UNREADABLE if it is no safetensors file.
 */
export function decodeBatchFile(bytes: Uint8Array, file: string): BatchFile {
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const update = JSON.parse(metadata.update ?? '{}') as UpdateDescription;
  const named = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const values = (name: string): Float64Array => {
    const tensor = named.get(name);
    if (!tensor) throw new RangeError(`batch file: expected a tensor '${name}', found none`);
    return Float64Array.from(tensor.data);
  };
  const batch = (name: string): Batch => ({
    steps: values(`${name}/advantages`).length,
    episodes: update.episodesPerBatch,
    observations: Float32Array.from(values(`${name}/observations`)),
    actions: Float32Array.from(values(`${name}/actions`)),
    advantages: values(`${name}/advantages`),
    logProbabilities: values(`${name}/logProbabilities`),
  });
  const data = Array.from({ length: update.tasks }, (_, task) => ({
    inner: Array.from({ length: update.innerSteps }, (_, step) => batch(`${task}/${step}`)),
    outer: batch(`${task}/${update.innerSteps}`),
  }));
  return {
    update,
    parameters: values('parameters'),
    data,
    expected: {
      gradient: values('expected/gradient'),
      direction: values('expected/direction'),
      product: values('expected/product'),
      parameters: values('expected/parameters'),
    },
  };
}

function batchTensors(name: string, batch: Batch): SafetensorsTensor[] {
  const { steps } = batch;
  const tensor = (key: string, data: ArrayLike<number>, shape: number[]) => {
    return { name: `${name}/${key}`, shape, data: Float64Array.from(data) };
  };
  return [
    tensor('observations', batch.observations, [steps, batch.observations.length / steps]),
    tensor('actions', batch.actions, [steps, batch.actions.length / steps]),
    tensor('advantages', batch.advantages, [steps]),
    tensor('logProbabilities', batch.logProbabilities, [steps]),
  ];
}

function describeUpdate({ config, tasks }: Experiment, { layout, numbers, data }: CapturedUpdate): UpdateDescription {
  const { policy, inner, meta, objective, trainer } = config;
  const use = policy.use;
  if (use !== 'gaussian-mlp' && use !== 'categorical-mlp')
    throw unfit("the policy 'gaussian-mlp' or 'categorical-mlp'", use);
  if (policy.activation !== 'tanh') throw unfit("the activation 'tanh'", String(policy.activation));
  if (inner?.use !== 'vpg' || inner.loss !== 'log-likelihood' || inner.average !== 'steps') {
    throw unfit("the inner optimizer 'vpg' with its default loss and average", inner?.use ?? 'none');
  }
  if (meta?.use !== 'trpo') throw unfit("the meta-optimizer 'trpo'", meta?.use ?? 'none');
  if (objective?.derivative !== 'exact') throw unfit("the derivative 'exact'", String(objective?.derivative));
  const weights = weightShapes(layout.parts);
  const { gradientNorm, surrogateBefore, surrogateAfter, kl, accepted, backtracks } = numbers;
  const option = (name: string) => meta[name] as number;
  return {
    policy: use,
    layerSizes: [...weights.map(([rows]) => rows), (weights.at(-1) as readonly [number, number])[1]],
    activation: policy.activation,
    minStd: typeof policy.minStd === 'number' ? policy.minStd : null,
    tasks: data.length,
    innerSteps: data[0]?.inner.length ?? 0,
    learningRates: [inner.learningRate as number | number[]].flat(),
    episodesPerBatch: trainer.rolloutsPerTask as number,
    horizon: tasks.horizon,
    trpo: {
      maxKl: option('maxKl'),
      cgIterations: option('cgIterations'),
      cgDamping: option('cgDamping'),
      cgTolerance: option('cgTolerance'),
      backtrackCoefficient: option('backtrackCoefficient'),
      maxBacktracks: option('maxBacktracks'),
    },
    expected: { gradientNorm, surrogateBefore, surrogateAfter, kl, accepted, backtracks },
  };
}

function unfit(expected: string, found: string): InnerloopError {
  return new InnerloopError(
    'OPTION_INVALID',
    `--export-batch: expected ${expected}, found '${found}'. Choose another config, or leave the option out.`,
  );
}
