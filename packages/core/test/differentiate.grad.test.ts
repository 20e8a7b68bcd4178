import { beforeAll, describe, expect, it } from 'vitest';
import { describeEachBackend } from '../../../scripts/lib/backends.js';
import { useBackend } from '../src/numerics/backend.js';
import { gradients, innerProduct, pullback, pushforward } from '../src/numerics/differentiate.js';
import { add, addRow, dot, exp, matMul, mul, square, sum, tanh } from '../src/numerics/ops.js';
import { constant, detach, stopGradient, type Tensor, tensorCount, tidy, variable } from '../src/numerics/tensor.js';

/** Values are float32: a handful of operations loses about 1e-6 of them. */
const CLOSE = { rtol: 2e-6, atol: 1e-7 };

const vector = (...values: number[]) => variable(values, [values.length]);
const valuesOf = (tensors: readonly (Tensor | undefined)[]) => tensors.map((t) => Array.from(t?.values() ?? []));

describeEachBackend((backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe('gradients', () => {
    it('of a sum of squares are twice the argument', () => {
      const found = tidy(() => {
        const x = vector(1, -2, 3);
        return valuesOf(gradients(sum(square(x)), [x]));
      });
      // d/dx_i Σ x² = 2 x_i
      expect(found[0]).toBeAllClose([2, -4, 6], CLOSE);
    });

    it('add up over every path to an input', () => {
      const found = tidy(() => {
        const x = vector(2);
        const y = mul(x, x);
        return valuesOf(gradients(sum(add(mul(y, x), y)), [x]));
      });
      // x³ + x²: 3 · 4 + 2 · 2 = 16
      expect(found[0]).toBeAllClose([16], CLOSE);
    });

    it('of tanh are right to third order', () => {
      const [first, second, third] = tidy(() => {
        const x = vector(0.5, -1.2);
        const d1 = gradients(sum(tanh(x)), [x])[0] as Tensor;
        const d2 = gradients(sum(d1), [x])[0] as Tensor;
        const d3 = gradients(sum(d2), [x])[0] as Tensor;
        return valuesOf([d1, d2, d3]);
      }) as [number[], number[], number[]];
      // With t = tanh x: t' = 1 − t², t'' = −2 t (1 − t²), t''' = (6 t² − 2)(1 − t²), in float64.
      const t = [Math.tanh(0.5), Math.tanh(-1.2)];
      const [slope, bend, jerk] = [
        t.map((y) => 1 - y * y),
        t.map((y) => -2 * y * (1 - y * y)),
        t.map((y) => (6 * y * y - 2) * (1 - y * y)),
      ];
      expect(first).toBeAllClose(slope, CLOSE);
      expect(second).toBeAllClose(bend, CLOSE);
      expect(third).toBeAllClose(jerk, CLOSE);
    });

    it('of a layer are those worked by hand', () => {
      const found = tidy(() => {
        const x = constant([1, 2, 3, 4], [2, 2]);
        const weights = variable([0.1, -0.2], [2, 1]);
        const bias = vector(0.5);
        return valuesOf(gradients(sum(square(addRow(matMul(x, weights), bias))), [weights, bias]));
      });
      // Outputs: 0.1 − 0.4 + 0.5 = 0.2 and 0.3 − 0.8 + 0.5 = 0. The loss is Σ y², so dL/dy = 2 y = (0.4, 0);
      // dL/dw = xᵀ dL/dy = (0.4 · 1, 0.4 · 2), dL/db = 0.4.
      expect(found[0]).toBeAllClose([0.4, 0.8], { atol: 1e-6 });
      expect(found[1]).toBeAllClose([0.4], { atol: 1e-6 });
    });

    it('are zeros for an input that the output does not depend on', () => {
      const found = tidy(() => {
        const [x, y] = [vector(1, 2), variable([1, 1, 1, 1], [2, 2])];
        return gradients(sum(x), [x, y]).map((g) => ({ shape: [...g.shape], values: Array.from(g.values()) }));
      });
      expect(found[1]).toEqual({ shape: [2, 2], values: [0, 0, 0, 0] });
    });

    it('stop at stopGradient, and begin at detach', () => {
      const [stopped, begun] = tidy(() => {
        const x = vector(3);
        const stop = gradients(sum(mul(stopGradient(square(x)), x)), [x]);
        const middle = detach(square(x));
        return valuesOf([...stop, ...gradients(sum(square(middle)), [middle])]);
      });
      // 9 x with the 9 held: 9. And d(y²)/dy at y = 9: 18.
      expect(stopped).toBeAllClose([9], CLOSE);
      expect(begun).toBeAllClose([18], CLOSE);
    });

    it('with respect to an inner node count what comes after it only', () => {
      const found = tidy(() => {
        const x = vector(2);
        const y = square(x);
        return valuesOf(gradients(sum(mul(y, x)), [y, x]));
      });
      // L = y x with y = x²: ∂L/∂y = x = 2; dL/dx = 3 x² = 12.
      expect(found[0]).toBeAllClose([2], CLOSE);
      expect(found[1]).toBeAllClose([12], CLOSE);
    });

    it('ask for a scalar', () => {
      expect(() => tidy(() => valuesOf(gradients(vector(1, 2), [])))).toThrow('expected a scalar, found shape [2]');
    });

    it('follow graphs deeper than the call stack', () => {
      const found = tidy(() => {
        const x = vector(1);
        let y: Tensor = x;
        for (let index = 0; index < 20_000; index += 1) y = add(y, x);
        return valuesOf(gradients(sum(y), [x]));
      });
      expect(found[0]).toEqual([20_001]);
    });
  });

  /** f(x, y) = (x₀ x₁, eˣ⁰ + y, y²) as three outputs; J is written out below. */
  function example() {
    const x = vector(0.3, -0.7);
    const y = vector(1.5);
    const x0 = sum(mul(x, constant([1, 0], [2])));
    const x1 = sum(mul(x, constant([0, 1], [2])));
    return { inputs: [x, y], outputs: [mul(x0, x1), add(exp(x0), sum(y)), square(y)] };
  }

  type Three = readonly [number, number, number];
  /** Rows: outputs. Columns: x₀, x₁, y. */
  const jacobian: readonly [Three, Three, Three] = [
    [-0.7, 0.3, 0],
    [Math.exp(0.3), 0, 1],
    [0, 0, 3],
  ];
  const inner = (a: Three, b: Three) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

  it('pullback is the transposed Jacobian times the cotangents', () => {
    const u: Three = [2, -1, 0.5];
    const found = tidy(() => {
      const { inputs, outputs } = example();
      const cotangents = [constant([u[0]], []), constant([u[1]], []), constant([u[2]], [1])];
      return valuesOf(pullback(outputs, inputs, cotangents)).flat();
    });
    const [a, b, c] = jacobian;
    const expected = [inner([a[0], b[0], c[0]], u), inner([a[1], b[1], c[1]], u), inner([a[2], b[2], c[2]], u)];
    expect(found).toBeAllClose(expected, CLOSE);
  });

  it('pullback counts an absent cotangent as zero and leaves out what is not reached', () => {
    const found = tidy(() => {
      const { inputs, outputs } = example();
      return valuesOf(pullback(outputs, inputs, [undefined, undefined, constant([1], [1])]));
    });
    // Only the third output counts, y², which x does not reach: 2 · 1.5.
    expect(found[0]).toEqual([]);
    expect(found[1]).toBeAllClose([3], CLOSE);
  });

  it('pushforward is the Jacobian times the tangents, as often as it is asked', () => {
    const found = tidy(() => {
      const { inputs, outputs } = example();
      const product = pushforward(outputs, inputs);
      return [
        valuesOf(product([constant([1, -2], [2]), constant([0.25], [1])])).flat(),
        valuesOf(product([undefined, constant([1], [1])])).flat(),
      ];
    });
    const times = (v: Three) => jacobian.map((row) => inner(row, v));
    expect(found[0]).toBeAllClose(times([1, -2, 0.25]), CLOSE);
    expect(found[1]).toBeAllClose(times([0, 0, 1]), CLOSE);
  });

  it('a Hessian-vector product is the pushforward of the gradient', () => {
    const found = tidy(() => {
      const x = vector(0.5, 2);
      const x0 = sum(mul(x, constant([1, 0], [2])));
      const x1 = sum(mul(x, constant([0, 1], [2])));
      const gradient = gradients(mul(square(x0), exp(x1)), [x]);
      return valuesOf(pushforward(gradient, [x])([constant([1, 3], [2])])).flat();
    });
    // L = x₀² e^x₁: H = e^x₁ [[2, 2 x₀], [2 x₀, x₀²]]; at (0.5, 2) times (1, 3): e² (2 + 3, 1 + 0.75).
    expect(found).toBeAllClose([5 * Math.exp(2), 1.75 * Math.exp(2)], CLOSE);
  });

  it('innerProduct sums over all tensors, and is differentiable', () => {
    const [value, slope] = tidy(() => {
      const [a, b] = [vector(1, 2), variable([3, 4], [1, 2])];
      const product = innerProduct([a, b], [constant([10, 20], [2]), b]);
      return [[product.item()], ...valuesOf(gradients(product, [b]))];
    });
    // 1 · 10 + 2 · 20 + 3² + 4² = 75; the gradient by b is 2 b.
    expect(value).toEqual([75]);
    expect(slope).toBeAllClose([6, 8], CLOSE);
  });

  it('leaves no tensor behind', () => {
    const before = tensorCount();
    tidy(() => {
      const { inputs, outputs } = example();
      pushforward(outputs, inputs)([constant([1, 1], [2]), undefined]);
      const x = inputs[0] as Tensor;
      return valuesOf(gradients(dot(tanh(x), x), [x]));
    });
    expect(tensorCount()).toBe(before);
  });
});
