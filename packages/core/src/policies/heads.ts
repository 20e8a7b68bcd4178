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

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Diagonal Gaussian: O is the mean, e the log-standard deviations, with a floor. */
export class GaussianHead implements PolicyHead {
  constructor(
    /** Actions' length A. */
    readonly extraSize: number,
    private readonly minLogStd: number,
  ) {}

  logProbabilities({ outputs, extra }: HeadValues, actions: Float32Array, out: Float64Array): void {
    const { logStd, precision } = this.scales(extra);
    for (let i = 0; i < outputs.count; i++) {
      let total = 0;
      for (let d = 0; d < this.extraSize; d++) {
        const error = difference(actions, outputs, i, d, this.extraSize);
        total -= 0.5 * error * error * (precision[d] as number) + (logStd[d] as number) + HALF_LOG_TWO_PI;
      }
      out[i] = total;
    }
  }

  gradient({ outputs, extra }: HeadValues, actions: Float32Array, w: Float64Array, into: HeadValues): void {
    const { precision, free } = this.scales(extra);
    for (let i = 0; i < outputs.count; i++) {
      const weight = w[i] as number;
      for (let d = 0; d < this.extraSize; d++) {
        const error = difference(actions, outputs, i, d, this.extraSize);
        const s = error * (precision[d] as number);
        into.outputs.values[i * into.outputs.stride + d] = weight * s;
        accumulate(into.extra, d, (free[d] as number) * weight * (s * error - 1));
      }
    }
  }

  tangent(
    { outputs, extra }: HeadValues,
    actions: Float32Array,
    w: Float64Array,
    u: Float64Array | undefined,
    along: HeadValues,
    into: HeadValues,
  ): void {
    const { precision, free } = this.scales(extra);
    const A = this.extraSize;
    const step = along.extra.map((value, d) => value * (free[d] as number));
    for (let i = 0; i < outputs.count; i++) {
      const weight = w[i] as number;
      let slope = 0; // u_i R log π_i
      if (u) {
        for (let d = 0; d < A; d++) {
          const error = difference(actions, outputs, i, d, A);
          const s = error * (precision[d] as number);
          slope +=
            s * (along.outputs.values[i * along.outputs.stride + d] as number) + (s * error - 1) * (step[d] as number);
        }
        slope *= u[i] as number;
      }
      for (let d = 0; d < A; d++) {
        const error = difference(actions, outputs, i, d, A);
        const s = error * (precision[d] as number);
        const rMean = along.outputs.values[i * along.outputs.stride + d] as number;
        const rs = -rMean * (precision[d] as number) - 2 * s * (step[d] as number);
        const rt = -2 * s * rMean - 2 * s * error * (step[d] as number);
        into.outputs.values[i * into.outputs.stride + d] = weight * rs + slope * s;
        accumulate(into.extra, d, (free[d] as number) * (weight * rt + slope * (s * error - 1)));
      }
    }
  }

  kl(p: HeadValues, q: HeadValues, out: Float64Array): void {
    const from = this.scales(p.extra);
    const to = this.scales(q.extra);
    let spread = 0;
    for (let d = 0; d < this.extraSize; d++) {
      const r = (from.logStd[d] as number) - (to.logStd[d] as number);
      spread += 0.5 * Math.expm1(2 * r) - r;
    }
    for (let i = 0; i < p.outputs.count; i++) {
      let total = spread;
      for (let d = 0; d < this.extraSize; d++) {
        const gap =
          (p.outputs.values[i * p.outputs.stride + d] as number) -
          (q.outputs.values[i * q.outputs.stride + d] as number);
        total += 0.5 * gap * gap * (to.precision[d] as number);
      }
      out[i] = total;
    }
  }

  fisher({ outputs, extra }: HeadValues, along: HeadValues, into: HeadValues): void {
    const { precision, free } = this.scales(extra);
    for (let i = 0; i < outputs.count; i++) {
      for (let d = 0; d < this.extraSize; d++) {
        const rMean = along.outputs.values[i * along.outputs.stride + d] as number;
        into.outputs.values[i * into.outputs.stride + d] = (rMean * (precision[d] as number)) / outputs.count;
      }
    }
    for (let d = 0; d < this.extraSize; d++)
      accumulate(into.extra, d, 2 * (free[d] as number) * (along.extra[d] as number));
  }

