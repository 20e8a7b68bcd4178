import * as tf from '@tensorflow/tfjs-core';
import { add, dot } from './ops.js';
import { node, type Tensor, variable } from './tensor.js';

/**
 * Derivatives of recorded graphs. The results are graphs again, so all of these can be nested.
 */

/**
 * The vector-Jacobian product `Jᵀ u` of `outputs` with respect to `inputs`, by reverse accumulation.
 *
 * @param outputs What was computed.
 * @param inputs Nodes that it was computed from; need not be leaves.
 * @param cotangents `u`, one of each output's shape; an absent one counts as zero.
 * @returns One tensor of each input's shape; `undefined` where no output depends on that input.
 */
export function pullback(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): (Tensor | undefined)[] {
  const wanted = new Set(inputs);
  const order = between(outputs, wanted);
  const received = new Map<Tensor, Tensor>();
  const receive = (target: Tensor, cotangent: Tensor) => {
    const before = received.get(target);
    received.set(target, before ? add(before, cotangent) : cotangent);
  };
  outputs.forEach((output, index) => {
    const cotangent = cotangents[index];
    if (cotangent) receive(output, cotangent);
  });
  const useful = new Set(order);
  for (const current of order.reverse()) {
    const cotangent = received.get(current);
    if (!cotangent) continue;
    // What is asked for is not passed beyond unless another wanted node lies behind it.
    current.inputs.forEach((input, index) => {
      const back = current.pullbacks[index];
      if (back && useful.has(input)) receive(input, back(cotangent));
    });
    if (!wanted.has(current)) received.delete(current);
  }
  return inputs.map((input) => received.get(input));
}

/** The nodes on a path from `wanted` to `outputs`, inputs before what is made of them. */
function between(outputs: readonly Tensor[], wanted: ReadonlySet<Tensor>): Tensor[] {
  const depends = new Map<Tensor, boolean>();
  const order: Tensor[] = [];
  // An explicit stack: graphs of many adaptation steps are deeper than the call stack.
  const stack: { current: Tensor; next: number; found: boolean }[] = [];
  const enter = (current: Tensor) => stack.push({ current, next: 0, found: wanted.has(current) });
  for (const output of outputs) {
    if (depends.has(output)) continue;
    enter(output);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1] as (typeof stack)[number];
      const input = frame.current.inputs[frame.next];
      if (input) {
        const known = depends.get(input);
        if (known === undefined && input.tracked) enter(input);
        else {
          frame.found ||= known ?? false;
          frame.next += 1;
        }
      } else {
        depends.set(frame.current, frame.found);
        if (frame.found) order.push(frame.current);
        stack.pop();
      }
    }
  }
  return order;
}

function orZero(gradient: Tensor | undefined, like: Tensor): Tensor {
  return gradient ?? node(tf.zerosLike(like.data));
}

/**
 * The gradient of a scalar with respect to each of `inputs`, as a graph that can be differentiated again.
 *
 * @throws RangeError if `output` has more than one element.
 */
export function gradients(output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  if (output.size !== 1) {
    throw new RangeError(`gradients: expected a scalar, found shape [${output.shape.join(', ')}]`);
  }
  const one = node(tf.onesLike(output.data));
  return pullback([output], inputs, [one]).map((gradient, index) => orZero(gradient, inputs[index] as Tensor));
}

/**
 * The Jacobian-vector product `J v` of recorded `outputs` with respect to `inputs`, from reverse accumulation alone:
 * `h(u) = Jᵀ u` is linear in u, and its own transposed derivative applied to v is `J v`.
 *
 * The part that does not depend on v is recorded once; the returned function may be called many times.
 */
export function pushforward(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
): (tangents: readonly (Tensor | undefined)[]) => Tensor[] {
  const dummies = outputs.map((output) => variable(new Float32Array(output.size), output.shape));
  const back = pullback(outputs, inputs, dummies);
  const reached = back.flatMap((value, index) => (value ? [{ value, index }] : []));
  return (tangents) =>
    pullback(
      reached.map(({ value }) => value),
      dummies,
      reached.map(({ index }) => tangents[index]),
    ).map((product, index) => orZero(product, outputs[index] as Tensor));
}

/** The inner product of two lists of tensors of equal shapes, shape `[]`. */
export function innerProduct(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.map((left, index) => dot(left, b[index] as Tensor)).reduce((total, term) => add(total, term));
}
