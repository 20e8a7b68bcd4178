import { describe, expect, it } from 'vitest';
import { bits, make, quadraticGradient, START, withGradient } from './gradient-objective.js';

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('the state of the gradient optimizer', () => {
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

  it.each([
    { method: 'sgd', momentum: 0.9 },
    { method: 'sgd', schedule: 'linear' },
    { method: 'sgd', schedule: 'cosine', momentum: 0.5, epochs: 2 },
    { method: 'adam', schedule: 'linear', epochs: 3 },
  ])('holds what $method remembers: $schedule, momentum $momentum, epochs $epochs', async (given) => {
    const options = { learningRate: 0.05, ...given };
    const expected = await run(make(options), START, 6);
    const first = make(options);
    const half = await run(first, START, 3);
    const second = make(options);
    second.restore(throughJson(first.state()));
    expect(bits(await run(second, half, 3))).toEqual(bits(expected));
    expect(bits(await run(make(options), half, 3))).not.toEqual(bits(expected));
  });

  it('survives JSON with a gradient of −0 too, which JSON does not hold', async () => {
    // The mean after −1 and −0 is 0 · −1 + 1 · −0, which IEEE 754 makes −0.
    const optimizer = make({ beta1: 0 });
    await optimizer.improve(withGradient(Float64Array.of(1, 1), () => [-1, 1]));
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
    [{ t: 0, velocity: null }],
    [{ t: 1, velocity: ['x'] }],
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
