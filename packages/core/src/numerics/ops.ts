import * as tf from '@tensorflow/tfjs-core';
import { beside, node, type Tensor } from './tensor.js';

/**
 * The operations that may be differentiated. Each pullback is written in operations of this file, so that
 * derivatives of every order are derivatives of these. Nothing broadcasts by itself: a row or a column is spread by an
 * operation whose derivative is the matching sum. Constant operands come from the `fill` kernel: tf.ones and tf.zeros copy an
 * array into the backend, and tf.broadcastTo takes a hundred times as long on wasm.
 */

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function assertSameShape(name: string, a: Tensor, b: Tensor): void {
  if (a.shape.length !== b.shape.length || a.shape.some((length, axis) => length !== b.shape[axis])) {
    throw new RangeError(`${name}: shapes differ, ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
}

function assertRank(name: string, x: Tensor, rank: number): void {
  if (x.shape.length !== rank) {
    throw new RangeError(`${name}: expected ${rank} axes, found shape ${shapeText(x.shape)}`);
  }
}

/** `a + b`, equal shapes. */
export function add(a: Tensor, b: Tensor): Tensor {
  assertSameShape('add', a, b);
  return node(tf.add(a.data, b.data), [a, b], [(dy) => dy, (dy) => dy]);
}

/** `a − b`, equal shapes. */
export function sub(a: Tensor, b: Tensor): Tensor {
  assertSameShape('sub', a, b);
  return node(tf.sub(a.data, b.data), [a, b], [(dy) => dy, (dy) => neg(dy)]);
}

/** `a · b` element by element, equal shapes. */
export function mul(a: Tensor, b: Tensor): Tensor {
  assertSameShape('mul', a, b);
  return node(tf.mul(a.data, b.data), [a, b], [(dy) => mul(dy, b), (dy) => mul(dy, a)]);
}

/** `a / b` element by element, equal shapes. */
export function div(a: Tensor, b: Tensor): Tensor {
  assertSameShape('div', a, b);
  const y: Tensor = node(tf.div(a.data, b.data), [a, b], [(dy) => div(dy, b), (dy) => neg(div(mul(dy, y), b))]);
  return y;
}

/** `−x`. */
export function neg(x: Tensor): Tensor {
  return node(tf.neg(x.data), [x], [(dy) => neg(dy)]);
}

/** `factor · x` for a plain number. */
export function scale(x: Tensor, factor: number): Tensor {
  return node(tf.mul(x.data, factor), [x], [(dy) => scale(dy, factor)]);
}

/** `x + offset` for a plain number. */
export function shift(x: Tensor, offset: number): Tensor {
  return node(tf.add(x.data, offset), [x], [(dy) => dy]);
}

/** `x²`. */
export function square(x: Tensor): Tensor {
  return node(tf.square(x.data), [x], [(dy) => scale(mul(dy, x), 2)]);
}

/** `eˣ`. */
export function exp(x: Tensor): Tensor {
  const y: Tensor = node(tf.exp(x.data), [x], [(dy) => mul(dy, y)]);
  return y;
}

/** `ln x`, for positive x. */
export function log(x: Tensor): Tensor {
  return node(tf.log(x.data), [x], [(dy) => div(dy, x)]);
}

/** The logistic function `1 / (1 + e⁻ˣ)`. */
export function sigmoid(x: Tensor): Tensor {
  const y: Tensor = node(tf.sigmoid(x.data), [x], [(dy) => mul(dy, sub(y, square(y)))]);
  return y;
}

/**
 * `tanh x`, computed as `2 σ(2x) − 1`: the wasm backend's own tanh takes ten times as long.
 */
export function tanh(x: Tensor): Tensor {
  const value = tf.tidy(() => tf.sub(tf.mul(tf.sigmoid(tf.mul(x.data, 2)), 2), 1));
  const y: Tensor = node(value, [x], [(dy) => mul(dy, tanhSlope(y))]);
  return y;
}

const slopes = new WeakMap<Tensor, Tensor>();

/** `1 − y²`, the derivative of tanh where it is y; remembered, since every pass backward wants it again. */
function tanhSlope(y: Tensor): Tensor {
  return remembered(slopes, y, () => {
    const value = tf.tidy(() => tf.sub(1, tf.square(y.data)));
    return node(value, [y], [(dy) => scale(mul(dy, y), -2)]);
  });
}

/** `max(x, 0)`; the derivative at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return node(tf.relu(x.data), [x], [(dy) => mul(dy, positive(x))]);
}

/** 1 where x > 0 and 0 elsewhere, as a constant. */
function positive(x: Tensor): Tensor {
  return node(tf.step(x.data));
}

/**
 * `max(x, floor)` for a plain number. Where x equals the floor the derivative is 1, so a parameter that starts on its
 * bound can still leave it.
 */
export function atLeast(x: Tensor, floor: number): Tensor {
  const passes = () => node(tf.tidy(() => tf.sub(1, tf.step(tf.sub(floor, x.data)))));
  return node(tf.maximum(x.data, floor), [x], [(dy) => mul(dy, passes())]);
}

/** The matrix product `[n, k] · [k, m] = [n, m]`. */
export function matMul(a: Tensor, b: Tensor): Tensor {
  assertRank('matMul', a, 2);
  assertRank('matMul', b, 2);
  if (a.shape[1] !== b.shape[0]) {
    throw new RangeError(`matMul: inner lengths differ, ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
  return node(
    tf.matMul(a.data as tf.Tensor2D, b.data as tf.Tensor2D),
    [a, b],
    [(dy) => matMul(dy, transpose(b)), (dy) => matMul(transpose(a), dy)],
  );
}

const transposes = new WeakMap<Tensor, Tensor>();

/**
 * `[n, m]` turned to `[m, n]`. Written out, since the wasm backend's matrix product is ten times slower with transpose
 * flags; and remembered, since every product with the same matrix wants it again.
 */
export function transpose(x: Tensor): Tensor {
  assertRank('transpose', x, 2);
  return remembered(transposes, x, () => {
    const y = node(tf.transpose(x.data), [x], [(dy) => transpose(dy)]);
    transposes.set(y, x);
    return y;
  });
}

/** What was made of x before, if it is still alive; else made now, to live as long as x. */
function remembered(known: WeakMap<Tensor, Tensor>, x: Tensor, make: () => Tensor): Tensor {
  const before = known.get(x);
  if (before && !before.data.isDisposed) return before;
  const made = beside(x, make);
  known.set(x, made);
  return made;
}

/** The same elements in another shape. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  return node(tf.reshape(x.data, [...shape]), [x], [(dy) => reshape(dy, x.shape)]);
}

/** The sum of all elements, shape `[]`. */
export function sum(x: Tensor): Tensor {
  return node(tf.sum(x.data), [x], [(dy) => fill(dy, x.shape)]);
}

/** A scalar repeated over a shape. */
export function fill(x: Tensor, shape: readonly number[]): Tensor {
  assertRank('fill', x, 0);
  const value = tf.tidy(() => tf.mul(tf.fill([...shape], 1), x.data));
  return node(value, [x], [(dy) => sum(dy)]);
}

/** The mean of all elements, shape `[]`. */
export function mean(x: Tensor): Tensor {
  return scale(sum(x), 1 / x.size);
}

/** `[n, d]` summed over rows: `[d]`. A product with ones, which is faster than the backend's reduction of axis 0. */
export function sumRows(x: Tensor): Tensor {
  assertRank('sumRows', x, 2);
  const [n, d] = x.shape as [number, number];
  const value = tf.tidy(() => tf.reshape(tf.matMul(tf.fill([1, n], 1), x.data as tf.Tensor2D), [d]));
  return node(value, [x], [(dy) => spreadRows(dy, n)]);
}

/** `[d]` repeated as each of `n` rows: `[n, d]`. */
export function spreadRows(x: Tensor, n: number): Tensor {
  assertRank('spreadRows', x, 1);
  const value = tf.tidy(() => tf.add(tf.fill([n, x.size], 0), x.data));
  return node(value, [x], [(dy) => sumRows(dy)]);
}

/** `[n, d] + [d]`: a row added to every row. */
export function addRow(x: Tensor, row: Tensor): Tensor {
  assertRank('addRow', x, 2);
  if (row.shape.length !== 1 || row.size !== x.shape[1]) {
    throw new RangeError(`addRow: cannot add a row of shape ${shapeText(row.shape)} to ${shapeText(x.shape)}`);
  }
  return node(tf.add(x.data, row.data), [x, row], [(dy) => dy, (dy) => sumRows(dy)]);
}

/** `[n, d]` summed over columns: `[n]`. */
export function sumColumns(x: Tensor): Tensor {
  assertRank('sumColumns', x, 2);
  const d = x.shape[1] as number;
  return node(tf.sum(x.data, 1), [x], [(dy) => spreadColumns(dy, d)]);
}

/** `[n]` repeated as each of `d` columns: `[n, d]`. */
export function spreadColumns(x: Tensor, d: number): Tensor {
  assertRank('spreadColumns', x, 1);
  const value = tf.tidy(() => tf.matMul(tf.reshape(x.data, [x.size, 1]), tf.fill([1, d], 1)));
  return node(value, [x], [(dy) => sumColumns(dy)]);
}

/** `x − ln Σ eˣ` over the columns of `[n, k]`: log-probabilities from logits. */
export function logSoftmax(x: Tensor): Tensor {
  assertRank('logSoftmax', x, 2);
  const k = x.shape[1] as number;
  const value = tf.tidy(() => {
    const shifted = tf.sub(x.data, tf.max(x.data, 1, true));
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
  });
  const y: Tensor = node(value, [x], [(dy) => sub(dy, mul(exp(y), spreadColumns(sumColumns(dy), k)))]);
  return y;
}

/** `Σ a · b` over all elements, shape `[]`. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return sum(mul(a, b));
}

/** One-hot rows `[n, count]` of indices `[n]` or `[n, 1]`: a constant, since indices have no derivative. */
export function oneHot(indices: Tensor, count: number): Tensor {
  return node(
    tf.tidy(() => tf.cast(tf.oneHot(tf.cast(tf.reshape(indices.data, [indices.size]), 'int32'), count), 'float32')),
  );
}
