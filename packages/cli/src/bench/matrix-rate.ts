import { constant, kernels, ops, tidy } from '@innerloop/core';

/** How fast the active backend multiplies matrices of one shape. */
export interface MatrixRate {
  /** [rows, inner] × [inner, columns]. */
  readonly shape: readonly [rows: number, inner: number, columns: number];
  /** Of the fastest of many repetitions. */
  readonly gflops: number;
}

/** Bytes of a float32. */
const FLOAT = 4;
/** How long to measure, in milliseconds. */
const DURATION = 400;
/** The least time between two readings of the clock, in milliseconds: a reading must not be what is measured. */
const SLICE = 5;

/**
 * The rate of `[rows, inner] × [inner, columns]` on the active tensor backend, asked from one thread. Numbers are read back at the end of each
 * slice, so that a backend which answers late is not flattered.
 */
export function backendMatrixRate(shape: MatrixRate['shape']): MatrixRate {
  const [rows, inner, columns] = shape;
  return tidy(() => {
    const a = constant(filled(rows * inner), [rows, inner]);
    const b = constant(filled(inner * columns), [inner, columns]);
    return rateOf(shape, (products) => {
      tidy(() => {
        for (let i = 1; i < products; i++) ops.matMul(a, b);
        ops.matMul(a, b).values();
      });
    });
  });
}

/** The same of the SIMD kernels, in one thread. `inner` and `columns` are rounded up to multiples of 4, as the kernels need. */
export function kernelMatrixRate([rows, ...rest]: MatrixRate['shape']): MatrixRate {
  const [inner, columns] = rest.map((length) => 4 * Math.ceil(length / 4)) as [number, number];
  const own = kernels();
  const [a, b, c] = [rows * inner, inner * columns, rows * columns].map((count) => {
    const pointer = own.allocate(count);
    own.view(pointer, count).set(filled(count));
    return pointer;
  }) as [number, number, number];
  try {
    return rateOf([rows, inner, columns], (products) => {
      for (let i = 0; i < products; i++) {
        own.run.gemm(rows, columns, inner, a, inner * FLOAT, FLOAT, b, columns * FLOAT, c, columns * FLOAT, 0);
      }
    });
  } finally {
    for (const pointer of [a, b, c]) own.release(pointer);
  }
}

/** The rate of the fastest slice. `work` computes so many products. */
function rateOf(shape: MatrixRate['shape'], work: (products: number) => void): MatrixRate {
  const [rows, inner, columns] = shape;
  const slice = (products: number): number => {
    const started = performance.now();
    work(products);
    return performance.now() - started;
  };
  let products = 1;
  while (slice(products) < SLICE) products *= 2;
  let best = Number.POSITIVE_INFINITY;
  for (const ended = performance.now() + DURATION; performance.now() < ended; ) {
    best = Math.min(best, slice(products) / products);
  }
  return { shape, gflops: (2 * rows * inner * columns) / best / 1e6 };
}

/** Numbers of no special value: zeros or denormals could be multiplied at another speed. */
function filled(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101 + 0.1);
}
