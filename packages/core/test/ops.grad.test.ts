import { beforeAll, expect, test } from 'vitest';
import { describeEachBackend } from '../../../scripts/lib/backends.js';
import {
  constant,
  gradients,
  innerProduct,
  ops,
  randomStream,
  type Tensor,
  tidy,
  useBackend,
  variable,
} from '../src/index.js';

/**
 * Every operation to third order. With f(x) = Σ w ∘ op(x)³ (the cube makes linear operations interesting too), directions
 * u₁, u₂, u₃ and D_k f = the k-th directional derivative along u₁ … u_k, each D_k from the graph is held to the central difference
 * of D_k₋₁ along u_k of fourth order, (8 (D(h) − D(−h)) − (D(2h) − D(−2h))) / 12h.
 *
 * In float32, h = 0.02 leaves rounding of about 1e-7 / h = 5e-6 and truncation of about h⁴ = 2e-7, relative to the size of
 * D_k₋₁ (up to about 50 here): a dropped term would be of order 1.
 */
const H = 0.02;

interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly compute: (inputs: readonly Tensor[]) => Tensor;
  /** Maps random normals into the operation's domain, away from kinks. */
  readonly domain?: (x: number) => number;
}

const unary = (compute: (x: Tensor) => Tensor, shape: readonly number[] = [2, 3]): Case => ({
  shapes: [shape],
  compute: ([x]) => compute(x as Tensor),
});
const binary = (compute: (a: Tensor, b: Tensor) => Tensor, a: readonly number[], b: readonly number[]): Case => ({
  shapes: [a, b],
  compute: ([x, y]) => compute(x as Tensor, y as Tensor),
});
const positive = (x: number) => 1 + 0.4 * Math.tanh(x);
const awayFromZero = (x: number) => Math.sign(x) * (0.5 + Math.abs(Math.tanh(x)));

const CASES: Record<string, Case> = {
  add: binary(ops.add, [2, 3], [2, 3]),
  sub: binary(ops.sub, [2, 3], [2, 3]),
  mul: binary(ops.mul, [2, 3], [2, 3]),
  div: { ...binary(ops.div, [2, 3], [2, 3]), domain: positive },
  neg: unary(ops.neg),
  scale: unary((x) => ops.scale(x, -1.7)),
  shift: unary((x) => ops.shift(x, 0.3)),
  square: unary(ops.square),
  exp: unary(ops.exp),
  log: { ...unary(ops.log), domain: positive },
  sigmoid: unary(ops.sigmoid),
  tanh: unary(ops.tanh),
  relu: { ...unary(ops.relu), domain: awayFromZero },
  atLeast: { ...unary((x) => ops.atLeast(x, 0)), domain: awayFromZero },
  matMul: binary(ops.matMul, [2, 3], [3, 4]),
  transpose: unary(ops.transpose),
  reshape: unary((x) => ops.reshape(x, [3, 2])),
  sum: unary(ops.sum),
  fill: unary((x) => ops.fill(ops.sum(x), [2, 2])),
  mean: unary(ops.mean),
  sumRows: unary(ops.sumRows),
  spreadRows: unary((x) => ops.spreadRows(x, 3), [2]),
  addRow: binary(ops.addRow, [3, 2], [2]),
  sumColumns: unary(ops.sumColumns),
  spreadColumns: unary((x) => ops.spreadColumns(x, 3), [2]),
  logSoftmax: unary(ops.logSoftmax, [2, 4]),
  dot: binary(ops.dot, [2, 3], [2, 3]),
};

/** Operations whose results are constants by definition. */
const CONSTANT = ['oneHot'];

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

test('every operation is in the table', () => {
  expect(Object.keys(CASES).concat(CONSTANT).sort()).toEqual(Object.keys(ops).sort());
});

