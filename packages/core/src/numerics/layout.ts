import { constant, type Tensor, variable } from './tensor.js';

/** One named part of a parameter vector. */
export interface ParameterPart {
  /** Unique within its layout, for example `hidden0/weights`. */
  readonly name: string;
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** Where the part begins in the flat vector. */
  readonly offset: number;
  /** How many numbers it has. */
  readonly size: number;
}

/**
 * Where each named part lies in a flat float64 vector. Optimizers see the vector; policies see the parts, as a list of
 * tensors in layout order.
 */
export class ParameterLayout {
  /** The parts, in the order of their offsets. */
  readonly parts: readonly ParameterPart[];
  /** The length of the flat vector. */
  readonly size: number;

  constructor(parts: readonly { readonly name: string; readonly shape: readonly number[] }[]) {
    const names = new Set<string>();
    let offset = 0;
    this.parts = parts.map(({ name, shape }) => {
      if (names.has(name)) throw new Error(`parameter layout: the name '${name}' appears twice`);
      names.add(name);
      const size = shape.reduce((product, length) => product * length, 1);
      const part = { name, shape: [...shape], offset, size };
      offset += size;
      return part;
    });
    this.size = offset;
  }

  /** Splits a flat vector into variables of the graph, in layout order. */
  variables(vector: Float64Array): Tensor[] {
    return this.split(vector, variable);
  }

  /** Splits a flat vector into constants of the graph, in layout order. */
  constants(vector: Float64Array): Tensor[] {
    return this.split(vector, constant);
  }

  /** Joins tensors in layout order into a flat vector; `undefined` stands for zeros. */
  flatten(tensors: readonly (Tensor | undefined)[]): Float64Array {
    if (tensors.length !== this.parts.length) {
      throw new RangeError(`flatten: expected ${this.parts.length} tensors, found ${tensors.length}`);
    }
    const vector = new Float64Array(this.size);
    this.parts.forEach((part, index) => {
      const tensor = tensors[index];
      if (!tensor) return;
      if (tensor.shape.length !== part.shape.length || part.shape.some((n, axis) => n !== tensor.shape[axis])) {
        throw new RangeError(
          `'${part.name}': expected shape [${part.shape.join(', ')}], found [${tensor.shape.join(', ')}]`,
        );
      }
      vector.set(tensor.data.dataSync() as Float32Array, part.offset);
    });
    return vector;
  }

  /** The parts of this layout followed by those of another, under a prefix. */
  concat(prefix: string, other: ParameterLayout): ParameterLayout {
    return new ParameterLayout([...this.parts, ...other.parts.map((p) => ({ ...p, name: `${prefix}/${p.name}` }))]);
  }

  private split(vector: Float64Array, leaf: (values: Float64Array, shape: readonly number[]) => Tensor): Tensor[] {
    if (vector.length !== this.size) {
      throw new RangeError(`a parameter vector of ${this.size} numbers was expected, found ${vector.length}`);
    }
    return this.parts.map((part) => leaf(vector.subarray(part.offset, part.offset + part.size), part.shape));
  }
}
