// Passes over float32 arrays whose lengths are multiples of 4.

const TANH: i32 = 0;
const RELU: i32 = 1;

/**
 * tanh as a ratio of polynomials in x, odd of degree 13 over even of degree 6, on [-7.9, 7.9], beyond which float32 cannot tell it from ±1.
 * The coefficients are those of Eigen's `generic_fast_tanh_float`; its error is a few units in the last place.
 */
@inline
function tanh4(z: v128): v128 {
  const x = f32x4.max(f32x4.min(z, f32x4.splat(7.90531110763549805)), f32x4.splat(-7.90531110763549805));
  const x2 = f32x4.mul(x, x);
  let p = f32x4.splat(-2.76076847742355e-16);
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(2.00018790482477e-13));
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(-8.60467152213735e-11));
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(5.12229709037114e-8));
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(1.48572235717979e-5));
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(6.37261928875436e-4));
  p = f32x4.add(f32x4.mul(p, x2), f32x4.splat(4.89352455891786e-3));
  p = f32x4.mul(p, x);
  let q = f32x4.splat(1.19825839466702e-6);
  q = f32x4.add(f32x4.mul(q, x2), f32x4.splat(1.18534705686654e-4));
  q = f32x4.add(f32x4.mul(q, x2), f32x4.splat(2.26843463243900e-3));
  q = f32x4.add(f32x4.mul(q, x2), f32x4.splat(4.89352518554385e-3));
  return f32x4.div(p, q);
}

@inline
function activate4(kind: i32, z: v128): v128 {
  if (kind == TANH) return tanh4(z);
  if (kind == RELU) return f32x4.max(z, f32x4.splat(0));
  const half = f32x4.splat(0.5);
  return f32x4.add(half, f32x4.mul(half, tanh4(f32x4.mul(half, z))));
}

/** f′(z) from a = f(z). */
@inline
function slope4(kind: i32, a: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == TANH) return f32x4.sub(one, f32x4.mul(a, a));
  if (kind == RELU) return v128.and(f32x4.gt(a, f32x4.splat(0)), one);
  return f32x4.mul(a, f32x4.sub(one, a));
}

/** The derivative of f′ along ra, from a = f(z) and ra = f′(z) rz. */
@inline
function slopeAlong4(kind: i32, a: v128, ra: v128): v128 {
  if (kind == TANH) return f32x4.mul(f32x4.splat(-2), f32x4.mul(a, ra));
  if (kind == RELU) return f32x4.splat(0);
  return f32x4.mul(f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.splat(2), a)), ra);
}

/** z ← f(z). */
export function activate(kind: i32, z: usize, count: i32): void {
  const end = z + (<usize>count << 2);
  for (; z < end; z += 16) v128.store(z, activate4(kind, v128.load(z)));
}

/** out ← t · f′(a). */
export function timesSlope(kind: i32, out: usize, t: usize, a: usize, count: i32): void {
  const bytes = <usize>count << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(t + i), slope4(kind, v128.load(a + i))));
  }
}

/** out ← t · f′(a) + e · (f′ along ra): the product rule, for the derivative of `e · f′(a)` where e moves by t. */
export function timesSlopeAlong(kind: i32, out: usize, t: usize, a: usize, e: usize, ra: usize, count: i32): void {
  const bytes = <usize>count << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(a + i);
    const first = f32x4.mul(v128.load(t + i), slope4(kind, x));
    const second = f32x4.mul(v128.load(e + i), slopeAlong4(kind, x, v128.load(ra + i)));
    v128.store(out + i, f32x4.add(first, second));
  }
}

/** Each of `rows` rows of n numbers ← `row`. */
export function fillRows(out: usize, rows: i32, n: i32, row: usize): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    memory.copy(out, row, bytes);
    out += bytes;
  }
}

/** `sums` += the sum of `rows` rows of n numbers. */
export function addColumnSums(sums: usize, x: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let j: usize = 0; j < bytes; j += 16) {
    let total = v128.load(sums + j);
    let p = x + j;
    for (let r = 0; r < rows; r++) {
      total = f32x4.add(total, v128.load(p));
      p += bytes;
    }
    v128.store(sums + j, total);
  }
}
