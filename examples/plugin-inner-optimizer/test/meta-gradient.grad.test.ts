import { type InnerOptimizer, type Policy, stopGradient, tidy, useBackend } from '@innerloop/core';
import { type CurvatureMethod, MamlObjective, type MamlTaskObjective } from '@innerloop/maml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lslr } from '../src/index.js';
import { gaussianPolicy, randomDirection, randomTask, randomTheta } from './problem.js';

/*
 * Derivatives through the adaptation against central differences, (f(x + h) − f(x − h)) / 2h.
 *
 * Values are computed in float32, where a log-probability of size 1 to 10 is off by 1e-7 to 1e-6; averaged over 40 steps this is near
 * 1e-7, and in the quotient 1e-7 / 2h: 5e-6 at h = 1e-2. The truncation error h²/6 · f‴ is 2e-5 · f‴ there. The gradient's two
 * blocks have norms 0.16 and 0.12, so both errors together are below 1e-3 of either (they come to 2e-4); at h = 1e-3 rounding
 * alone would be several times that. A wrong or dropped term is off by far more than 1e-3, as one test shows.
 */
const H = 1e-2;
const RTOL = 1e-3;

const policy = gaussianPolicy(2, 1, [3]);
const size = policy.layout.size; // 2·3 + 3 + 3·1 + 1 + 1 = 14
const lslr = new Lslr(policy, { learningRate: 0.1, steps: 2 });
const rates = 2 * policy.layout.parts.length; // 2 steps · 5 parts = 10
const theta = randomTheta(policy, rates);
const open: MamlTaskObjective[] = [];

function bind(inner: InnerOptimizer, curvature: CurvatureMethod = 'gauss-newton'): MamlTaskObjective {
  const objective = new MamlObjective(policy as Policy, inner, { derivative: 'exact', curvature });
  const task = objective.bind(randomTask(2, 1), theta) as MamlTaskObjective;
  open.push(task);
  return task;
}

const moved = (v: ArrayLike<number>, distance: number) =>
  theta.map((value, index) => value + distance * (v[index] as number));

/** The gradient of the surrogate at θ by central differences, one parameter at a time. */
function differences(task: MamlTaskObjective): Float64Array {
  return theta.map((_, index) => {
    const axis = new Float64Array(theta.length);
    axis[index] = 1;
    return (task.surrogate(moved(axis, H)) - task.surrogate(moved(axis, -H))) / (2 * H);
  });
}

beforeAll(() => useBackend('wasm'));
afterAll(() => {
  for (const task of open) task.dispose();
});

describe('the meta-gradient over two inner steps', () => {
  it('is the derivative of the surrogate in θ and in the step sizes', () => {
    const task = bind(lslr);
    const gradient = task.gradient(theta);
    const expected = differences(task);
    expect(gradient.length).toBe(size + rates);
    expect(gradient.subarray(0, size)).toBeAllClose(expected.subarray(0, size), { rtol: RTOL });
    expect(gradient.subarray(size)).toBeAllClose(expected.subarray(size), { rtol: RTOL });
  });

  it('would not pass if no derivative reached the step sizes', () => {
    const cut: InnerOptimizer = {
      ownLayout: (layout) => lslr.ownLayout(layout),
      initialParameters: (layout) => lslr.initialParameters(layout),
      adapt: (parameters, batch, context) =>
        lslr.adapt({ ...parameters, own: parameters.own.map(stopGradient) }, batch, context),
    };
    const task = bind(cut);
    const gradient = task.gradient(theta);
    const expected = differences(task);
    expect(gradient.subarray(0, size)).toBeAllClose(expected.subarray(0, size), { rtol: RTOL });
    expect(Math.hypot(...gradient.subarray(size))).toBe(0);
    expect(Math.hypot(...expected.subarray(size))).toBeGreaterThan(0.01);
    expect(gradient).not.toBeAllClose(expected, { rtol: 10 * RTOL });
  });
});

describe('J v', () => {
  it('is the derivative of φ along v, in θ and the step sizes at once', () => {
    const task = bind(lslr);
    const v = randomDirection(theta.length);
    const product = tidy(() => {
      const forward = task.record(theta).forward(task.split(task.layout.constants(v)));
      return policy.layout.flatten(forward);
    });
    const ahead = task.adapted(moved(v, H));
    const behind = task.adapted(moved(v, -H));
    expect(product).toBeAllClose(
      ahead.map((value, index) => (value - (behind[index] as number)) / (2 * H)),
      { rtol: RTOL },
    );
  });

  it('makes the curvature product that double backpropagation gives', () => {
    const v = randomDirection(theta.length);
    const expected = bind(lslr, 'double-backprop').curvature(v);
    expect(Math.hypot(...expected.subarray(size))).toBeGreaterThan(0.01);
    expect(bind(lslr).curvature(v)).toBeAllClose(expected, { rtol: 1e-4 });
  });
});
