import type { States } from '../contracts/baseline.js';
import { kernels } from '../kernels/instance.js';
import type { MlpRows, PackedParameters } from '../kernels/mlp-arrays.js';
import { MlpPasses } from '../kernels/mlp-passes.js';
import type { Random } from '../numerics/random.js';
import { type Activation, Mlp } from '../policies/mlp.js';

/** What a value network regresses on. */
export interface RegressionData {
  /** `[M, in]`, row-major. */
  readonly inputs: States['observations'];
  /** `[M]`. */
  readonly targets: Float64Array;
}

/**
 * A multilayer perceptron with one output on the SIMD kernels (float32), and the mean squared error of its outputs:
 *
 *     L(φ) = 1/M Σ_i (f_φ(x_i) − y_i)²,     ∇L = 1/M Σ_i 2 (f_φ(x_i) − y_i) ∇f_φ(x_i)
 *
 * Holds no parameters: φ is a flat float64 vector, layer by layer `[in, out]` weights and then biases.
 */
export class ValueNetwork {
  private readonly mlp: Mlp;
  private readonly passes: MlpPasses;

  constructor(inputSize: number, hiddenSizes: readonly number[], activation: Activation) {
    this.mlp = new Mlp(inputSize, hiddenSizes, 1, activation);
    this.passes = new MlpPasses(this.mlp.sizes, activation);
  }

  /** How many numbers φ has. */
  get size(): number {
    return this.mlp.parameterCount;
  }

  /** Draws φ_0, as policies draw theirs. */
  initialize(random: Random): Float64Array {
    return Float64Array.from(this.mlp.initialize(random));
  }

  /** f_φ of each row, `[M]`. */
  outputs(phi: Float64Array, inputs: Float32Array): Float64Array {
    const count = inputs.length / (this.mlp.sizes[0] as number);
    const { passes } = this;
    return kernels().orGiveBack(() => {
      const rows = passes.allocateRows(count, false);
      const packed = passes.allocateParameters();
      passes.setInputs(rows, inputs);
      const outputs = this.forward(phi, packed, rows);
      for (const part of [rows, packed]) passes.release(part);
      return outputs;
    });
  }

  /**
   * Lets `visit` ask for the loss and its gradient at any number of φ, on the same data in the kernels' memory.
   *
   * @returns What `visit` returns.
   */
  onData<T>(data: RegressionData, visit: (at: (phi: Float64Array) => LossAndGradient) => T): T {
    const { passes } = this;
    return kernels().orGiveBack(() => {
      const rows = passes.allocateRows(data.targets.length, true);
      const packed = passes.allocateParameters();
      const gradient = passes.allocateParameters();
      passes.setInputs(rows, data.inputs);
      const result = visit((phi) => this.evaluate(phi, data.targets, rows, packed, gradient));
      for (const part of [rows, packed, gradient]) passes.release(part);
      return result;
    });
  }

  private evaluate(
    phi: Float64Array,
    targets: Float64Array,
    rows: MlpRows,
    packed: PackedParameters,
    gradient: PackedParameters,
  ): LossAndGradient {
    const { passes } = this;
    const outputs = this.forward(phi, packed, rows);
    const deltas = passes.outputs(rows.deltas, rows.count);
    let loss = 0;
    for (let i = 0; i < outputs.length; i++) {
      const error = (outputs[i] as number) - (targets[i] as number);
      loss += error * error;
      deltas[i * passes.outputStride] = (2 * error) / rows.count;
    }
    passes.clear(gradient);
    passes.backward(packed, rows, gradient);
    const flat = new Float64Array(this.size);
    passes.addTo(flat, gradient, 1);
    return { loss: loss / rows.count, gradient: flat };
  }

  private forward(phi: Float64Array, packed: PackedParameters, rows: MlpRows): Float64Array {
    const { passes } = this;
    passes.load(phi, packed);
    passes.forward(packed, rows);
    const values = passes.outputs(rows.activations, rows.count);
    return Float64Array.from({ length: rows.count }, (_, i) => values[i * passes.outputStride] as number);
  }
}

/** The loss at some φ, and its gradient there. */
export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: Float64Array;
}