describeEachBackend((backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  test.each(Object.entries(CASES))('%s to third order', (name, { shapes, compute, domain = (x) => 0.7 * x }) => {
    const random = randomStream({ seed: 11, purpose: 'user', iteration: Object.keys(CASES).indexOf(name) });
    const draw = (map: (x: number) => number) =>
      shapes.map((shape) => Float32Array.from({ length: size(shape) }, () => map(random.normal())));
    const point = draw(domain);
    const directions = [0, 1, 2].map(() => draw((x) => 0.6 * x));
    const weights: Record<number, number[]> = {};
    const weightsFor = (n: number) => (weights[n] ??= Array.from({ length: n }, () => 1 + 0.5 * random.uniform()));

    /** D_order f at the point, moved by `offset` along direction number `order`. */
    const derivative = (order: number, offset: number): number =>
      tidy(() => {
        const moved = point.map((values, i) =>
          values.map((value, k) => value + offset * (directions[order]?.[i]?.[k] ?? 0)),
        );
        const inputs = moved.map((values, i) => variable(values, shapes[i] as readonly number[]));
        const y = compute(inputs);
        const cube = ops.mul(y, ops.mul(y, y));
        let f = ops.dot(cube, constant(weightsFor(y.size), y.shape));
        for (let k = 0; k < order; k++) {
          const direction = (directions[k] as Float32Array[]).map((values, i) =>
            constant(values, shapes[i] as number[]),
          );
          f = innerProduct(gradients(f, inputs), direction);
        }
        return f.item();
      });

    for (const order of [1, 2, 3]) {
      const exact = derivative(order, 0);
      const spread = (h: number) => derivative(order - 1, h) - derivative(order - 1, -h);
      const difference = (8 * spread(H) - spread(2 * H)) / (12 * H);
      expect(exact, `order ${order}`).toBeAllClose(difference, { rtol: 2e-4, atol: 5e-4 });
    }
  });

  test('values agree with float64 formulas written out', () => {
    const x = [-1.5, 0.25, 3];
    const at = (op: (t: Tensor) => Tensor) => tidy(() => op(constant(x, [1, 3])).values());
    expect(at(ops.tanh)).toBeAllClose(x.map(Math.tanh), { rtol: 1e-6 });
    expect(at(ops.sigmoid)).toBeAllClose(
      x.map((v) => 1 / (1 + Math.exp(-v))),
      { rtol: 1e-6 },
    );
    const total = Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0));
    expect(at(ops.logSoftmax)).toBeAllClose(
      x.map((v) => v - total),
      { rtol: 1e-6 },
    );
    expect(at((t) => ops.atLeast(t, 0.25))).toBeAllClose([0.25, 0.25, 3], { rtol: 0 });
    expect(tidy(() => ops.oneHot(constant([2, 0], [2, 1]), 3).values())).toBeAllClose([0, 0, 1, 1, 0, 0], { rtol: 0 });
  });

  test('a parameter on its floor still has a gradient of one, one below it of zero', () => {
    const slope = tidy(() => {
      const x = variable([0.5, 0.5 - 1e-3, 2], [3]);
      return (gradients(ops.sum(ops.atLeast(x, 0.5)), [x])[0] as Tensor).values();
    });
    expect([...slope]).toEqual([1, 0, 1]);
  });

  test('log-softmax does not overflow', () => {
    const y = tidy(() => ops.logSoftmax(constant([1000, 0, -1000], [1, 3])).values());
    expect([...y]).toEqual([0, -1000, -2000]);
  });
});

test('shapes that do not fit are refused with both shapes', async () => {
  await useBackend('cpu');
  tidy(() => {
    const a = constant([1, 2], [1, 2]);
    const b = constant([1, 2, 3], [1, 3]);
    expect(() => ops.add(a, b)).toThrow('add: shapes differ, [1, 2] and [1, 3]');
    expect(() => ops.matMul(a, b)).toThrow('matMul: inner lengths differ, [1, 2] and [1, 3]');
    expect(() => ops.addRow(a, constant([1], [1]))).toThrow('addRow: cannot add a row of shape [1] to [1, 2]');
    expect(() => constant([1, 2, 3], [2, 2])).toThrow('needs 4 values, found 3');
  });
});
