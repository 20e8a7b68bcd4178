import {
  batchTensors,
  CategoricalMlpPolicy,
  GaussianMlpPolicy,
  meanOf,
  type Policy,
  policyGradientLoss,
  type Spaces,
  type TaskData,
  tidy,
} from '@innerloop/core';
import { type CurvatureMethod, type Derivative, MamlObjective, type MamlTask } from '@innerloop/maml';
import { VpgInnerOptimizer } from '@innerloop/optim-vpg';
import type { VerifyCase } from './case.js';
import { meanVector } from './vectors.js';

function createPolicy({ layerSizes, discrete }: VerifyCase): Policy {
  const inputs = layerSizes[0] as number;
  const outputs = layerSizes.at(-1) as number;
  const box = (size: number) => {
    return { kind: 'box' as const, low: new Array(size).fill(-Infinity), high: new Array(size).fill(Infinity) };
  };
  const spaces: Spaces = {
    observationSpace: box(inputs),
    actionSpace: discrete ? { kind: 'discrete', count: outputs } : box(outputs),
  };
  const options = { hiddenSizes: layerSizes.slice(1, -1), activation: 'tanh' as const };
  if (discrete) return new CategoricalMlpPolicy(spaces, options);
  // A floor that no file's log σ comes near.
  return new GaussianMlpPolicy(spaces, { ...options, initialStd: 1, minStd: Number.MIN_VALUE });
}

/** What computes: recorded graphs on the active backend, or derivatives written out on SIMD kernels. */
export const ENGINES = ['graph', 'kernels'] as const;

/** One of {@link ENGINES}. */
export type Engine = (typeof ENGINES)[number];

/** The case's tasks as objectives of the MAML trainer, and means over them. */
export class CaseProblem {
  private readonly policy: Policy;
  private readonly inner: VpgInnerOptimizer;
  private readonly made = new Map<string, MamlTask[]>();

  constructor(
    private readonly given: VerifyCase,
    private readonly engine: Engine = 'graph',
  ) {
    this.policy = createPolicy(given);
    this.inner = new VpgInnerOptimizer(this.policy, {
      learningRate: given.innerLearningRate,
      loss: 'log-likelihood',
      average: 'steps',
    });
  }

  /** L(φᵏ; Dᵏ) of each task, for as many k as are expected, task after task. */
  innerLosses(expected: readonly Float64Array[]): Float64Array {
    const { tasks, parameters } = this.given;
    return Float64Array.from(
      expected.flatMap((losses, i) => {
        const { inner, outer } = tasks[i] as TaskData;
        return Array.from(losses, (_, k) => {
          const before = this.bind({ inner: inner.slice(0, k), outer });
          const phi = before.adapted(parameters);
          before.dispose();
          return this.innerLoss(phi, inner[k] as TaskData['outer']);
        });
      }),
    );
  }

  /** φ of one task. */
  adapted(task: number): Float64Array {
    return (this.objectives()[task] as MamlTask).adapted(this.given.parameters);
  }

  surrogate(parameters: Float64Array): number {
    return meanOf(this.objectives().map((task) => task.surrogate(parameters)));
  }

  kl(parameters: Float64Array): number {
    return meanOf(this.objectives().map((task) => task.kl(parameters)));
  }

  gradient(derivative: Derivative): Float64Array {
    const { parameters } = this.given;
    return meanVector(this.objectives('gauss-newton', derivative).map((task) => task.gradient(parameters)));
  }

  curvature(direction: Float64Array, method: CurvatureMethod = 'gauss-newton'): Float64Array {
    return meanVector(this.objectives(method).map((task) => task.curvature(direction)));
  }

  dispose(): void {
    for (const task of [...this.made.values()].flat()) task.dispose();
    this.made.clear();
  }

  private innerLoss(phi: Float64Array, batch: TaskData['outer']): number {
    const { policy } = this;
    const options = { loss: 'log-likelihood', average: 'steps' } as const;
    return tidy(() => policyGradientLoss(policy, policy.layout.constants(phi), batchTensors(batch), options).item());
  }

  private objectives(curvature: CurvatureMethod = 'gauss-newton', derivative: Derivative = 'exact') {
    const key = `${curvature} ${derivative}`;
    const known = this.made.get(key);
    if (known) return known;
    const made = this.given.tasks.map((task) => this.bind(task, curvature, derivative));
    this.made.set(key, made);
    return made;
  }

  private bind(data: TaskData, curvature: CurvatureMethod = 'gauss-newton', derivative: Derivative = 'exact') {
    const { parameters } = this.given;
    // Only recorded graphs have the other curvatures.
    const engine = curvature === 'gauss-newton' ? this.engine : 'graph';
    const objective = new MamlObjective(this.policy, this.inner, { derivative, curvature, engine });
    return objective.bind(data, parameters);
  }
}
