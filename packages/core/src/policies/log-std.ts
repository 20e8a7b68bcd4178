import type { Distribution } from '../contracts/policy.js';
import * as ops from '../numerics/ops.js';
import { constant, type Tensor } from '../numerics/tensor.js';
import { FixedGaussianHead } from './fixed-gaussian-head.js';
import { GaussianHead } from './gaussian-head.js';
import type { OutputRows, PolicyHead } from './heads.js';
import { StateGaussianHead } from './state-gaussian-head.js';

/** Where the log-standard deviations of a Gaussian policy come from. A is the length of an action. */
export interface LogStdSource {
  /** How many outputs its network has; the first A are the mean. */
  readonly outputs: number;
  /** Parameters beyond the network's. */
  readonly parts: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Derivatives, written out. */
  readonly head: PolicyHead;
  /** θ_0, given the parameters of a network with the means as its only outputs. */
  initial(meanNetwork: Float64Array): Float64Array;
  /** `[mean [N, A], logStd [A] or [N, A]]` from the network's outputs `[N, outputs]` and the first of {@link parts}. */
  distribution(outputs: Tensor, own: Tensor | undefined): Distribution;
  /** What an actor reads the standard deviations of a row of outputs from; `own` are the values of {@link parts}. */
  reader(own: Float64Array): (outputs: OutputRows, row: number) => RowStd;
}

/** log σ and σ at one state, `[A]` each. */
export interface RowStd {
  readonly logStd: ArrayLike<number>;
  readonly std: ArrayLike<number>;
}

/** What a {@link LogStdSource} is made of. */
export interface LogStdOptions {
  /** A. */
  readonly size: number;
  /** Length of the network's last hidden layer, or of its input. */
  readonly lastHidden: number;
  /** At least the floor. */
  readonly initialLogStd: number;
  /** The floor. */
  readonly minLogStd: number;
}

/** The sources, by the name that the option `logStd` has for them. */
export const LOG_STD_SOURCES = {
  learned: (options: LogStdOptions): LogStdSource => new LearnedLogStd(options),
  fixed: (options: LogStdOptions): LogStdSource => new FixedLogStd(options),
  'state-dependent': (options: LogStdOptions): LogStdSource => new StateLogStd(options),
} as const;

/** A parameter vector of its own, the same in every state. */
class LearnedLogStd implements LogStdSource {
  readonly outputs: number;
  readonly parts: LogStdSource['parts'];
  readonly head: PolicyHead;

  constructor(private readonly options: LogStdOptions) {
    this.outputs = options.size;
    this.parts = [{ name: 'logStd', shape: [options.size] }];
    this.head = new GaussianHead(options.size, options.minLogStd);
  }

  initial(meanNetwork: Float64Array): Float64Array {
    const { size, initialLogStd } = this.options;
    return Float64Array.from([...meanNetwork, ...new Array<number>(size).fill(initialLogStd)]);
  }

  distribution(outputs: Tensor, own: Tensor | undefined): Distribution {
    return [outputs, ops.atLeast(own as Tensor, this.options.minLogStd)];
  }

  reader(own: Float64Array): () => RowStd {
    const logStd = own.map((value) => Math.max(value, this.options.minLogStd));
    const same = { logStd, std: logStd.map(Math.exp) };
    return () => same;
  }
}

/** A constant: no parameter, so neither trained nor adapted. */
class FixedLogStd implements LogStdSource {
  readonly outputs: number;
  readonly parts = [];
  readonly head: PolicyHead;
  private readonly logStd: Float64Array;

  constructor({ size, initialLogStd }: LogStdOptions) {
    this.outputs = size;
    this.logStd = new Float64Array(size).fill(initialLogStd);
    this.head = new FixedGaussianHead(this.logStd);
  }

  initial(meanNetwork: Float64Array): Float64Array {
    return meanNetwork;
  }

  distribution(outputs: Tensor): Distribution {
    return [outputs, constant(this.logStd, [this.logStd.length])];
  }

  reader(): () => RowStd {
    const same = { logStd: this.logStd, std: this.logStd.map(Math.exp) };
    return () => same;
  }
}

/** A second half of the network's outputs. At first it is the same in every state: those weights begin as 0. */
class StateLogStd implements LogStdSource {
  readonly outputs: number;
  readonly parts = [];
  readonly head: PolicyHead;

  constructor(private readonly options: LogStdOptions) {
    this.outputs = 2 * options.size;
    this.head = new StateGaussianHead(options.size, options.minLogStd);
  }

  initial(meanNetwork: Float64Array): Float64Array {
    const { size, lastHidden, initialLogStd } = this.options;
    // The last layer is `lastHidden` rows of weights and one of biases; each becomes twice as long.
    const body = meanNetwork.length - (lastHidden + 1) * size;
    const theta = new Float64Array(body + (lastHidden + 1) * 2 * size);
    theta.set(meanNetwork.subarray(0, body));
    for (let row = 0; row <= lastHidden; row++) {
      const from = body + row * size;
      theta.set(meanNetwork.subarray(from, from + size), body + row * 2 * size);
    }
    return theta.fill(initialLogStd, theta.length - size);
  }

  distribution(outputs: Tensor): Distribution {
    const { size, minLogStd } = this.options;
    return [columns(outputs, 0, size), ops.atLeast(columns(outputs, size, size), minLogStd)];
  }

  reader(): (outputs: OutputRows, row: number) => RowStd {
    const { size, minLogStd } = this.options;
    const logStd = new Float64Array(size);
    const std = new Float64Array(size);
    return ({ values, stride }, row) => {
      for (let d = 0; d < size; d++) {
        logStd[d] = Math.max(values[row * stride + size + d] as number, minLogStd);
        std[d] = Math.exp(logStd[d] as number);
      }
      return { logStd, std };
    };
  }
}

/** `count` columns of `[N, k]` from column `first` on: a product with zeros and ones, whose derivative is a product again. */
function columns(x: Tensor, first: number, count: number): Tensor {
  const k = x.shape[1] as number;
  const choice = new Float32Array(k * count);
  for (let c = 0; c < count; c++) choice[(first + c) * count + c] = 1;
  return ops.matMul(x, constant(choice, [k, count]));
}
