import type { Activation } from '../policies/mlp.js';
import { kernels } from './instance.js';

/*
 * The passes of a multilayer perceptron, written out, over rows of float32 in the kernels' memory. With A_0 the inputs, L layers and f the
 * activation (the last layer is linear):
 *
 *   forward            Z_l = A_l−1 W_l + b_l,   A_l = f(Z_l)
 *   backward           δ_L given;   dW_l = A_l−1ᵀ δ_l,   db_l = Σ δ_l,   E_l−1 = δ_l W_lᵀ,   δ_l−1 = E_l−1 ∘ f′(Z_l−1)
 *   tangent            RZ_l = RA_l−1 W_l + A_l−1 V_l + c_l,   RA_l = f′(Z_l) ∘ RZ_l          along the direction (V, c)
 *   tangentBackward    Rδ_L given;  RdW_l = RA_l−1ᵀ δ_l + A_l−1ᵀ Rδ_l,   Rdb_l = Σ Rδ_l,
 *                      Rδ_l−1 = (Rδ_l W_lᵀ + δ_l V_lᵀ) ∘ f′(Z_l−1) + E_l−1 ∘ R f′(Z_l−1)
 *
 * The last two are Pearlmutter's R-operator ("Fast Exact Multiplication by the Hessian", Neural Computation 1994) on the first two. Each pass
 * takes a tile of rows through all layers, so that a tile's activations stay in cache.
 */

/** Rows of a tile: 64 rows of 64 numbers are 16 KB. */
const TILE = 64;
const KINDS: Record<Activation, number> = { tanh: 0, relu: 1, sigmoid: 2 };
const FLOAT = 4;

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

/** A multilayer perceptron of fixed sizes on the kernels. Holds no parameters. */
export class MlpPasses {
  /** Input length, hidden sizes, output length. */
  readonly sizes: readonly number[];
  private readonly strides: readonly number[];
  private readonly kind: number;
  private readonly layers: number;

