import type { Activation } from '../../src/index.js';

/** A multilayer perceptron and its regression in plain float64 loops: the independent oracle of `mlp-value`. */

const F: Record<Activation, (z: number) => number> = {
  tanh: Math.tanh,
  relu: (z) => Math.max(0, z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};
/** f′ in terms of a = f(z). */
const SLOPE: Record<Activation, (a: number) => number> = {
  tanh: (a) => 1 - a * a,
  relu: (a) => (a > 0 ? 1 : 0),
  sigmoid: (a) => a * (1 - a),
};

/** Where each layer's weights begin in φ. */
function starts(sizes: readonly number[]): number[] {
  const list = [0];
  for (let l = 1; l < sizes.length; l++) {
    list.push((list[l - 1] as number) + ((sizes[l - 1] as number) + 1) * (sizes[l] as number));
  }
  return list;
}

function forward(phi: ArrayLike<number>, sizes: readonly number[], activation: Activation, x: readonly number[]) {
  const layers = [[...x]];
  for (let l = 1; l < sizes.length; l++) {
    const [rows, columns, start] = [sizes[l - 1] as number, sizes[l] as number, starts(sizes)[l - 1] as number];
    const below = layers[l - 1] as number[];
    layers.push(
      Array.from({ length: columns }, (_, j) => {
        let z = phi[start + rows * columns + j] as number;
        for (let i = 0; i < rows; i++) z += (below[i] as number) * (phi[start + i * columns + j] as number);
        return l < sizes.length - 1 ? F[activation](z) : z;
      }),
    );
  }
  return layers;
}

/** f_φ(x). */
export function naiveMlp(
  phi: ArrayLike<number>,
  sizes: readonly number[],
  activation: Activation,
  x: readonly number[],
) {
  return (forward(phi, sizes, activation, x).at(-1) as number[])[0] as number;
}

/** ∇ of the mean squared error, by backpropagation row by row. */
function gradient(
  phi: Float64Array,
  sizes: readonly number[],
  activation: Activation,
  rows: readonly (readonly number[])[],
  targets: Float64Array,
): Float64Array {
  const total = new Float64Array(phi.length);
  rows.forEach((x, r) => {
    const layers = forward(phi, sizes, activation, x);
    let delta = [(2 * ((layers.at(-1) as number[])[0] as number) - 2 * (targets[r] as number)) / rows.length];
    for (let l = sizes.length - 1; l >= 1; l--) {
      const [below, columns, start] = [layers[l - 1] as number[], sizes[l] as number, starts(sizes)[l - 1] as number];
      const next = below.map(() => 0);
      for (let j = 0; j < columns; j++) {
        const d = delta[j] as number;
        below.forEach((a, i) => {
          total[start + i * columns + j] = (total[start + i * columns + j] as number) + a * d;
          next[i] = (next[i] as number) + (phi[start + i * columns + j] as number) * d;
        });
        const bias = start + below.length * columns + j;
        total[bias] = (total[bias] as number) + d;
      }
      delta = next.map((e, i) => e * SLOPE[activation](below[i] as number));
    }
  });
  return total;
}

/** φ after Adam steps with β1 = 0.9, β2 = 0.999, ε = 1e-8, written number by number. */
export function naiveAdam(problem: {
  readonly phi: Float64Array;
  readonly sizes: readonly number[];
  readonly activation: Activation;
  readonly rows: readonly (readonly number[])[];
  readonly targets: Float64Array;
  readonly steps: number;
  readonly rate: number;
}): number[] {
  const { sizes, activation, rows, targets, steps, rate } = problem;
  const phi = problem.phi.slice();
  const [m, v] = [new Float64Array(phi.length), new Float64Array(phi.length)];
  for (let t = 1; t <= steps; t++) {
    const g = gradient(phi, sizes, activation, rows, targets);
    for (let i = 0; i < phi.length; i++) {
      m[i] = 0.9 * (m[i] as number) + 0.1 * (g[i] as number);
      v[i] = 0.999 * (v[i] as number) + 0.001 * (g[i] as number) ** 2;
      const step = (m[i] as number) / (1 - 0.9 ** t) / (Math.sqrt((v[i] as number) / (1 - 0.999 ** t)) + 1e-8);
      phi[i] = (phi[i] as number) - rate * step;
    }
  }
  return [...phi];
}
