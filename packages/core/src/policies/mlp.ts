import { z } from 'zod';
import * as ops from '../numerics/ops.js';
import type { Random } from '../numerics/random.js';
import type { Tensor } from '../numerics/tensor.js';
import { DEFAULT_INITIALIZATION, drawWeights, type InitializationOptions } from './initialization.js';

/** Nonlinearities of hidden layers. */
const ACTIVATIONS = { tanh: ops.tanh, relu: ops.relu, sigmoid: ops.sigmoid } as const;

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
  /** Nonlinearity after each hidden layer. */
  readonly activation: Activation;

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

  /** Draws weights as the options say; biases are 0. Row-major, part after part. */
  initialize(random: Random, options: InitializationOptions = DEFAULT_INITIALIZATION): number[] {
    return this.parts.flatMap(({ shape }, index) => {
      const [rows, columns] = shape as [number, number | undefined];
      if (columns === undefined) return new Array<number>(rows).fill(0);
      const gain = index === this.parts.length - 2 ? options.outputScale : 1;
      return Array.from(drawWeights(options.initialization, rows, columns, random), (weight) => gain * weight);
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
      if (layer < layers - 1) x = ACTIVATIONS[this.activation](x);
    }
    return x;
  }
}
