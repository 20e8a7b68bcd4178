import * as tf from '@tensorflow/tfjs-core';

/**
 * The nodes of the computation graph.
 *
 * tfjs supplies kernels only. Its own differentiation drops terms from second derivatives without a word
 * (tensorflow/tfjs#3252), so every operation here records what it was made of and how to send a cotangent back,
 * written in the same operations: the set is closed under differentiation, to any order. Values are computed at
 * once, and a graph lives as long as someone holds it, so a derivative can be asked of it again and again (a
 * conjugate-gradient solve asks ten times) without tracing anything twice.
 */

/** Sends the cotangent of an output back to one input; called only for inputs that are needed. */
export type Pullback = (cotangent: Tensor) => Tensor;

/** A float32 array on the active backend, with the graph that made it. Shape `[]` is a scalar. */
export class Tensor {
  /** @internal Use {@link constant}, {@link variable} or an operation. */
  constructor(
    /** The kernel library's tensor. Nothing outside `numerics` should touch it. */
    readonly data: tf.Tensor,
    /** What this was computed from; empty for a leaf. */
    readonly inputs: readonly Tensor[],
    /** One pullback for each input; empty for a leaf. */
    readonly pullbacks: readonly Pullback[],
    /** Whether a derivative with respect to some variable can pass through here. */
    readonly tracked: boolean,
    /** What keeps the value alive, if it outlives the scope that it was made in. */
    readonly workspace: Workspace | undefined = active,
  ) {}

  /** The length of each axis. */
  get shape(): readonly number[] {
    return this.data.shape;
  }

  /** How many elements there are. */
  get size(): number {
    return this.data.size;
  }

  /** The elements in row-major order, copied out of the backend. */
  values(): Float32Array {
    return Float32Array.from(this.data.dataSync() as Float32Array);
  }

  /** The only element of a scalar (or of any one-element tensor). */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item(): expected one element, found shape [${this.shape.join(', ')}]`);
    return this.data.dataSync()[0] as number;
  }
}

/** Keeps every tensor of a graph alive between calls, until it is disposed of. */
export class Workspace {
  private readonly held: tf.Tensor[] = [];

  /** Runs `build`; all nodes made in it live until {@link dispose}. */
  run<T>(build: () => T): T {
    const outer = active;
    active = this;
    try {
      return tidyContainer(build);
    } finally {
      active = outer;
    }
  }

  /** @internal */
  hold(data: tf.Tensor): void {
    this.held.push(tf.keep(data));
  }

  /** Bytes held on the backend (float32). */
  get bytes(): number {
    let total = 0;
    for (const data of this.held) total += data.size * 4;
    return total;
  }

  /** Frees everything that was made in {@link run}. */
  dispose(): void {
    for (const data of this.held) data.dispose();
    this.held.length = 0;
  }
}

let active: Workspace | undefined;

/** tf.tidy looks for tensors inside what is returned; our results are graphs, which it must not walk. */
function tidyContainer<T>(run: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = run();
  });
  return result as T;
}

/**
 * Runs `compute` and frees every tensor that was made in it. The result must therefore be numbers or typed arrays,
 * not tensors; for a graph that must survive use a {@link Workspace}.
 */
export function tidy<T>(compute: () => T): T {
  const outer = active;
  active = undefined;
  try {
    return tidyContainer(compute);
  } finally {
    active = outer;
  }
}

/** Makes something that belongs to `x`, such as its transpose: it lives as long as x does, wherever it is first asked for. */
export function beside<T>(x: Tensor, make: () => T): T {
  return x.workspace ? x.workspace.run(make) : make();
}

/** Makes a node; every operation ends here. */
export function node(data: tf.Tensor, inputs: readonly Tensor[] = [], pullbacks: readonly Pullback[] = []): Tensor {
  active?.hold(data);
  const tracked = inputs.some((input) => input.tracked);
  return tracked ? new Tensor(data, inputs, pullbacks, true) : new Tensor(data, [], [], false);
}

type Numbers = Float32Array | Float64Array | readonly number[];

function upload(values: Numbers, shape: readonly number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  if (values.length !== size) {
    throw new RangeError(`a tensor of shape [${shape.join(', ')}] needs ${size} values, found ${values.length}`);
  }
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const data = tf.tensor(floats, [...shape], 'float32');
  active?.hold(data);
  return data;
}

/** A leaf that no derivative is taken with respect to. */
export function constant(values: Numbers, shape: readonly number[]): Tensor {
  return new Tensor(upload(values, shape), [], [], false);
}

/** A leaf that derivatives can be taken with respect to. */
export function variable(values: Numbers, shape: readonly number[]): Tensor {
  return new Tensor(upload(values, shape), [], [], true);
}

/** The same value as a new constant: derivatives stop here. */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor(x.data, [], [], false, x.workspace);
}

/** The same value as a new variable: the graph is cut here, and derivatives can be taken from here on. */
export function detach(x: Tensor): Tensor {
  return new Tensor(x.data, [], [], true, x.workspace);
}

/** How many tensors the backend holds; equal before and after means that nothing leaked. */
export function tensorCount(): number {
  return tf.memory().numTensors;
}
