import { HALF_LOG_TWO_PI } from './gaussian.js';
import type { HeadValues, OutputRows, PolicyHead } from './heads.js';

/**
 * Diagonal Gaussian whose standard deviations are outputs too: O is the mean and then the log-standard deviations, 2A numbers, these with a
 * floor. No extra parameters. With e = a − μ, ℓ = max(log σ output, floor), p = e^(−2ℓ):
 *
 *   s = ∂ log π / ∂μ = e p,   t = ∂ log π / ∂ℓ = s e − 1,   Rs = −p Rμ − 2 s Rℓ,   Rt = −2 s Rμ − 2 s e Rℓ
 */
export class StateGaussianHead implements PolicyHead {
  readonly extraSize = 0;

  constructor(
    /** Actions' length A. */
    private readonly size: number,
    private readonly minLogStd: number,
  ) {}

  logProbabilities({ outputs }: HeadValues, actions: Float32Array, out: Float64Array): void {
    for (let i = 0; i < outputs.count; i++) {
      let total = 0;
      for (let d = 0; d < this.size; d++) {
        const { error, precision, logStd } = this.at(outputs, actions, i, d);
        total -= 0.5 * error * error * precision + logStd + HALF_LOG_TWO_PI;
      }
      out[i] = total;
    }
  }

  gradient({ outputs }: HeadValues, actions: Float32Array, w: Float64Array, into: HeadValues): void {
    for (let i = 0; i < outputs.count; i++) {
      const weight = w[i] as number;
      for (let d = 0; d < this.size; d++) {
        const { error, precision, free } = this.at(outputs, actions, i, d);
        const s = error * precision;
        this.write(into.outputs, i, d, weight * s, free * weight * (s * error - 1));
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
      const weight = w[i] as number;
      const slope = u ? (u[i] as number) * this.rLogProbability(outputs, actions, along.outputs, i) : 0;
      for (let d = 0; d < this.size; d++) {
        const { error, precision, free } = this.at(outputs, actions, i, d);
        const { rMean, rLogStd } = this.direction(along.outputs, i, d, free);
        const s = error * precision;
        const rs = -precision * rMean - 2 * s * rLogStd;
        const rt = -2 * s * rMean - 2 * s * error * rLogStd;
        this.write(into.outputs, i, d, weight * rs + slope * s, free * (weight * rt + slope * (s * error - 1)));
      }
    }
  }

  kl(p: HeadValues, q: HeadValues, out: Float64Array): void {
    for (let i = 0; i < p.outputs.count; i++) {
      let total = 0;
      for (let d = 0; d < this.size; d++) {
        const to = this.spread(q.outputs, i, d);
        const r = this.spread(p.outputs, i, d).logStd - to.logStd;
        const gap = mean(p.outputs, i, d) - mean(q.outputs, i, d);
        total += 0.5 * Math.expm1(2 * r) - r + 0.5 * gap * gap * to.precision;
      }
      out[i] = total;
    }
  }

  fisher({ outputs }: HeadValues, along: HeadValues, into: HeadValues): void {
    for (let i = 0; i < outputs.count; i++) {
      for (let d = 0; d < this.size; d++) {
        const { precision, free } = this.spread(outputs, i, d);
        const { rMean, rLogStd } = this.direction(along.outputs, i, d, free);
        this.write(into.outputs, i, d, (precision * rMean) / outputs.count, (2 * free * rLogStd) / outputs.count);
      }
    }
  }

  /** R log π of row i: Σ_d s Rμ + t Rℓ. */
  private rLogProbability(outputs: OutputRows, actions: Float32Array, along: OutputRows, i: number): number {
    let total = 0;
    for (let d = 0; d < this.size; d++) {
      const { error, precision, free } = this.at(outputs, actions, i, d);
      const { rMean, rLogStd } = this.direction(along, i, d, free);
      const s = error * precision;
      total += s * rMean + (s * error - 1) * rLogStd;
    }
    return total;
  }

  private at(outputs: OutputRows, actions: Float32Array, i: number, d: number) {
    const error = (actions[i * this.size + d] as number) - mean(outputs, i, d);
    return { error, ...this.spread(outputs, i, d) };
  }

  /** log σ, 1/σ², and 1 where the output is not below its floor. */
  private spread({ values, stride }: OutputRows, i: number, d: number) {
    const output = values[i * stride + this.size + d] as number;
    const logStd = Math.max(output, this.minLogStd);
    return { logStd, precision: Math.exp(-2 * logStd), free: output >= Math.fround(this.minLogStd) ? 1 : 0 };
  }

  private direction({ values, stride }: OutputRows, i: number, d: number, free: number) {
    const at = i * stride;
    return { rMean: values[at + d] as number, rLogStd: free * (values[at + this.size + d] as number) };
  }

  private write({ values, stride }: OutputRows, i: number, d: number, toMean: number, toLogStd: number): void {
    values[i * stride + d] = toMean;
    values[i * stride + this.size + d] = toLogStd;
  }
}

function mean({ values, stride }: OutputRows, i: number, d: number): number {
  return values[i * stride + d] as number;
}
