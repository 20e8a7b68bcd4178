import { kernels } from './instance.js';

/** A parameter vector (θ, a direction or a gradient) by layers. Index 0 is unused: layers count from 1. */
export interface PackedParameters {
  /** `[in, stride(out)]` */
  readonly weights: readonly number[];
  /** `[out, stride(in)]` */
  readonly transposed: readonly number[];
  /** `[stride(out)]` */
  readonly bias: readonly number[];
}

/** What the passes compute for N rows. Index 0 is the input layer. */
export interface MlpRows {
  /** N. */
  readonly count: number;
  /** A_0 … A_L, `[N, stride]` each; A_L are the outputs. */
  readonly activations: readonly number[];
  /** δ_1 … δ_L (index 0 unused), or empty where no backward pass is wanted. */
  readonly deltas: readonly number[];
  /** E_1 … E_L−1 (index 0 unused), or empty. */
  readonly errors: readonly number[];
}

/** RA_1 … RA_L and Rδ_1 … Rδ_L of N rows (index 0 unused). */
export interface TangentRows {
  readonly activations: readonly number[];
  readonly deltas: readonly number[];
}

/**
 * Where a multilayer perceptron of fixed sizes keeps its numbers in the kernels' memory. Rows are as long as their stride, the next multiple
 * of 4; what lies beyond their length is never read as a number.
 */
export class MlpArrays {
  /** Input length, hidden sizes, output length. */
  readonly sizes: readonly number[];
  /** L, how many layers have weights. */
  protected readonly layers: number;
  private readonly strides: readonly number[];

  constructor(sizes: readonly number[]) {
    this.sizes = sizes;
    this.strides = sizes.map((size) => Math.ceil(size / 4) * 4);
    this.layers = sizes.length - 1;
  }

  /** Numbers from one output row to the next. */
  get outputStride(): number {
    return this.strides[this.layers] as number;
  }

  /** How many numbers of a flat vector are the network's. */
  get parameterCount(): number {
    return this.perLayer((l) => (this.size(l - 1) + 1) * this.size(l)).reduce((total, count) => total + count, 0);
  }

  /** Room for a parameter vector, all zero: what lies between the end of a row and its stride must stay so. As the next two, takes all or nothing. */
  allocateParameters(): PackedParameters {
    const zeros = (count: number) => {
      const pointer = this.allocate(count);
      kernels().view(pointer, count).fill(0);
      return pointer;
    };
    return kernels().orGiveBack(() => ({
      weights: this.perLayer((l) => zeros(this.size(l - 1) * this.stride(l))),
      transposed: this.perLayer((l) => zeros(this.size(l) * this.stride(l - 1))),
      bias: this.perLayer((l) => zeros(this.stride(l))),
    }));
  }

  /** Room for N rows; with `backward` also for δ and E. */
  allocateRows(count: number, backward: boolean): MlpRows {
    const rows = (l: number) => this.allocate(count * this.stride(l));
    return kernels().orGiveBack(() => ({
      count,
      activations: [rows(0), ...this.perLayer(rows).slice(1)],
      deltas: backward ? this.perLayer(rows) : [],
      errors: backward ? this.perLayer((l) => (l < this.layers ? rows(l) : 0)) : [],
    }));
  }

  /** Room for the tangents of N rows. */
  allocateTangents(count: number): TangentRows {
    const rows = (l: number) => this.allocate(count * this.stride(l));
    return kernels().orGiveBack(() => ({ activations: this.perLayer(rows), deltas: this.perLayer(rows) }));
  }

  /** Gives back what one of the above allocated. */
  release(parts: PackedParameters | MlpRows | TangentRows): void {
    for (const list of Object.values(parts)) {
      if (Array.isArray(list)) for (const pointer of list) if (pointer > 0) kernels().release(pointer);
    }
  }

  /** Copies a flat vector in the order of the layout: per layer `[in, out]` weights, then biases. */
  load(vector: Float64Array, into: PackedParameters): void {
    let offset = 0;
    for (let l = 1; l <= this.layers; l++) {
      const [rows, columns, stride, turned] = [this.size(l - 1), this.size(l), this.stride(l), this.stride(l - 1)];
      const weights = kernels().view(into.weights[l] as number, rows * stride);
      const transposed = kernels().view(into.transposed[l] as number, columns * turned);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const value = vector[offset++] as number;
          weights[i * stride + j] = value;
          transposed[j * turned + i] = value;
        }
      }
      const bias = kernels().view(into.bias[l] as number, stride);
      for (let j = 0; j < columns; j++) bias[j] = vector[offset++] as number;
    }
  }

  /** Adds `factor` times a gradient to a flat vector. */
  addTo(vector: Float64Array, gradient: PackedParameters, factor: number): void {
    let offset = 0;
    const add = (value: number) => {
      vector[offset] = (vector[offset] as number) + factor * value;
      offset += 1;
    };
    for (let l = 1; l <= this.layers; l++) {
      const [rows, columns, stride] = [this.size(l - 1), this.size(l), this.stride(l)];
      const weights = kernels().view(gradient.weights[l] as number, rows * stride);
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) add(weights[i * stride + j] as number);
      const bias = kernels().view(gradient.bias[l] as number, stride);
      for (let j = 0; j < columns; j++) add(bias[j] as number);
    }
  }

  /** Sets a gradient to zero. */
  clear(gradient: PackedParameters): void {
    for (let l = 1; l <= this.layers; l++) {
      kernels()
        .view(gradient.weights[l] as number, this.size(l - 1) * this.stride(l))
        .fill(0);
      kernels()
        .view(gradient.bias[l] as number, this.stride(l))
        .fill(0);
    }
  }

  /** Copies the first `count` rows of inputs `[count, in]` into A_0. */
  setInputs(rows: MlpRows, inputs: Float32Array, count: number = rows.count): void {
    const [size, stride] = [this.size(0), this.stride(0)];
    const view = kernels().view(rows.activations[0] as number, count * stride);
    for (let r = 0; r < count; r++) {
      for (let j = 0; j < size; j++) view[r * stride + j] = inputs[r * size + j] as number;
    }
  }

  /** The numbers of the last layer, `[N, outputStride]`, of a list such as `activations` or `deltas`. Valid until the next allocation. */
  outputs(list: readonly number[], count: number): Float32Array {
    return kernels().view(list[this.layers] as number, count * this.outputStride);
  }

  protected size(l: number): number {
    return this.sizes[l] as number;
  }

  protected stride(l: number): number {
    return this.strides[l] as number;
  }

  private allocate(count: number): number {
    return kernels().allocate(count);
  }

  /** `[0, of(1), …, of(L)]` */
  private perLayer(of: (l: number) => number): number[] {
    return this.sizes.map((_, l) => (l === 0 ? 0 : of(l)));
  }
}
