/*
 * What a policy makes of its network's outputs, with first and second derivatives written out. A head sees the outputs O of N rows (float32,
 * `stride` numbers apart) and extra parameters e of its own, such as log-standard deviations.
 *
 * For a loss Σ_i ψ_i(log π_i) with w_i = ψ_i′ and u_i = ψ_i″:
 *
 *   gradient    dO_i = w_i s_i,   de = Σ w_i t_i                       s = ∂ log π / ∂O,   t = ∂ log π / ∂e
 *   tangent     RdO_i = w_i Rs_i + u_i R(log π_i) s_i, and so for e,   R = derivative along (RO, Re)
 */

/** Network outputs of N rows. */
export interface OutputRows {
  readonly values: Float32Array;
  /** Numbers from one row to the next. */
  readonly stride: number;
  /** N. */
  readonly count: number;
}

/** Outputs and extra parameters: a point, a direction or a derivative. */
export interface HeadValues {
  readonly outputs: OutputRows;
  readonly extra: Float64Array;
}

/** See the head of this file. Actions are `[N, actionSize]`. */
export interface PolicyHead {
  /** How many extra parameters follow the network's. */
  readonly extraSize: number;
  /** log π of each row, into `out [N]`. */
  logProbabilities(at: HeadValues, actions: Float32Array, out: Float64Array): void;
  /** Writes dO and adds de. */
  gradient(at: HeadValues, actions: Float32Array, w: Float64Array, into: HeadValues): void;
  /** Writes RdO and adds Rde. `u` absent: zero. */
  tangent(
    at: HeadValues,
    actions: Float32Array,
    w: Float64Array,
    u: Float64Array | undefined,
    along: HeadValues,
    into: HeadValues,
  ): void;
  /** KL(p ‖ q) of each row, into `out [N]`. */
  kl(p: HeadValues, q: HeadValues, out: Float64Array): void;
  /** (Hessian of the mean KL at equal distributions) · `along`: writes dO and adds de. */
  fisher(at: HeadValues, along: HeadValues, into: HeadValues): void;
}
