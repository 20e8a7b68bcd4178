import { z } from 'zod';
import * as ops from '../numerics/ops.js';
import type { Random } from '../numerics/random.js';
import type { Tensor } from '../numerics/tensor.js';

/** Nonlinearities of hidden layers: as a differentiable operation, and as a plain function for acting. */
const ACTIVATIONS = {
  tanh: { record: ops.tanh, apply: Math.tanh },
  relu: { record: ops.relu, apply: (x: number) => (x > 0 ? x : 0) },
  sigmoid: { record: ops.sigmoid, apply: (x: number) => 1 / (1 + Math.exp(-x)) },
} as const;

/** The name of a hidden layer's nonlinearity. */
export type Activation = keyof typeof ACTIVATIONS;

/** Options that all policies with a multilayer perceptron share. */
export const mlpOptions = {
  hiddenSizes: z
    .array(z.int().min(1))
    .default([64, 64])
    .describe('Units of each hidden layer, from the input on; [] makes a linear policy'),
  activation: z.enum(['tanh', 'relu', 'sigmoid']).default('tanh').describe('Nonlinearity after each hidden layer'),
};

/**
 * A multilayer perceptron as pure functions of its parameters: hidden layers `f(x W + b)`, then a linear layer.
 * `W` is `[in, out]`.
 */
export class Mlp {
  /** Names and shapes of `W` and `b`, layer by layer. */
  readonly parts: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Input length, hidden sizes, output length. */
  readonly sizes: readonly number[];
  private readonly activation: Activation;

  constructor(inputSize: number, hiddenSizes: readonly number[], outputSize: number, activation: Activation) {
    this.sizes = [inputSize, ...hiddenSizes, outputSize];
    this.activation = activation;
    this.parts = hiddenSizes
      .map((_, index) => `hidden${index}`)
      .concat('output')
      .flatMap((name, index) => [
        { name: `${name}/weights`, shape: [this.sizes[index] as number, this.sizes[index + 1] as number] },
        { name: `${name}/bias`, shape: [this.sizes[index + 1] as number] },
      ]);
  }

  /** How many numbers the parameters are. */
  get parameterCount(): number {
    return this.parts.reduce((total, { shape }) => total + shape.reduce((product, n) => product * n, 1), 0);
  }

  /**
   * Weights uniform on ±√(6 / (in + out)), biases 0 (Glorot and Bengio, "Understanding the difficulty of training deep
   * feedforward neural networks", AISTATS 2010, eq. 16). Row-major, part after part.
   */
  initialize(random: Random): number[] {
    return this.parts.flatMap(({ shape }) => {
      const [rows, columns] = shape as [number, number | undefined];
      if (columns === undefined) return new Array<number>(rows).fill(0);
      const bound = Math.sqrt(6 / (rows + columns));
      return Array.from({ length: rows * columns }, () => bound * (2 * random.uniform() - 1));
    });
  }

  /** Outputs `[N, out]` for inputs `[N, in]`, differentiable in `parameters` (and in `inputs`). */
  record(parameters: readonly Tensor[], inputs: Tensor): Tensor {
    let x = inputs;
    const layers = this.sizes.length - 1;
    for (let layer = 0; layer < layers; layer++) {
      const weights = parameters[2 * layer] as Tensor;
      const bias = parameters[2 * layer + 1] as Tensor;
      x = ops.addRow(ops.matMul(x, weights), bias);
      if (layer < layers - 1) x = ACTIVATIONS[this.activation].record(x);
    }
    return x;
  }

  /**
   * A function that computes the outputs of one row without recording anything. Its result is overwritten by the next
   * call.
   *
   * @param parameters Flat, in the order of {@link parts}; more numbers may follow.
   */
  evaluator(parameters: Float64Array): (inputs: Float32Array, row: number) => Float64Array {
    const { apply } = ACTIVATIONS[this.activation];
    const layers = this.sizes.length - 1;
    const activations = this.sizes.map((size) => new Float64Array(size));
    return (inputs, row) => {
      const first = activations[0] as Float64Array;
      for (let i = 0; i < first.length; i++) first[i] = inputs[row * first.length + i] as number;
      let offset = 0;
      for (let layer = 0; layer < layers; layer++) {
        const x = activations[layer] as Float64Array;
        const y = activations[layer + 1] as Float64Array;
        denseLayer(parameters, offset, x, y);
        if (layer < layers - 1) for (let j = 0; j < y.length; j++) y[j] = apply(y[j] as number);
        offset += (x.length + 1) * y.length;
      }
      return activations[layers] as Float64Array;
    };
  }
}

/** y = x W + b, with W `[in, out]` and then b at `offset` of the parameter vector. */
function denseLayer(parameters: Float64Array, offset: number, x: Float64Array, y: Float64Array): void {
  const columns = y.length;
  const bias = offset + x.length * columns;
  for (let j = 0; j < columns; j++) y[j] = parameters[bias + j] as number;
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number;
    const row = offset + i * columns;
    for (let j = 0; j < columns; j++) y[j] = (y[j] as number) + value * (parameters[row + j] as number);
  }
}
