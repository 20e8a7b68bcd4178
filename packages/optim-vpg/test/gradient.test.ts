import { describe, expect, it } from 'vitest';
import { gradientComponent } from '../src/index.js';
import { bits, make, quadraticGradient, START, withGradient } from './gradient-objective.js';

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
    const whole = await make({ method: 'sgd', learningRate: 0.1, maxGradientNorm: 6 }).improve(objective);
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

describe('the gradient component', () => {
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
