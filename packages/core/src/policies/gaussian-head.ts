import { HALF_LOG_TWO_PI } from './gaussian.js';
import type { HeadValues, OutputRows, PolicyHead } from './heads.js';

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

function difference(actions: Float32Array, { values, stride }: OutputRows, i: number, d: number, size: number): number {
  return (actions[i * size + d] as number) - (values[i * stride + d] as number);
}

function accumulate(vector: Float64Array, index: number, value: number): void {
  vector[index] = (vector[index] as number) + value;
}
