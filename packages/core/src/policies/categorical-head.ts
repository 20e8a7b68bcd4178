import type { HeadValues, OutputRows, PolicyHead } from './heads.js';

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
