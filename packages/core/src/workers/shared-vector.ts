/**
 * Vectors in memory that every thread sees. Several workers are asked about the same θ or direction in turn, so it is written once and
 * each gets the same memory. That memory is never written to again: a worker may keep the vector as long as it likes.
 */
export class SharedVectors {
  private last = new Float64Array(0);

  /** The same numbers in shared memory. */
  share(vector: Float64Array): Float64Array {
    if (!same(vector, this.last)) {
      const shared = new Float64Array(new SharedArrayBuffer(vector.byteLength));
      shared.set(vector);
      this.last = shared as Float64Array<ArrayBufferLike> as typeof this.last;
    }
    return this.last;
  }
}

/** Bit for bit as far as numbers go: 0 and −0 differ, NaN equals NaN. */
function same(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}