  /** log σ, 1/σ², and 1 where a parameter is not below its floor. */
  private scales(extra: Float64Array) {
    // As in the recorded policy, the parameter is a float32 before anything else is done with it.
    const rounded = Float32Array.from(extra);
    const logStd = Float64Array.from(rounded, (value) => Math.max(value, this.minLogStd));
    const free = Float64Array.from(rounded, (value) => (value >= Math.fround(this.minLogStd) ? 1 : 0));
    return { logStd, precision: logStd.map((value) => Math.exp(-2 * value)), free };
  }
}

/** Categorical: O are logits; no extra parameters. */
export class CategoricalHead implements PolicyHead {
  readonly extraSize = 0;
  private readonly p: Float64Array;

  /** @param count K, how many choices. */
  constructor(private readonly count: number) {
    this.p = new Float64Array(count);
  }

  logProbabilities({ outputs }: HeadValues, actions: Float32Array, out: Float64Array): void {
    for (let i = 0; i < outputs.count; i++) {
      const normalizer = this.softmax(outputs, i);
      out[i] = (outputs.values[i * outputs.stride + (actions[i] as number)] as number) - normalizer;
    }
  }

  gradient({ outputs }: HeadValues, actions: Float32Array, w: Float64Array, into: HeadValues): void {
    for (let i = 0; i < outputs.count; i++) {
      this.softmax(outputs, i);
      for (let k = 0; k < this.count; k++) {
        into.outputs.values[i * into.outputs.stride + k] = (w[i] as number) * this.score(k, actions[i] as number);
      }
    }
  }

  tangent(
    { outputs }: HeadValues,
    actions: Float32Array,
    w: Float64Array,
    u: Float64Array | undefined,
    along: HeadValues,
    into: HeadValues,
  ): void {
    for (let i = 0; i < outputs.count; i++) {
      this.softmax(outputs, i);
      const action = actions[i] as number;
      const mean = this.expectation(along.outputs, i);
      const at = i * along.outputs.stride;
      const slope = u ? (u[i] as number) * ((along.outputs.values[at + action] as number) - mean) : 0;
      for (let k = 0; k < this.count; k++) {
        const rs = -(this.p[k] as number) * ((along.outputs.values[at + k] as number) - mean);
        into.outputs.values[i * into.outputs.stride + k] = (w[i] as number) * rs + slope * this.score(k, action);
      }
    }
  }

  kl(p: HeadValues, q: HeadValues, out: Float64Array): void {
    for (let i = 0; i < p.outputs.count; i++) {
      const normalizerQ = this.softmax(q.outputs, i);
      const normalizerP = this.softmax(p.outputs, i);
      let total = 0;
      for (let k = 0; k < this.count; k++) {
        const logP = (p.outputs.values[i * p.outputs.stride + k] as number) - normalizerP;
        const logQ = (q.outputs.values[i * q.outputs.stride + k] as number) - normalizerQ;
        total += (this.p[k] as number) * (logP - logQ);
      }
      out[i] = total;
    }
  }

  fisher({ outputs }: HeadValues, along: HeadValues, into: HeadValues): void {
    for (let i = 0; i < outputs.count; i++) {
      this.softmax(outputs, i);
      const mean = this.expectation(along.outputs, i);
      for (let k = 0; k < this.count; k++) {
        const centred = (along.outputs.values[i * along.outputs.stride + k] as number) - mean;
        into.outputs.values[i * into.outputs.stride + k] = ((this.p[k] as number) * centred) / outputs.count;
      }
    }
  }

  private score(k: number, action: number): number {
    return (k === action ? 1 : 0) - (this.p[k] as number);
  }

  private expectation({ values, stride }: OutputRows, i: number): number {
    let total = 0;
    for (let k = 0; k < this.count; k++) total += (this.p[k] as number) * (values[i * stride + k] as number);
    return total;
  }

  /** Sets p to the probabilities of row i; returns the log of their normaliser. */
  private softmax({ values, stride }: OutputRows, i: number): number {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < this.count; k++) top = Math.max(top, values[i * stride + k] as number);
    let total = 0;
    for (let k = 0; k < this.count; k++) {
      const weight = Math.exp((values[i * stride + k] as number) - top);
      this.p[k] = weight;
      total += weight;
    }
    for (let k = 0; k < this.count; k++) this.p[k] = (this.p[k] as number) / total;
    return top + Math.log(total);
  }
}

function difference(actions: Float32Array, { values, stride }: OutputRows, i: number, d: number, size: number): number {
  return (actions[i * size + d] as number) - (values[i * stride + d] as number);
}

function accumulate(vector: Float64Array, index: number, value: number): void {
  vector[index] = (vector[index] as number) + value;
}
