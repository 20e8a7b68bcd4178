import { type PolicyObjective, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { trpo } from '../src/index.js';
import { damp, multiply, randomPositiveDefinite, solve } from './dense.js';
import { bandit, gaussianReach, quadratic, softmax } from './objectives.js';

const identity = [
  [1, 0],
  [0, 1],
];

describe('the TRPO step', () => {
  it('is the one worked by hand, exactly at the KL limit', async () => {
    // A = I, c = 0, θ_k = (3, 4): g = (3, 4). H = 4I, λ = 0: x = g/4 = (0.75, 1), xᵀHx = 4 · 1.5625 = 6.25.
    // δ = 0.125: √(2δ / 6.25) = √0.04 = 0.2, step = −(0.15, 0.2); KL = ½ · 4 · 0.0625 = 0.125 = δ.
    const h = [
      [4, 0],
      [0, 4],
    ];
    const objective = quadratic({ a: identity, c: [0, 0], h, start: [3, 4] });
    const optimizer = trpo({ maxKl: 0.125, cgDamping: 0 });
    const proposal = await optimizer.improve({ ...objective, kl: async () => 0.125 });
    expect(proposal.parameters).toBeAllClose([2.85, 3.8], { rtol: 1e-15 });
    expect(await objective.kl(proposal.parameters)).toBeAllClose(0.125, { rtol: 1e-14 });
    // Surrogate: ½ · 25 = 12.5 before, ½ · (2.85² + 3.8²) = ½ · 22.5625 = 11.28125 after.
    expect(proposal).toMatchObject({
      accepted: true,
      backtracks: 0,
      gradientNorm: 5,
      reason: 'Accepted the full step: the surrogate is 11.2813 (before: 12.5) and the KL is 0.125 (limit: 0.125).',
    });
  });

  it('reaches the KL limit but for damping', async () => {
    // On a quadratic KL the full step s = −x √(2δ / xᵀ(H + λI)x) has
    //   ½ sᵀHs = δ · xᵀHx / xᵀ(H + λI)x = δ · (1 − λ xᵀx / xᵀ(H + λI)x).
    const random = randomStream({ seed: 11, purpose: 'user' });
    const h = randomPositiveDefinite(6, () => random.normal(), 0.5);
    const a = randomPositiveDefinite(6, () => random.normal(), 1);
    const start = Array.from({ length: 6 }, () => 10 * random.normal());
    const objective = quadratic({ a, c: [0, 0, 0, 0, 0, 0], h, start });
    for (const lambda of [1e-5, 0.5]) {
      const proposal = await trpo({ cgDamping: lambda, cgTolerance: 0 }).improve(objective);
      const g = await objective.gradient();
      const x = solve(damp(h, lambda), g);
      const xx = x.reduce((total, value) => total + value * value, 0);
      const form = x.reduce((total, value, i) => total + value * (g[i] as number), 0);
      expect(proposal).toMatchObject({ accepted: true, backtracks: 0 });
      expect(await objective.kl(proposal.parameters)).toBeAllClose(0.01 * (1 - (lambda * xx) / form), { rtol: 1e-9 });
    }
  });

  it('is the natural gradient on a quadratic objective', async () => {
    const random = randomStream({ seed: 12, purpose: 'user' });
    const n = 8;
    const h = randomPositiveDefinite(n, () => random.normal(), 1);
    const a = randomPositiveDefinite(n, () => random.normal(), 1);
    const c = Array.from({ length: n }, () => random.normal());
    const start = Array.from({ length: n }, () => 5 * random.normal());
    const objective = quadratic({ a, c, h, start });
    const proposal = await trpo({ cgTolerance: 0 }).improve(objective);

    const g = multiply(
      a,
      start.map((value, i) => value - (c[i] as number)),
    );
    const x = solve(damp(h, 1e-5), g);
    const form = x.reduce((total, value, i) => total + value * (g[i] as number), 0);
    const expected = start.map((value, i) => value - Math.sqrt(0.02 / form) * (x[i] as number));
    expect(proposal.accepted).toBe(true);
    expect(proposal.parameters.map((value, i) => value - (start[i] as number))).toBeAllClose(
      expected.map((value, i) => value - (start[i] as number)),
      { rtol: 1e-9 },
    );
  });

  it('steps as far for a gradient a million times smaller', async () => {
    // x scales with g and the root with 1/‖g‖, so the step does not depend on the loss's unit.
    const steps = [1, 1e-6].map(async (unit) => {
      const a = identity.map((row) => row.map((value) => value * unit));
      const proposal = await trpo().improve(quadratic({ a, c: [0, 0], h: identity, start: [3, 4] }));
      return proposal.parameters;
    });
    const [large, small] = await Promise.all(steps);
    // √(2 · 0.01 / 25) · 5 along −(0.6, 0.8): a step of length √0.02 (λ changes it by 5e-6 of that).
    expect(large).toBeAllClose([3 - 0.6 * Math.sqrt(0.02), 4 - 0.8 * Math.sqrt(0.02)], { rtol: 1e-6 });
    expect(small).toBeAllClose(large as Float64Array, { rtol: 1e-12 });
  });

  it('backtracks to the first j that lowers the surrogate', async () => {
    // One dimension: surrogate ½θ², θ_k = 1, H = 1, λ = 0, δ = 12.5: the full step is −√25 = −5, to θ = −4.
    // θ = 1 − 5 · 0.8ʲ improves once |θ| < 1, that is 5 · 0.8ʲ < 2: j = 5 (5 · 0.32768 = 1.6384; j = 4 gives 2.048).
    const objective = quadratic({ a: [[1]], c: [0], h: [[1]], start: [1] });
    const proposal = await trpo({ maxKl: 12.5, cgDamping: 0 }).improve({ ...objective, kl: async () => 12.5 });
    expect(proposal).toMatchObject({ accepted: true, backtracks: 5 });
    expect(proposal.parameters).toBeAllClose([1 - 1.6384], { rtol: 1e-12 });
    expect(proposal.reason).toContain('0.8^5 times the full step');
  });

  it('backtracks while the true KL is above the limit', async () => {
    // The true KL is 4 times the quadratic model: at 0.8ʲ it is 4δ · 0.64ʲ ≤ δ from j = 4 (4 · 0.64³ = 1.05, 4 · 0.64⁴ = 0.67).
    const objective = quadratic({ a: identity, c: [0, 0], h: identity, start: [3, 4] });
    const proposal = await trpo().improve({ ...objective, kl: async (theta) => 4 * (await objective.kl(theta)) });
    expect(proposal).toMatchObject({ accepted: true, backtracks: 4 });
    expect(4 * (await objective.kl(proposal.parameters))).toBeAllClose(0.04 * 0.64 ** 4, { rtol: 1e-4 });
  });

  it('has no state', () => {
    const optimizer = trpo();
    expect(optimizer.state()).toBeNull();
    optimizer.restore(null);
    expect(optimizer.needs).toEqual(['surrogate', 'gradient', 'kl', 'curvature']);
  });

  it('hands out copies and writes to nothing of the objective', async () => {
    const start = Float64Array.of(3, 4);
    const gradient = Float64Array.of(3, 4);
    const objective = quadratic({ a: identity, c: [0, 0], h: identity, start: [3, 4] });
    const proposal = await trpo().improve({ ...objective, parameters: start, gradient: async () => gradient });
    expect([...start, ...gradient]).toEqual([3, 4, 3, 4]);
    expect(proposal.parameters).not.toBe(start);
  });
});

describe('TRPO over many steps', () => {
  async function descend(make: (theta: Float64Array) => PolicyObjective, start: Float64Array, steps: number) {
    const values: number[] = [];
    let theta = start;
    for (let k = 0; k < steps; k++) {
      const objective = make(theta);
      values.push(await objective.surrogate(theta));
      const proposal = await trpo().improve(objective);
      expect(await objective.kl(proposal.parameters)).toBeLessThanOrEqual(0.01);
      theta = proposal.parameters;
    }
    values.push(await make(theta).surrogate(theta));
    return { values, theta };
  }

  it('lowers a convex Gaussian problem in every step, to its minimum', async () => {
    const { values, theta } = await descend(gaussianReach, Float64Array.of(-1, 1), 60);
    // ½ (1 · 2² + 4 · 1.5²) = 6.5 at the start. A step has length √0.02 = 0.14 in units of σ, so 60 steps go the
    // 2/0.5 and 1.5/0.2 (together 8.5) units to the goal.
    expect(values[0]).toBeAllClose(6.5, { rtol: 1e-15 });
    for (let k = 1; k < values.length; k++) {
      const before = values[k - 1] as number;
      if (before > 1e-2) expect(values[k]).toBeLessThan(before);
      else expect(values[k]).toBeLessThanOrEqual(before);
    }
    expect(theta).toBeAllClose([1, -0.5], { rtol: 0, atol: 0.05 });
  });

  it('learns the best arm of a bandit, improving in every step', async () => {
    const rewards = [0.2, 1, -0.5];
    const { values, theta } = await descend((at) => bandit(rewards, at), new Float64Array(3), 12);
    // A uniform policy has the value 0.7/3.
    expect(values[0]).toBeAllClose(-0.7 / 3, { rtol: 1e-14 });
    for (let k = 1; k < values.length; k++) expect(values[k]).toBeLessThan(values[k - 1] as number);
    // In the Fisher metric the best arm is 2 arccos √(1/3) = 1.911 away and a step is √0.02 = 0.141 long: 12 steps leave
    // at least 1.911 − 1.697 = 0.214, where its probability is at most cos²(0.107) = 0.989.
    expect(softmax(theta)[1]).toBeGreaterThan(0.95);
    expect(softmax(theta)[1]).toBeLessThan(0.989);
  });
});
