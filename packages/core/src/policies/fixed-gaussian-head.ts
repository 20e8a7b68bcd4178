import { GaussianHead } from './gaussian-head.js';
import type { HeadValues, PolicyHead } from './heads.js';

/** Diagonal Gaussian whose log-standard deviations are constants: O is the mean; no extra parameters. */
export class FixedGaussianHead implements PolicyHead {
  readonly extraSize = 0;
  private readonly head: GaussianHead;
  private readonly still: Float64Array;

  /** @param logStd log σ, `[A]`. */
  constructor(private readonly logStd: Float64Array) {
    this.head = new GaussianHead(logStd.length, Number.NEGATIVE_INFINITY);
    this.still = new Float64Array(logStd.length);
  }

  logProbabilities(at: HeadValues, actions: Float32Array, out: Float64Array): void {
    this.head.logProbabilities(this.withStd(at), actions, out);
  }

  gradient(at: HeadValues, actions: Float32Array, w: Float64Array, into: HeadValues): void {
    this.head.gradient(this.withStd(at), actions, w, this.discarding(into));
  }

  tangent(
    at: HeadValues,
    actions: Float32Array,
    w: Float64Array,
    u: Float64Array | undefined,
    along: HeadValues,
    into: HeadValues,
  ): void {
    const still = { outputs: along.outputs, extra: this.still };
    this.head.tangent(this.withStd(at), actions, w, u, still, this.discarding(into));
  }

  kl(p: HeadValues, q: HeadValues, out: Float64Array): void {
    this.head.kl(this.withStd(p), this.withStd(q), out);
  }

  fisher(at: HeadValues, along: HeadValues, into: HeadValues): void {
    this.head.fisher(this.withStd(at), { outputs: along.outputs, extra: this.still }, this.discarding(into));
  }

  private withStd({ outputs }: HeadValues): HeadValues {
    return { outputs, extra: this.logStd };
  }

  /** A place for derivatives in log σ, which nobody wants. */
  private discarding({ outputs }: HeadValues): HeadValues {
    return { outputs, extra: new Float64Array(this.logStd.length) };
  }
}
