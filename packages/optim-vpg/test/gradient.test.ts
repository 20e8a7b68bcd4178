import { ParameterLayout, type PolicyObjective } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { gradientComponent } from '../src/index.js';

const make = (options: Record<string, unknown>) =>
  gradientComponent.create(gradientComponent.options.parse(options), {});

/** An objective that has only a gradient, at `parameters`. */
function withGradient(parameters: Float64Array, gradient: (theta: Float64Array) => ArrayLike<number>): PolicyObjective {
  const refuse = async () => {
    throw new Error('the gradient optimizer asks for nothing but the gradient');
  };
  return {
    parameters,
    layout: new ParameterLayout([{ name: 'theta', shape: [parameters.length] }]),
    gradient: async (theta = parameters) => Float64Array.from(gradient(theta)),
    surrogate: refuse,
    kl: refuse,
    curvature: refuse,
  };
}

/** Gradient of ½ (θ − c)ᵀA(θ − c), A = [[2, .5, 0], [.5, 1, −.25], [0, −.25, 4]], c = (1, −2, .5). */
function quadraticGradient(theta: Float64Array): number[] {
  const [x, y, z] = [(theta[0] as number) - 1, (theta[1] as number) + 2, (theta[2] as number) - 0.5];
  return [2 * x + 0.5 * y, 0.5 * x + y - 0.25 * z, -0.25 * y + 4 * z];
}
const START = Float64Array.of(0.3, -0.7, 1.1);

const bits = (x: Float64Array) => [...new BigUint64Array(x.slice().buffer)];
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('gradient descent', () => {
  it('takes the step worked by hand', async () => {
    // θ − α g = (1, −2) − 0.1 · (3, −4) = (0.7, −1.6); ‖g‖ = 5.
    const optimizer = make({ method: 'sgd', learningRate: 0.1 });
    const proposal = await optimizer.improve(withGradient(Float64Array.of(1, -2), () => [3, -4]));
    expect(proposal.parameters).toBeAllClose([0.7, -1.6], { rtol: 1e-15 });
    expect(proposal).toMatchObject({
      accepted: true,
      backtracks: 0,
      gradientNorm: 5,
      reason: 'Gradient step of length 0.5 for a gradient of norm 5.',
    });
    expect(optimizer.state()).toBeNull();
  });

  it('scales a gradient above maxGradientNorm to it, and no other', async () => {
    // (3, −4) has norm 5; at most 2.5 makes it (1.5, −2): (1, −2) − 0.1 · (1.5, −2) = (0.85, −1.8).
    const objective = withGradient(Float64Array.of(1, -2), () => [3, -4]);
    const clipped = await make({ method: 'sgd', learningRate: 0.1, maxGradientNorm: 2.5 }).improve(objective);
    expect(clipped.parameters).toBeAllClose([0.85, -1.8], { rtol: 1e-15 });
    expect(clipped).toMatchObject({
      gradientNorm: 5,
      reason: 'Gradient step of length 0.25 for a gradient of norm 5, scaled to 2.5.',
    });
    const whole = await make({ method: 'sgd', learningRate: 0.1, maxGradientNorm: 5 }).improve(objective);
    expect(whole.parameters).toBeAllClose([0.7, -1.6], { rtol: 1e-15 });
  });

  it('stays where the gradient is zero', async () => {
    const proposal = await make({ method: 'sgd' }).improve(withGradient(START, () => [0, 0, 0]));
    expect(bits(proposal.parameters)).toEqual(bits(START));
    expect(proposal).toMatchObject({ accepted: true, gradientNorm: 0 });
  });
});

