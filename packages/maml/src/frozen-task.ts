import {
  type AdaptationBatch,
  batchTensors,
  constant,
  type Distribution,
  type Parameters,
  type Policy,
  type TaskData,
  type Tensor,
  tidy,
  type Workspace,
} from '@innerloop/core';
import { subsample } from './maml-task.js';

/** A policy on a batch, as constants. */
export interface OldPolicy {
  readonly distribution: Distribution;
  /** log π(a|s), `[N]`. */
  readonly logProbability: Tensor;
}

/** Tensors of one task that stay the same while an iteration lasts. */
export interface FrozenTask {
  readonly inner: readonly AdaptationBatch[];
  readonly outer: AdaptationBatch;
  /** π_φ(θk) at D′. */
  readonly oldDistribution: Distribution;
  /** log π_φ(θk)(a|s) at D′, `[N]`. */
  readonly oldLogProbability: Tensor;
  /** π_φʲ(θk) at Dʲ; empty where they are not asked for. */
  readonly oldInner: readonly OldPolicy[];
  /** π_φ(θk) and observations at the steps of D′ that F is estimated on. */
  readonly curvature: { readonly observations: Tensor; readonly oldDistribution: Distribution };
}

/** What {@link freezeTask} needs to know. */
export interface FreezeRequest {
  readonly policy: Policy;
  readonly data: TaskData;
  /** Share of D′'s steps that F is estimated on. */
  readonly curvatureSubsample: number;
  /** Whether {@link FrozenTask.oldInner} is wanted. */
  readonly keepsInner: boolean;
  /** φ⁰, …, φᴷ at θ_k, recorded like those of any other θ: at θ_k the ratio is then exactly 1 and the KL exactly 0. */
  path(inner: readonly AdaptationBatch[]): readonly Parameters[];
}

/** Puts a task's batches and the old policies there into a workspace. */
export function freezeTask(workspace: Workspace, request: FreezeRequest): FrozenTask {
  const { policy, data, keepsInner } = request;
  const thinned = subsample(data.outer, request.curvatureSubsample);
  const { inner, outer, few } = workspace.run(() => {
    const whole = batchTensors(data.outer);
    return {
      inner: data.inner.map(batchTensors),
      outer: whole,
      few: thinned === data.outer ? whole : batchTensors(thinned),
    };
  });
  // Only the values are kept, not the graphs that gave them.
  const old = tidy(() => {
    const path = request.path(inner);
    const at = (parameters: Parameters, batch: AdaptationBatch) => {
      const distribution = policy.distribution(parameters, batch.observations);
      return { distribution, logProbability: policy.logProbability(distribution, batch.actions) };
    };
    const phi = path[inner.length] as Parameters;
    return {
      outer: valuesOf(at(phi, outer)),
      few: few === outer ? undefined : valuesOf(at(phi, few)),
      inner: keepsInner ? inner.map((batch, j) => valuesOf(at(path[j] as Parameters, batch))) : [],
    };
  });
  return workspace.run(() => {
    const after = constantsOf(old.outer);
    return {
      inner,
      outer,
      oldDistribution: after.distribution,
      oldLogProbability: after.logProbability,
      oldInner: old.inner.map(constantsOf),
      curvature: {
        observations: few.observations,
        oldDistribution: old.few ? constantsOf(old.few).distribution : after.distribution,
      },
    };
  });
}

interface Values {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

interface OldPolicyValues {
  readonly distribution: readonly Values[];
  readonly logProbability: Values;
}

function valuesOf({ distribution, logProbability }: OldPolicy): OldPolicyValues {
  const copy = (x: Tensor): Values => ({ values: x.values(), shape: x.shape });
  return { distribution: distribution.map(copy), logProbability: copy(logProbability) };
}

function constantsOf({ distribution, logProbability }: OldPolicyValues): OldPolicy {
  const upload = ({ values, shape }: Values) => constant(values, shape);
  return { distribution: distribution.map(upload), logProbability: upload(logProbability) };
}
