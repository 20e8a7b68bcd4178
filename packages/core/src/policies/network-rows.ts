import type { MlpRows, PackedParameters } from '../kernels/mlp-arrays.js';
import { MlpPasses } from '../kernels/mlp-passes.js';
import type { OutputRows } from './heads.js';
import type { Activation } from './mlp.js';

/** What a {@link NetworkRows} has of the kernels' memory. */
interface Buffers {
  readonly passes: MlpPasses;
  packed?: PackedParameters | undefined;
  rows?: MlpRows | undefined;
}

/** Gives back the buffers of policies that nothing refers to any more: a policy has no end of its own, but its process may make many. */
const abandoned = new FinalizationRegistry(({ passes, packed, rows }: Buffers) => {
  for (const part of [packed, rows]) if (part) passes.release(part);
});

/**
 * The outputs of a multilayer perceptron for batches of observations, for acting: one set of buffers that all actors of a policy share.
 * They act in turn, one batch after the other; whoever comes after another loads its parameters again. The buffers go when the policy and its
 * actors are collected as garbage.
 */
export class NetworkRows {
  private readonly buffers: Buffers;
  private loaded: Float64Array | undefined;

  constructor(sizes: readonly number[], activation: Activation) {
    this.buffers = { passes: new MlpPasses(sizes, activation) };
    abandoned.register(this, this.buffers);
  }

  /**
   * Outputs for the first `count` rows of `observations [count, in]`. Valid until the next call.
   *
   * @param parameters Flat, network first. Must not be changed while an actor uses it: it is known by identity.
   */
  outputs(parameters: Float64Array, observations: Float32Array, count: number): OutputRows {
    const { buffers } = this;
    const { passes } = buffers;
    buffers.packed ??= passes.allocateParameters();
    if (this.loaded !== parameters) passes.load(parameters, buffers.packed);
    this.loaded = parameters;
    const rows = this.rowsFor(count);
    passes.setInputs(rows, observations, count);
    passes.forward(buffers.packed, rows, count);
    return { values: passes.outputs(rows.activations, count), stride: passes.outputStride, count };
  }

  private rowsFor(count: number): MlpRows {
    const { buffers } = this;
    const { passes, rows } = buffers;
    if (rows && rows.count >= count) return rows;
    if (rows) passes.release(rows);
    buffers.rows = undefined; // in case the next line throws
    buffers.rows = passes.allocateRows(count, false);
    return buffers.rows;
  }
}
