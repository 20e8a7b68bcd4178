import type { Activation } from '../policies/mlp.js';
import { kernels } from './instance.js';
import { MlpArrays, type MlpRows, type PackedParameters, type TangentRows } from './mlp-arrays.js';

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

/** The passes of a multilayer perceptron of fixed sizes on the kernels. Holds no parameters. */
export class MlpPasses extends MlpArrays {
  private readonly kind: number;

  constructor(sizes: readonly number[], activation: Activation) {
    super(sizes);
    this.kind = KINDS[activation];
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
}