  constructor(sizes: readonly number[], activation: Activation) {
    this.sizes = sizes;
    this.strides = sizes.map((size) => Math.ceil(size / 4) * 4);
    this.kind = KINDS[activation];
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

  /** Room for a parameter vector, all zero: what lies between the end of a row and its stride must stay so. */
  allocateParameters(): PackedParameters {
    const zeros = (count: number) => {
      const pointer = this.allocate(count);
      kernels().view(pointer, count).fill(0);
      return pointer;
    };
    return {
      weights: this.perLayer((l) => zeros(this.size(l - 1) * this.stride(l))),
      transposed: this.perLayer((l) => zeros(this.size(l) * this.stride(l - 1))),
      bias: this.perLayer((l) => zeros(this.stride(l))),
    };
  }

  /** Room for N rows; with `backward` also for δ and E. */
  allocateRows(count: number, backward: boolean): MlpRows {
    const rows = (l: number) => this.allocate(count * this.stride(l));
    return {
      count,
      activations: [rows(0), ...this.perLayer(rows).slice(1)],
      deltas: backward ? this.perLayer(rows) : [],
      errors: backward ? this.perLayer((l) => (l < this.layers ? rows(l) : 0)) : [],
    };
  }

  /** Room for the tangents of N rows. */
  allocateTangents(count: number): TangentRows {
    const rows = (l: number) => this.allocate(count * this.stride(l));
    return { activations: this.perLayer(rows), deltas: this.perLayer(rows) };
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

  /** Computes A_1 … A_L of the first `count` rows. */
  forward(p: PackedParameters, rows: MlpRows, count: number = rows.count): void {
    const { run } = kernels();
    for (let first = 0; first < count; first += TILE) {
      const n = Math.min(TILE, count - first);
      for (let l = 1; l <= this.layers; l++) {
        const z = this.at(rows.activations, l, first);
        run.fillRows(z, n, this.stride(l), p.bias[l] as number);
        this.rowsTimes(n, rows.activations, l - 1, first, p.weights[l] as number, l, z, 1);
        if (l < this.layers) run.activate(this.kind, z, n * this.stride(l));
      }
    }
  }

  /** From δ_L, computes E and δ and adds to `gradient` (weights and bias). */
  backward(p: PackedParameters, rows: MlpRows, gradient: PackedParameters): void {
    const { run } = kernels();
    for (let first = 0; first < rows.count; first += TILE) {
      const n = Math.min(TILE, rows.count - first);
      for (let l = this.layers; l >= 1; l--) {
        const delta = this.at(rows.deltas, l, first);
        this.addOuter(n, this.at(rows.activations, l - 1, first), delta, l, gradient);
        run.addColumnSums(gradient.bias[l] as number, delta, n, this.stride(l));
        if (l === 1) break;
        const e = this.at(rows.errors, l - 1, first);
        this.rowsTimes(n, rows.deltas, l, first, p.transposed[l] as number, l - 1, e, 0);
        const below = this.at(rows.deltas, l - 1, first);
        run.timesSlope(this.kind, below, e, this.at(rows.activations, l - 1, first), n * this.stride(l - 1));
      }
    }
  }

  /** Computes RA_1 … RA_L along a direction. */
  tangent(p: PackedParameters, v: PackedParameters, rows: MlpRows, tangents: TangentRows): void {
    const { run } = kernels();
    for (let first = 0; first < rows.count; first += TILE) {
      const n = Math.min(TILE, rows.count - first);
      for (let l = 1; l <= this.layers; l++) {
        const rz = this.at(tangents.activations, l, first);
        run.fillRows(rz, n, this.stride(l), v.bias[l] as number);
        this.rowsTimes(n, rows.activations, l - 1, first, v.weights[l] as number, l, rz, 1);
        if (l > 1) this.rowsTimes(n, tangents.activations, l - 1, first, p.weights[l] as number, l, rz, 1);
        if (l < this.layers) {
          run.timesSlope(this.kind, rz, rz, this.at(rows.activations, l, first), n * this.stride(l));
        }
      }
    }
  }

  /** From Rδ_L, adds to `gradient` its derivative along the direction. Needs a backward and a tangent pass before. */
  tangentBackward(
    p: PackedParameters,
    v: PackedParameters,
    rows: MlpRows,
    tangents: TangentRows,
    gradient: PackedParameters,
  ): void {
    const { run } = kernels();
    for (let first = 0; first < rows.count; first += TILE) {
      const n = Math.min(TILE, rows.count - first);
      for (let l = this.layers; l >= 1; l--) {
        const delta = this.at(rows.deltas, l, first);
        const rDelta = this.at(tangents.deltas, l, first);
        const a = this.at(rows.activations, l - 1, first);
        this.addOuter(n, a, rDelta, l, gradient);
        run.addColumnSums(gradient.bias[l] as number, rDelta, n, this.stride(l));
        if (l === 1) break;
        const ra = this.at(tangents.activations, l - 1, first);
        this.addOuter(n, ra, delta, l, gradient);
        const t = this.at(tangents.deltas, l - 1, first);
        this.rowsTimes(n, tangents.deltas, l, first, p.transposed[l] as number, l - 1, t, 0);
        this.rowsTimes(n, rows.deltas, l, first, v.transposed[l] as number, l - 1, t, 1);
        const e = this.at(rows.errors, l - 1, first);
        run.timesSlopeAlong(this.kind, t, t, a, e, ra, n * this.stride(l - 1));
      }
    }
  }

  /** `out [n, to]` (+)= rows of layer `from` times a matrix `[from, stride(to)]`. */
  private rowsTimes(
    n: number,
    list: readonly number[],
    from: number,
    first: number,
    matrix: number,
    to: number,
    out: number,
    add: 0 | 1,
  ): void {
    const [rowA, rowC] = [this.stride(from) * FLOAT, this.stride(to) * FLOAT];
    kernels().run.gemm(
      n,
      this.stride(to),
      this.size(from),
      this.at(list, from, first),
      rowA,
      FLOAT,
      matrix,
      rowC,
      out,
      rowC,
      add,
    );
  }

  /** weights of layer l += aᵀ δ over n rows. */
  private addOuter(n: number, a: number, delta: number, l: number, gradient: PackedParameters): void {
    const [rowA, rowC] = [this.stride(l - 1) * FLOAT, this.stride(l) * FLOAT];
    const weights = gradient.weights[l] as number;
    kernels().run.gemm(this.size(l - 1), this.stride(l), n, a, FLOAT, rowA, delta, rowC, weights, rowC, 1);
  }

  private at(list: readonly number[], l: number, row: number): number {
    return (list[l] as number) + row * this.stride(l) * FLOAT;
  }

  private size(l: number): number {
    return this.sizes[l] as number;
  }

  private stride(l: number): number {
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
