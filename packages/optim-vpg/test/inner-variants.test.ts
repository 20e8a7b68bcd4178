import {
  type Batch,
  batchTensors,
  GaussianMlpPolicy,
  gaussianMlpComponent,
  type InnerOptimizer,
  tidy,
  useBackend,
} from '@innerloop/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { anilComponent, metaSgdComponent, vpgComponent } from '../src/index.js';

beforeAll(() => useBackend('cpu'));

const box = { kind: 'box', low: [-1], high: [1] } as const;
const spaces = { observationSpace: box, actionSpace: box };
const policy = (hiddenSizes: number[]) =>
  new GaussianMlpPolicy(spaces, gaussianMlpComponent.options.parse({ hiddenSizes }));
const linear = policy([]); // θ = [w, b, log σ], mean w s + b

/*
 * s = 1, 2; a = 2.5, 0; Â = 2, −1. With w = 0.5, b = 0, σ = 1: mean 0.5, 1; a − mean = 2, −1.
 * ∂log π/∂w = (a − mean) s = 2, −2;  ∂/∂b = 2, −1;  ∂/∂log σ = (a − mean)² − 1 = 3, 0.
 * ∇L = −½ Σ Â ∂log π = −½ [4 + 2, 4 + 1, 6 + 0] = [−3, −2.5, −3].
 */
const batch: Batch = {
  steps: 2,
  episodes: 1,
  observations: Float32Array.of(1, 2),
  actions: Float32Array.of(2.5, 0),
  advantages: Float64Array.of(2, -1),
  logProbabilities: new Float64Array(2),
};
const theta = [0.5, 0, 0];

/** φ after adaptation step `step`, flat. */
function adapt(inner: InnerOptimizer, own: readonly number[] = [], step = 0, stepSize?: number): Float64Array {
  const { layout } = linear;
  const context = { step, layout, ...(stepSize !== undefined && { stepSize }) };
  return tidy(() => {
    const start = {
      policy: layout.variables(Float64Array.from(theta)),
      own: own.length > 0 ? layout.variables(Float64Array.from(own)) : [],
    };
    return layout.flatten(inner.adapt(start, batchTensors(batch), context));
  });
}

const anil = (options: object, of = linear) =>
  anilComponent.create(anilComponent.options.parse(options), { policy: of });

describe('meta-sgd', () => {
  const metaSgd = metaSgdComponent.create(metaSgdComponent.options.parse({ learningRate: 0.25 }), { policy: linear });

  it('takes θ − α ∘ ∇L', () => {
    // α = [0.1, 0.2, 0.01]: φ = [0.5 + 0.3, 0 + 0.5, 0 + 0.03]; a negative step size goes the other way.
    expect(adapt(metaSgd, [0.1, 0.2, 0.01])).toBeAllClose([0.8, 0.5, 0.03], { rtol: 1e-6 });
    expect(adapt(metaSgd, [0, -0.2, 0])).toBeAllClose([0.5, -0.5, 0], { rtol: 1e-6 });
  });

  it('has a step size for each parameter, which all start at learningRate', () => {
    expect(metaSgd.ownLayout?.(linear.layout).size).toBe(3);
    expect(metaSgd.initialParameters?.(linear.layout)).toEqual(Float64Array.of(0.25, 0.25, 0.25));
  });

  it('takes no step sizes from outside, and one number in its options', () => {
    expect(metaSgd.acceptsStepSizes).toBeUndefined();
    expect(metaSgdComponent.options.safeParse({ learningRate: [0.1, 0.2] }).success).toBe(false);
  });
});

describe('anil', () => {
  it('changes the last layer alone, and log σ not', () => {
    // α = 0.1: φ = [0.5 + 0.3, 0 + 0.25, 0].
    expect(adapt(anil({ learningRate: 0.1 }))).toBeAllClose([0.8, 0.25, 0], { rtol: 1e-6 });
  });

  it.each([
    { adapt: ['output/bias'], expected: [0.5, 0.25, 0] },
    { adapt: ['*bias', 'log*'], expected: [0.5, 0.25, 0.3] },
    { adapt: ['logStd', 'log*'], expected: [0.5, 0, 0.3] },
  ])('changes $adapt', ({ adapt: parts, expected }) => {
    expect(adapt(anil({ adapt: parts, learningRate: 0.1 }))).toBeAllClose(expected, { rtol: 1e-6 });
  });

  it('is vpg where everything is adapted, step sizes and all', () => {
    const options = { learningRate: [0.1, 0.04], average: 'trajectories' };
    const vpg = vpgComponent.create(vpgComponent.options.parse(options), { policy: linear });
    for (const [step, stepSize] of [[0], [1], [5], [0, 0.3]] as const) {
      expect([...adapt(anil({ ...options, adapt: ['*'] }), [], step, stepSize)]).toEqual([
        ...adapt(vpg, [], step, stepSize),
      ]);
    }
  });

  it('refuses a name that fits no part, lists the parts and guesses', () => {
    expect(() => anil({ adapt: ['output/*', 'hidden1/weight'] }, policy([4, 4]))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message:
          "inner.adapt: expected names of the policy's parts, or patterns that fit some of them, out of 'hidden0/weights', " +
          "'hidden0/bias', 'hidden1/weights', 'hidden1/bias', 'output/weights', 'output/bias', 'logStd'; " +
          "found 'hidden1/weight', which fits none; did you mean 'hidden1/weights'?",
      }),
    );
    // A dot is a dot, and not any character.
    expect(() => anil({ adapt: ['output.bias'] })).toThrow("found 'output.bias'");
    expect(anilComponent.options.safeParse({ adapt: [] }).success).toBe(false);
  });
});