describe('Adam', () => {
  it('takes the three steps worked by hand', async () => {
    // β1 = 0.5, β2 = 0.75, α = 0.1, ε = 1; θ_0 = 2, gradients 4, −2, 1.
    // t = 1: m = 2,    v = 4;       m̂ = 2/0.5 = 4,        v̂ = 4/0.25 = 16;             step = 0.1 · 4/5 = 0.08
    // t = 2: m = 0,    v = 3+1 = 4; m̂ = 0;                                              step = 0
    // t = 3: m = 0.5,  v = 3.25;    m̂ = 0.5/0.875 = 4/7,  v̂ = 3.25/(37/64) = 208/37;   step = 0.1 · (4/7)/(√(208/37) + 1)
    //        √(208/37) = 2.3709999; 0.5714286/3.3709999 = 0.1695131; step = 0.01695131
    const optimizer = make({ method: 'adam', learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1 });
    let theta: Float64Array = Float64Array.of(2);
    const path: number[] = [];
    for (const g of [4, -2, 1]) {
      theta = (await optimizer.improve(withGradient(theta, () => [g]))).parameters;
      path.push(theta[0] as number);
    }
    expect(path).toBeAllClose([1.92, 1.92, 1.92 - 0.01695131], { rtol: 1e-8 });
    expect(optimizer.state()).toEqual({ t: 3, m: [0.5], v: [3.25] });
  });

  it.each([
    {
      options: { learningRate: 0.1 },
      path: [
        [0.3999999986666667, -0.7999999987499999, 1.0000000004819278],
        [0.4988125776508917, -0.8999046636595992, 0.9010051766147751],
        [0.5951405005252842, -0.9996414928510493, 0.8040690820084786],
      ],
    },
    {
      options: { learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 },
      path: [
        [0.3499334221038615, -0.7499375780274656, 1.0500240847784201],
        [0.3995701201955622, -0.7998395631354568, 1.0003072553039303],
        [0.44866804262152915, -0.8496814801408585, 0.9510579042001529],
      ],
    },
  ])('takes the steps of torch.optim.Adam with $options', async ({ options, path }) => {
    // Values of PyTorch 2.15.0, float64, on the quadratic above from START.
    const optimizer = make({ method: 'adam', ...options });
    let theta: Float64Array = START;
    for (const expected of path) {
      theta = (await optimizer.improve(withGradient(theta, quadraticGradient))).parameters;
      expect(theta).toBeAllClose(expected, { rtol: 1e-14 });
    }
  });

  it('has the moments of torch.optim.Adam after three steps', async () => {
    const optimizer = make({ method: 'adam', learningRate: 0.1 });
    let theta: Float64Array = START;
    for (let k = 0; k < 3; k++) theta = (await optimizer.improve(withGradient(theta, quadraticGradient))).parameters;
    // exp_avg and exp_avg_sq of PyTorch 2.15.0, float64.
    const { t, m, v } = optimizer.state() as { t: number; m: number[]; v: number[] };
    expect(t).toBe(3);
    expect(m).toBeAllClose([-0.15998271783655157, 0.20947503314287189, 0.4539746873827689], { rtol: 1e-14 });
    expect(v).toBeAllClose([0.0011256154395733577, 0.001800121074238525, 0.00895036074789111], { rtol: 1e-14 });
  });

  it('clips before the moments', async () => {
    // (3, −4) scaled to norm 1 is (0.6, −0.8): m = 0.1 · that, v = 0.001 · (0.36, 0.64).
    const optimizer = make({ maxGradientNorm: 1 });
    await optimizer.improve(withGradient(Float64Array.of(0, 0), () => [3, -4]));
    const { m, v } = optimizer.state() as { m: number[]; v: number[] };
    expect(m).toBeAllClose([0.06, -0.08], { rtol: 1e-14 });
    expect(v).toBeAllClose([0.00036, 0.00064], { rtol: 1e-12 });
  });

  it('writes to nothing of the objective', async () => {
    const gradient = Float64Array.of(3, -4);
    const start = Float64Array.of(1, 2);
    const optimizer = make({ maxGradientNorm: 1 });
    const proposal = await optimizer.improve({ ...withGradient(start, () => []), gradient: async () => gradient });
    expect([...gradient, ...start]).toEqual([3, -4, 1, 2]);
    expect(proposal.parameters).not.toBe(start);
  });
});

describe('the component', () => {
  it('has the documented defaults', () => {
    expect(gradientComponent.options.parse({})).toEqual({
      method: 'adam',
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      maxGradientNorm: null,
    });
    expect(make({}).needs).toEqual(['gradient']);
  });

  it.each([
    { method: 'rmsprop' },
    { learningRate: 0 },
    { beta1: 1 },
    { beta2: -0.1 },
    { epsilon: 0 },
    { maxGradientNorm: 0 },
    { momentum: 0.9 },
  ])('refuses %j', (options) => {
    expect(gradientComponent.options.safeParse(options).success).toBe(false);
  });
});

