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

describe('momentum', () => {
  it('takes the three steps worked by hand', async () => {
    // μ = 0.5, α = 0.1; θ_0 = 2, gradients 4, −2, 1.
    // u = 4;                θ = 2 − 0.4 = 1.6
    // u = 0.5 · 4 − 2 = 0;  θ = 1.6
    // u = 0.5 · 0 + 1 = 1;  θ = 1.6 − 0.1 = 1.5
    const optimizer = make({ method: 'sgd', learningRate: 0.1, momentum: 0.5 });
    let theta: Float64Array = Float64Array.of(2);
    const path: number[] = [];
    for (const g of [4, -2, 1]) {
      theta = (await optimizer.improve(withGradient(theta, () => [g]))).parameters;
      path.push(theta[0] as number);
    }
    expect(path).toBeAllClose([1.6, 1.6, 1.5], { rtol: 1e-15 });
    expect(optimizer.state()).toEqual({ t: 3, velocity: [1] });
  });

  it('under a constant gradient comes to the closed form', async () => {
    // u_t = g (1 − μᵗ)/(1 − μ), so θ_T = −α g Σ_t u_t/g = −α g (T − μ(1 − μᵀ)/(1 − μ))/(1 − μ).
    // μ = 0.9, α = 0.01, g = 2, T = 20: μᵀ = 0.12157665; 0.9 · 0.87842335/0.1 = 7.90581011; (20 − 7.90581011)/0.1 = 120.9418989;
    // θ = −0.02 · 120.9418989 = −2.418837977
    const optimizer = make({ method: 'sgd', learningRate: 0.01, momentum: 0.9 });
    let theta: Float64Array = Float64Array.of(0);
    for (let k = 0; k < 20; k++) theta = (await optimizer.improve(withGradient(theta, () => [2]))).parameters;
    expect(theta).toBeAllClose([-2.418837977], { rtol: 1e-9 });
  });
});

describe('a schedule', () => {
  /** θ after each of `count` updates under the gradient −1 with α = 1, from 0: the step sizes, added up. */
  async function sizes(options: Record<string, unknown>, iterations: number, count: number) {
    const optimizer = make({ method: 'sgd', learningRate: 1, ...options }, iterations);
    const found: number[] = [];
    let theta: Float64Array = Float64Array.of(0);
    for (let k = 0; k < count; k++) {
      const next = (await optimizer.improve(withGradient(theta, () => [-1]))).parameters;
      found.push((next[0] as number) - (theta[0] as number));
      theta = next;
    }
    return found;
  }

  it('falls in a line, and keeps its last step size if the run goes on', async () => {
    expect(await sizes({ schedule: 'linear' }, 4, 6)).toBeAllClose([1, 0.75, 0.5, 0.25, 0.25, 0.25], { rtol: 1e-15 });
  });

  it('falls as half a cosine', async () => {
    // ½ (1 + cos(kπ/4)): cos = 1, 0.70710678, 0, −0.70710678
    const expected = [1, 0.85355339, 0.5, 0.14644661];
    expect(await sizes({ schedule: 'cosine' }, 4, 4)).toBeAllClose(expected, { rtol: 1e-7 });
  });

  it('stays as it is if constant, and is of updates, not of the steps in them', async () => {
    expect(await sizes({}, 2, 3)).toBeAllClose([1, 1, 1], { rtol: 1e-15 });
    // Two steps in each update: 2 · 1, then 2 · ½.
    expect(await sizes({ schedule: 'linear', epochs: 2 }, 2, 2)).toBeAllClose([2, 1], { rtol: 1e-15 });
  });
});

describe('epochs', () => {
  it('follow the gradient where θ then is', async () => {
    // f = θ², g = 2θ, α = 0.25: θ ← θ − 0.5 θ, three times from 8: 4, 2, 1.
    const optimizer = make({ method: 'sgd', learningRate: 0.25, epochs: 3 });
    const proposal = await optimizer.improve(
      withGradient(Float64Array.of(8), (theta) => theta.map((value) => 2 * value)),
    );
    expect([...proposal.parameters]).toEqual([1]);
    expect(proposal).toMatchObject({
      accepted: true,
      gradientNorm: 16,
      reason: '3 gradient steps of length 7 for a gradient of norm 16.',
    });
  });

  it('are all undone if one of them is not finite', async () => {
    const optimizer = make({ epochs: 2 });
    const start = Float64Array.of(1);
    const proposal = await optimizer.improve(
      withGradient(start, (theta) => [theta[0] === 1 ? 3 : Number.POSITIVE_INFINITY]),
    );
    expect(proposal).toMatchObject({ accepted: false, gradientNorm: 3 });
    expect([...proposal.parameters]).toEqual([1]);
    expect(optimizer.state()).toBeNull();
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
      schedule: 'constant',
      momentum: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      maxGradientNorm: null,
      epochs: 1,
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
    { momentum: 0.9 }, // of Adam
    { method: 'sgd', momentum: 1 },
    { schedule: 'step' },
    { epochs: 0 },
  ])('refuses %j', (options) => {
    expect(gradientComponent.options.safeParse(options).success).toBe(false);
  });
});
