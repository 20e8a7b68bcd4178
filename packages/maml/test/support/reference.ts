import { readFileSync } from 'node:fs';
import {
  type Batch,
  CategoricalMlpPolicy,
  GaussianMlpPolicy,
  type Policy,
  type Spaces,
  type TaskData,
} from '@innerloop/core';
import { VpgInnerOptimizer } from '../../../optim-vpg/src/vpg.js';
import { MamlObjective, type MamlObjectiveOptions, MamlTaskObjective } from '../../src/index.js';

type Nested = number | readonly Nested[];

interface RawBatch {
  readonly observations: Nested;
  readonly actions: Nested;
  readonly advantages: readonly number[];
}

/** A reference case as its file has it: values from PyTorch's automatic differentiation in float64. */
export interface ReferenceCase {
  readonly discrete: boolean;
  readonly layerSizes: readonly number[];
  readonly innerLearningRate: number;
  readonly innerSteps: number;
  readonly parameters: Nested;
  readonly tasks: readonly { readonly inner: readonly RawBatch[]; readonly outer: RawBatch }[];
  readonly direction: readonly number[];
  readonly expected: {
    readonly adapted: readonly (readonly number[])[];
    readonly surrogate: number;
    readonly metaGradient: readonly number[];
    readonly firstOrderMetaGradient: readonly number[];
    readonly klHessianVectorProduct: readonly number[];
    readonly perturbation: number;
    readonly surrogateAtPerturbed: number;
    readonly klAtPerturbed: number;
  };
}

export function readReference(name: string): ReferenceCase {
  const file = new URL(`../../reference/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as ReferenceCase;
}

export function flatten(value: Nested): number[] {
  return typeof value === 'number' ? [value] : value.flatMap(flatten);
}

function batchOf({ observations, actions, advantages }: RawBatch): Batch {
  return {
    steps: advantages.length,
    episodes: 1,
    observations: Float32Array.from(flatten(observations)),
    actions: Float32Array.from(flatten(actions)),
    advantages: Float64Array.from(advantages),
    logProbabilities: new Float64Array(advantages.length),
  };
}

const box = (size: number) => ({
  kind: 'box' as const,
  low: new Array<number>(size).fill(-1),
  high: new Array<number>(size).fill(1),
});

export function policyOf({ layerSizes, discrete }: ReferenceCase): Policy {
  const inputs = layerSizes[0] as number;
  const outputs = layerSizes[layerSizes.length - 1] as number;
  const shared = { hiddenSizes: layerSizes.slice(1, -1), activation: 'tanh' as const };
  const spaces = (actionSpace: Spaces['actionSpace']): Spaces => ({ observationSpace: box(inputs), actionSpace });
  return discrete
    ? new CategoricalMlpPolicy(spaces({ kind: 'discrete', count: outputs }), shared)
    : new GaussianMlpPolicy(spaces(box(outputs)), { ...shared, initialStd: 1, minStd: 1e-6 });
}

export const EXACT: MamlObjectiveOptions = { derivative: 'exact', curvature: 'gauss-newton', engine: 'graph' };

/** θ of a case, flat. */
export function thetaOf(reference: ReferenceCase): Float64Array {
  return Float64Array.from(flatten(reference.parameters));
}

/** The batches of a case's tasks. */
export function taskDataOf(reference: ReferenceCase): TaskData[] {
  return reference.tasks.map((task) => ({ inner: task.inner.map(batchOf), outer: batchOf(task.outer) }));
}

/** The inner optimizer of a case. */
export function innerOf({ innerLearningRate: learningRate }: ReferenceCase, policy: Policy): VpgInnerOptimizer {
  return new VpgInnerOptimizer(policy, { learningRate, loss: 'log-likelihood', average: 'steps' });
}

/** The objectives of a case's tasks at its parameters, with the inner optimizer `vpg`. */
export function objectivesOf(reference: ReferenceCase, options: MamlObjectiveOptions = EXACT): MamlTaskObjective[] {
  const policy = policyOf(reference);
  const inner = innerOf(reference, policy);
  const theta = thetaOf(reference);
  const objective = new MamlObjective(policy, inner, options);
  return taskDataOf(reference).map((data) => {
    const bound = objective.bind(data, theta);
    if (!(bound instanceof MamlTaskObjective)) throw new Error('expected a MamlTaskObjective');
    return bound;
  });
}

/** The mean over tasks of vectors or numbers. */
export function meanOf(values: readonly (ArrayLike<number> | number)[]): number[] {
  const lists = values.map((value) => (typeof value === 'number' ? [value] : Array.from(value)));
  return (lists[0] as number[]).map((_, i) => lists.reduce((sum, list) => sum + (list[i] as number), 0) / lists.length);
}
