import type { MlpRows, PackedParameters } from '../kernels/mlp-arrays.js';
import { MlpPasses } from '../kernels/mlp-passes.js';
import type { OutputRows } from './heads.js';
import type { Activation } from './mlp.js';

/**
 * The outputs of a multilayer perceptron for batches of observations, for acting: one set of buffers that all actors of a policy share.
 * They act in turn, one batch after the other; whoever comes after another loads its parameters again.
 */
export class NetworkRows {
  private readonly passes: MlpPasses;
  private packed: PackedParameters | undefined;
  private rows: MlpRows | undefined;
  private loaded: Float64Array | undefined;

  constructor(sizes: readonly number[], activation: Activation) {
    this.passes = new MlpPasses(sizes, activation);
  }

  /**
   * Outputs for the first `count` rows of `observations [count, in]`. Valid until the next call.
   *
   * @param parameters Flat, network first. Must not be changed while an actor uses it: it is known by identity.
   */
  outputs(parameters: Float64Array, observations: Float32Array, count: number): OutputRows {
    const { passes } = this;
    this.packed ??= passes.allocateParameters();
    if (this.loaded !== parameters) passes.load(parameters, this.packed);
    this.loaded = parameters;
    if (!this.rows || this.rows.count < count) {
      if (this.rows) passes.release(this.rows);
      this.rows = passes.allocateRows(count, false);
    }
    passes.setInputs(this.rows, observations, count);
    passes.forward(this.packed, this.rows, count);
    return { values: passes.outputs(this.rows.activations, count), stride: passes.outputStride, count };
  }
}
