import type { PolicyObjective } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { type TrpoOptions, trpo } from '../src/index.js';
import { quadratic } from './objectives.js';

const identity = [
  [1, 0],
  [0, 1],
];
/** θ_k: a negative zero and numbers that decimals do not hold exactly, so that only a true copy passes. */
const START = [-0, 0.1 + 0.2];

interface Case {
  readonly replaced: Partial<PolicyObjective>;
  readonly options?: Partial<TrpoOptions>;
  readonly reason: string;
  readonly backtracks?: number;
}

/** NaN at θ_k or away from it. */
const nanWhere = (atStart: boolean, value: number) => async (theta: Float64Array) =>
  (theta[1] === START[1]) === atStart ? value : 1;
const diagonal = (first: number, second: number) => async (v: Float64Array) =>
  Float64Array.of(first * (v[0] as number), second * (v[1] as number));
/** Its nth product (from 1) is NaN; the others are of the identity. */
function nanAtProduct(nth: number) {
  let products = 0;
  return async (v: Float64Array) => {
    products += 1;
    return products === nth ? v.map(() => Number.NaN) : diagonal(1, 3)(v);
  };
}

const CASES: Record<string, Case> = {
  'a zero gradient': {
    replaced: { gradient: async () => new Float64Array(2) },
    reason: 'The gradient is zero, so there is no direction to step in.',
  },
  'NaN in the gradient': {
    replaced: { gradient: async () => Float64Array.of(1, Number.NaN) },
    reason: 'The gradient is not finite: the square of its norm is NaN.',
  },
  'a surrogate of NaN at θ_k': {
    replaced: { surrogate: nanWhere(true, Number.NaN) },
    reason: 'The surrogate at the current parameters is not finite: NaN.',
  },
  'a surrogate of −∞ in the line search': {
    replaced: { surrogate: nanWhere(false, Number.NEGATIVE_INFINITY) },
    // The KL is δ/(1 + λ) = 0.01/1.00001, since H = I.
    reason:
      'A value is not finite at the full step: the surrogate is -Infinity (before: 1) and the KL is 0.0099999 (limit: 0.01).',
  },
  'a KL of NaN in the line search': {
    replaced: { kl: nanWhere(false, Number.NaN) },
    options: { cgDamping: 0 },
    // θ_k = (0, 0.3), c = (1, 1), A = I: surrogate ½ (1 + 0.49) = 0.745; g = −(1, 0.7), ‖g‖ = √1.49,
    // step √0.02 along −g: ½ (√1.49 − √0.02)² = ½ (1.220656 − 0.141421)² = 0.582373.
    reason:
      'A value is not finite at the full step: the surrogate is 0.582373 (before: 0.745) and the KL is NaN (limit: 0.01).',
  },
  'NaN in the first product': {
    replaced: { curvature: nanAtProduct(1) },
    reason: 'The curvature product is not finite in iteration 1 of conjugate gradient.',
  },
  'NaN in the second product': {
    replaced: { curvature: nanAtProduct(2) },
    reason: 'The curvature product is not finite in iteration 2 of conjugate gradient.',
  },
  'NaN in the product with the solution': {
    // Two different eigenvalues: conjugate gradient takes two products, and the third is xᵀ(H + λI)x.
    replaced: { curvature: nanAtProduct(3) },
    reason: 'The curvature product with the solution is not finite: xᵀ(H + λI)x is NaN.',
  },
  'negative curvature at once': {
    // g = (1, 2), H = diag(1, −1), λ = 0: 1 − 4 = −3.
    replaced: { gradient: async () => Float64Array.of(1, 2), curvature: diagonal(1, -1) },
    options: { cgDamping: 0 },
    reason:
      'A direction of zero or negative curvature was met in iteration 1 of conjugate gradient: pᵀ(H + λI)p is -3, ' +
      'expected above 0. A larger cgDamping may help.',
  },
  'negative curvature after a step whose x would do': {
    // g = (2, 1): the first step has curvature 4 − 1 = 3, the second −400/27 = −14.8148 (worked in conjugate-gradient.test.ts).
    replaced: { gradient: async () => Float64Array.of(2, 1), curvature: diagonal(1, -1) },
    options: { cgDamping: 0 },
    reason:
      'A direction of zero or negative curvature was met in iteration 2 of conjugate gradient: pᵀ(H + λI)p is -14.8148, ' +
      'expected above 0. A larger cgDamping may help.',
  },
  'zero curvature': {
    replaced: { curvature: diagonal(0, 0) },
    options: { cgDamping: 0 },
    reason:
      'A direction of zero or negative curvature was met in iteration 1 of conjugate gradient: pᵀ(H + λI)p is 0, ' +
      'expected above 0. A larger cgDamping may help.',
  },
  'a solution along which the curvature is negative': {
    // A product that is linear in conjugate gradient (one step: x = g/1 = (1, 1)) and changes sign for the check: −2.
    replaced: {
      gradient: async () => Float64Array.of(1, 1),
      curvature: (() => {
        let products = 0;
        return async (v: Float64Array) => {
          products += 1;
          return v.map((value) => (products === 1 ? value : -value));
        };
      })(),
    },
    options: { cgDamping: 0 },
    reason: 'The curvature along the solution is zero or negative: xᵀ(H + λI)x is -2, expected above 0.',
  },
  'a surrogate that does not fall': {
    replaced: { surrogate: async () => 7, kl: async () => 0.002 },
    reason:
      'No step improved the surrogate within the KL limit. The last was 0.8^15 times the full step: ' +
      'the surrogate is 7 (before: 7) and the KL is 0.002 (limit: 0.01).',
    backtracks: 15,
  },
  'a KL that stays above the limit': {
    replaced: { kl: async () => 0.02 },
    options: { maxBacktracks: 0, cgDamping: 0 },
    reason:
      'No step that improved the surrogate stayed within the KL limit. The last was the full step: ' +
      'the surrogate is 0.582373 (before: 0.745) and the KL is 0.02 (limit: 0.01).',
  },
  'neither condition holding': {
    replaced: { surrogate: async () => 7, kl: async () => 0.02 },
    options: { maxBacktracks: 3, backtrackCoefficient: 0.5 },
    reason:
      'No step improved the surrogate or stayed within the KL limit. The last was 0.5^3 times the full step: ' +
      'the surrogate is 7 (before: 7) and the KL is 0.02 (limit: 0.01).',
    backtracks: 3,
  },
};

