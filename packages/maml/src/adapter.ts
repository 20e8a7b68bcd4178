import {
  type AdvantageEstimator,
  type BaselineFactory,
  type Batch,
  collectTrajectories,
  constant,
  type InnerOptimizer,
  type Json,
  type MetaObjective,
  type Policy,
  prepareBatch,
  type Random,
  type TaskDistribution,
  type Trajectories,
  tidy,
} from '@innerloop/core';
import { adaptValues } from './adaptation.js';
import { metaLayout } from './maml-task.js';

/** The exchangeable parts that adaptation is made of. */
export interface AdapterParts {
  readonly tasks: TaskDistribution;
  readonly policy: Policy;
  readonly inner: InnerOptimizer;
  readonly advantages: AdvantageEstimator;
  readonly baseline: BaselineFactory;
  /** Adapts by the arithmetic of this objective, if it has one of its own. */
  readonly objective?: MetaObjective;
}

/**
 * Collects trajectories and adapts to them, on plain vectors: what training, evaluation and an agent in an application have in
 * common. Holds no state from one call to the next.
 */
export class Adapter {
  private readonly observationSize: number;

  constructor(readonly parts: AdapterParts) {
    this.observationSize = parts.tasks.observationSpace.low.length;
  }

  /** θ as φ⁰ and the inner optimizer's own parameters. */
  split(theta: Float64Array): { readonly phi: Float64Array; readonly own: Float64Array } {
    const { size } = this.parts.policy.layout;
    return { phi: theta.slice(0, size), own: theta.slice(size) };
  }

  /** Runs π_φ on a task, one episode for each stream; `greedy` takes the mode of the policy in place of samples. */
  collect(task: Json, phi: Float64Array, randoms: readonly Random[], greedy = false): Trajectories {
    const { policy, tasks } = this.parts;
    return collectTrajectories({
      distribution: tasks,
      task,
      actor: policy.actor(phi),
      rollouts: randoms.length,
      randoms,
      observationSize: this.observationSize,
      actionSize: policy.actionSize,
      greedy,
    });
  }

  /** Advantages with a fresh baseline: no state crosses tasks. */
  prepare(trajectories: Trajectories): Batch {
    const { advantages, baseline } = this.parts;
    return prepareBatch(trajectories, baseline.create(this.observationSize), advantages, baseline.fitted);
  }

  /** φʲ⁺¹ from φʲ, as values. */
  adapt(
    { phi, own }: { readonly phi: Float64Array; readonly own: Float64Array },
    batch: Batch,
    step: number,
    stepSizes?: readonly number[],
  ): Float64Array {
    const { policy, inner, objective } = this.parts;
    const stepSize = stepSizes?.[Math.min(step, stepSizes.length - 1)];
    if (objective?.adapt) return objective.adapt(phi, own, batch, step, stepSize);
    return adaptValues({ inner, policyLayout: policy.layout }, phi, own, batch, step, stepSize);
  }

  /** Mean KL(π_p ‖ π_q) at a batch's states. */
  meanKl(p: Float64Array, q: Float64Array, batch: Batch): number {
    const { policy } = this.parts;
    const values = tidy(() => {
      const observations = constant(batch.observations, [batch.steps, this.observationSize]);
      const at = (parameters: Float64Array) => policy.distribution(policy.layout.constants(parameters), observations);
      return policy.kl(at(p), at(q)).values();
    });
    return values.reduce((total, value) => total + value, 0) / values.length;
  }

  /** θ_0: the policy's initial parameters, then the inner optimizer's own. */
  initialize(random: Random): Float64Array {
    const { policy, inner } = this.parts;
    const theta = new Float64Array(metaLayout(policy, inner).size);
    theta.set(policy.initialize(random));
    const own = inner.initialParameters?.(policy.layout);
    if (own) theta.set(own, policy.layout.size);
    return theta;
  }
}
