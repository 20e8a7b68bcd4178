import { type Batch, batchTensors, type InnerOptimizer, tidy, useBackend } from '@innerloop/core';
import { VpgInnerOptimizer } from '@innerloop/optim-vpg';
import { beforeAll, describe, expect, it } from 'vitest';
import { MetaSgd, metaSgdComponent } from '../src/index.js';
import { gaussianPolicy, randomBatch } from './problem.js';

beforeAll(() => useBackend('wasm'));

const policy = gaussianPolicy(1, 1, []); // θ = [w, b, log σ], mean w s + b
const metaSgd = new MetaSgd(policy, { learningRate: 0.1 });

/** φ after one step, flat. */
function adapt(inner: InnerOptimizer, phi: readonly number[], own: readonly number[], batch: Batch): Float64Array {
  const { layout } = policy;
  return tidy(() => {
    const parameters = {
      policy: layout.variables(Float64Array.from(phi)),
      own: own.length > 0 ? layout.variables(Float64Array.from(own)) : [],
    };
    return layout.flatten(inner.adapt(parameters, batchTensors(batch), { step: 0, layout }));
  });
}

describe('adapt', () => {
  it('is θ − α ∘ ∇L, worked by hand on a linear policy', () => {
    // s = 1, 2; a = 2.5, 0; Â = 2, −1. With w = 0.5, b = 0, σ = 1: mean 0.5, 1; a − mean = 2, −1.
    // ∂log π/∂w = (a − mean) s = 2, −2;  ∂/∂b = 2, −1;  ∂/∂log σ = (a − mean)² − 1 = 3, 0.
    // ∇L = −½ Σ Â ∂log π = −½ [4 + 2, 4 + 1, 6 + 0] = [−3, −2.5, −3].
    const batch: Batch = {
      steps: 2,
      episodes: 1,
      observations: Float32Array.of(1, 2),
      actions: Float32Array.of(2.5, 0),
      advantages: Float64Array.of(2, -1),
      logProbabilities: new Float64Array(2),
    };
    // α = [0.1, 0.2, 0.01]: φ = [0.5 + 0.3, 0 + 0.5, 0 + 0.03].
    expect(adapt(metaSgd, [0.5, 0, 0], [0.1, 0.2, 0.01], batch)).toBeAllClose([0.8, 0.5, 0.03], { rtol: 1e-6 });
    // A step size of 0 keeps its parameter, and no other.
    expect(adapt(metaSgd, [0.5, 0, 0], [0, 0.2, 0], batch)).toBeAllClose([0.5, 0.5, 0], { rtol: 1e-6 });
  });

  it('equals vpg where all step sizes are equal', () => {
    const vpg = new VpgInnerOptimizer(policy, { learningRate: 0.3, loss: 'log-likelihood', average: 'steps' });
    const batch = randomBatch(1, 1, 40, 0);
    const phi = [0.5, -0.2, 0.1];
    const expected = adapt(vpg, phi, [], batch);
    expect(expected).not.toBeAllClose(phi, { rtol: 1e-2 }); // the step moves
    expect(adapt(metaSgd, phi, [0.3, 0.3, 0.3], batch)).toBeAllClose(expected, { rtol: 1e-7 });
  });
});

describe('the step sizes', () => {
  it('have the parts of the policy and start at learningRate', () => {
    const inner = metaSgdComponent.create(metaSgdComponent.options.parse({ learningRate: 0.25 }), { policy });
    expect(inner.ownLayout?.(policy.layout).parts.map(({ name }) => name)).toEqual([
      'output/weights',
      'output/bias',
      'logStd',
    ]);
    expect(inner.initialParameters?.(policy.layout)).toEqual(Float64Array.of(0.25, 0.25, 0.25));
  });

  it('are refused unless positive, and unknown options too', () => {
    const valid = (options: object) => metaSgdComponent.options.safeParse(options).success;
    expect(valid({})).toBe(true);
    expect(valid({ learningRate: 0 })).toBe(false);
    expect(valid({ learningRat: 0.1 })).toBe(false);
  });
});