describe('TRPO keeps the old parameters bit for bit, and says why, on', () => {
  it.each(Object.entries(CASES))('%s', async (_, { replaced, options = {}, reason, backtracks = 0 }) => {
    const objective = quadratic({ a: identity, c: [1, 1], h: identity, start: START }, replaced);
    const proposal = await trpo(options).improve(objective);
    expect(proposal).toMatchObject({ accepted: false, reason, backtracks });
    expect(proposal.parameters).not.toBe(objective.parameters);
    const bits = (x: Float64Array) => [...new BigUint64Array(x.buffer.slice(0))];
    expect(bits(proposal.parameters)).toEqual(bits(Float64Array.from(START)));
    expect(bits(objective.parameters)).toEqual(bits(Float64Array.from(START)));
  });

  it('a step that overflows', async () => {
    // 2δ = 2e308 is above the largest float64, 1.8e308.
    const objective = quadratic({ a: [[1]], c: [0], h: [[1]], start: [1] });
    const proposal = await trpo({ maxKl: 1e308, cgDamping: 0 }).improve(objective);
    expect(proposal).toMatchObject({ accepted: false, backtracks: 0 });
    expect(proposal.reason).toBe('Number 0 of the full step is not finite: -Infinity (xᵀ(H + λI)x is 1).');
    expect([...proposal.parameters]).toEqual([1]);
  });
});

describe('TRPO passes on', () => {
  it('what the objective throws', async () => {
    const replaced = {
      curvature: async () => {
        throw new Error('worker 2 ended');
      },
    };
    const objective = quadratic({ a: identity, c: [1, 1], h: identity, start: START }, replaced);
    await expect(trpo().improve(objective)).rejects.toThrow('worker 2 ended');
  });

  it('a gradient of the wrong length', async () => {
    const replaced = { gradient: async () => Float64Array.of(1) };
    const objective = quadratic({ a: identity, c: [1, 1], h: identity, start: START }, replaced);
    await expect(trpo().improve(objective)).rejects.toThrow(
      'gradient of the policy objective: expected 2 numbers, found 1',
    );
  });
});