describe('state', () => {
  /** θ after `count` steps on the quadratic, from `theta`. */
  async function run(optimizer: ReturnType<typeof make>, theta: Float64Array, count: number) {
    let at = theta;
    for (let k = 0; k < count; k++) at = (await optimizer.improve(withGradient(at, quadraticGradient))).parameters;
    return at;
  }

  it('survives JSON bit for bit: a restored optimizer goes on to the same numbers', async () => {
    const options = { learningRate: 0.05, maxGradientNorm: 1 };
    const whole = make(options);
    const expected = await run(whole, START, 9);

    const first = make(options);
    const half = await run(first, START, 4);
    const second = make(options);
    second.restore(throughJson(first.state()));
    expect(second.state()).toEqual(first.state());
    const resumed = await run(second, half, 5);
    expect(bits(resumed)).toEqual(bits(expected));
    expect(second.state()).toEqual(whole.state());
    // The moments matter: without them the path is another.
    expect(bits(await run(make(options), half, 5))).not.toEqual(bits(expected));
  });

  it('survives JSON with a gradient of −0 too, which JSON does not hold', async () => {
    const optimizer = make({ beta1: 0 });
    await optimizer.improve(withGradient(Float64Array.of(1, 1), () => [-0, 1]));
    await optimizer.improve(withGradient(Float64Array.of(1, 1), () => [-0, -1]));
    expect(throughJson(optimizer.state())).toEqual(optimizer.state());
  });

  it('is null before the first step, and null puts it back', async () => {
    const optimizer = make({});
    expect(optimizer.state()).toBeNull();
    const first = await run(optimizer, START, 1);
    optimizer.restore(null);
    expect(optimizer.state()).toBeNull();
    expect(bits(await run(optimizer, START, 1))).toEqual(bits(first));
  });

  it('restored undoes a step', async () => {
    const optimizer = make({ learningRate: 0.1 });
    const theta = await run(optimizer, START, 3);
    const before = optimizer.state();
    const kept = structuredClone(before);
    const next = await run(optimizer, theta, 1);
    expect(optimizer.state()).not.toEqual(before);
    expect(before).toEqual(kept); // a snapshot, not a view
    optimizer.restore(before);
    expect(optimizer.state()).toEqual(before);
    expect(bits(await run(optimizer, theta, 1))).toEqual(bits(next));
  });

  it.each([
    [{ t: 1 }],
    [{ t: 1, m: [1], v: [1, 2] }],
    [{ t: 0, m: [1], v: [1] }],
    [{ t: 1, m: [null], v: [1] }],
    ['x'],
  ])('refuses %j', (state) => {
    const optimizer = make({});
    expect(() => optimizer.restore(state)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE', message: expect.stringContaining("'gradient'") }),
    );
    expect(optimizer.state()).toBeNull();
  });

  it('of another number of parameters is refused at the next step', async () => {
    const optimizer = make({});
    optimizer.restore({ t: 1, m: [1, 2], v: [1, 2] });
    await expect(run(optimizer, START, 1)).rejects.toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_UNREADABLE',
        message: expect.stringContaining('for 2 parameters, but this experiment has 3'),
      }),
    );
  });
});

describe('numbers that are not finite', () => {
  it.each([
    ['sgd', Number.NaN, 'The gradient is not finite: its norm is NaN.'],
    ['adam', Number.NaN, 'The gradient is not finite: its norm is NaN.'],
    ['adam', Number.NEGATIVE_INFINITY, 'The gradient is not finite: its norm is Infinity.'],
    ['sgd', 1e200, 'The gradient is not finite: its norm is Infinity.'], // its square overflows
  ] as const)('%s keeps parameters and moments exactly on a gradient of %f', async (method, bad, reason) => {
    const optimizer = make({ method });
    const start = Float64Array.of(-0, 0.1 + 0.2);
    await optimizer.improve(withGradient(start, () => [1, 2]));
    const before = structuredClone(optimizer.state());
    const proposal = await optimizer.improve(withGradient(start, () => [1, bad]));
    expect(proposal).toMatchObject({ accepted: false, reason, backtracks: 0 });
    expect(proposal.parameters).not.toBe(start);
    expect(bits(proposal.parameters)).toEqual(bits(Float64Array.of(-0, 0.1 + 0.2)));
    expect(optimizer.state()).toEqual(before);
  });

  it('keeps them on a step that overflows', async () => {
    // 1e308 · 10 is above the largest float64, 1.8e308.
    const optimizer = make({ method: 'sgd', learningRate: 1e308 });
    const proposal = await optimizer.improve(withGradient(Float64Array.of(1), () => [10]));
    expect(proposal).toMatchObject({
      accepted: false,
      reason: 'The step is not finite: its length is Infinity, for a gradient of norm 10.',
    });
    expect([...proposal.parameters]).toEqual([1]);
  });
});
