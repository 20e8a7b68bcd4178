import { type Batch, batchTensors, type InnerOptimizer, tidy, useBackend } from '@innerloop/core';
import { VpgInnerOptimizer } from '@innerloop/optim-vpg';
import { beforeAll, describe, expect, it } from 'vitest';
import { Lslr, lslrComponent } from '../src/index.js';
import { gaussianPolicy, randomBatch } from './problem.js';

beforeAll(() => useBackend('wasm'));

const policy = gaussianPolicy(1, 1, []); // θ = [w, b, log σ], mean w s + b
const lslr = new Lslr(policy, { learningRate: 0.1, steps: 2 });

/** φ after one step, flat. */
function adapt(
  inner: InnerOptimizer,
  phi: readonly number[],
  own: readonly number[],
  batch: Batch,
  step = 0,
): Float64Array {
  const { layout } = policy;
  return tidy(() => {
    const ownLayout = inner.ownLayout?.(layout);
    const parameters = {
      policy: layout.variables(Float64Array.from(phi)),
      own: ownLayout ? ownLayout.variables(Float64Array.from(own)) : [],
    };
    return layout.flatten(inner.adapt(parameters, batchTensors(batch), { step, layout }));
  });
}

describe('adapt', () => {
  it('is φ − α ∇L layer by layer, worked by hand on a linear policy', () => {
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
    // Step 0, α = [0.1, 0.2, 0.01]: φ = [0.5 + 0.3, 0 + 0.5, 0 + 0.03].
    const alpha = [0.1, 0.2, 0.01, 0, 0.2, 0];
    expect(adapt(lslr, [0.5, 0, 0], alpha, batch)).toBeAllClose([0.8, 0.5, 0.03], { rtol: 1e-6 });
    // Step 1, α = [0, 0.2, 0]: a step size of 0 keeps its layer, and no other. A third step has those of the second.
    for (const step of [1, 2]) {
      expect(adapt(lslr, [0.5, 0, 0], alpha, batch, step)).toBeAllClose([0.5, 0.5, 0], { rtol: 1e-6 });
    }
  });

  it('equals vpg where all step sizes are equal', () => {
    const vpg = new VpgInnerOptimizer(policy, { learningRate: 0.3, loss: 'log-likelihood', average: 'steps' });
    const batch = randomBatch(1, 1, 40, 0);
    const phi = [0.5, -0.2, 0.1];
    const expected = adapt(vpg, phi, [], batch);
    expect(expected).not.toBeAllClose(phi, { rtol: 1e-2 }); // the step moves
    expect(adapt(lslr, phi, new Array<number>(6).fill(0.3), batch)).toBeAllClose(expected, { rtol: 1e-7 });
  });
});

describe('the step sizes', () => {
  it('are one for each part of the policy and step, and start at learningRate', () => {
    const options = lslrComponent.options.parse({ learningRate: 0.25, steps: 2 });
    const inner = lslrComponent.create(options, { policy });
    expect(inner.ownLayout?.(policy.layout).parts.map(({ name }) => name)).toEqual([
      ...['step0/output/weights', 'step0/output/bias', 'step0/logStd'],
      ...['step1/output/weights', 'step1/output/bias', 'step1/logStd'],
    ]);
    expect(inner.initialParameters?.(policy.layout)).toEqual(new Float64Array(6).fill(0.25));
  });

  it('are refused unless positive, and unknown options too', () => {
    const valid = (options: object) => lslrComponent.options.safeParse(options).success;
    expect(valid({})).toBe(true);
    expect(valid({ learningRate: 0 })).toBe(false);
    expect(valid({ steps: 0 })).toBe(false);
    expect(valid({ learningRat: 0.1 })).toBe(false);
  });
});
