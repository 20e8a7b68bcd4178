// Matrix products on float32 in linear memory, four lanes at a time.
//
// C[i, j] (+)= Σ_p A[i, p] · B[p, j]. A is read through two strides, so that the same loop serves A and its transpose; B and C are row-major
// with row lengths that are multiples of 4. All strides are in bytes.

/** a · b + c; one instruction in the module that is built with relaxed SIMD. */
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  // @ts-expect-error: RELAXED is a constant of the build
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Four rows and eight columns of C, held in registers while p runs. */
@inline
function tile4x8(k: i32, a: usize, rowA: usize, stepA: usize, b: usize, rowB: usize, c: usize, rowC: usize, add: bool): void {
  const c1 = c + rowC, c2 = c1 + rowC, c3 = c2 + rowC;
  const zero = f32x4.splat(0);
  let s00 = add ? v128.load(c) : zero, s01 = add ? v128.load(c, 16) : zero;
  let s10 = add ? v128.load(c1) : zero, s11 = add ? v128.load(c1, 16) : zero;
  let s20 = add ? v128.load(c2) : zero, s21 = add ? v128.load(c2, 16) : zero;
  let s30 = add ? v128.load(c3) : zero, s31 = add ? v128.load(c3, 16) : zero;
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s00 = multiplyAdd(x0, b0, s00); s01 = multiplyAdd(x0, b1, s01);
    const x1 = v128.load32_splat(a1);
    s10 = multiplyAdd(x1, b0, s10); s11 = multiplyAdd(x1, b1, s11);
    const x2 = v128.load32_splat(a2);
    s20 = multiplyAdd(x2, b0, s20); s21 = multiplyAdd(x2, b1, s21);
    const x3 = v128.load32_splat(a3);
    s30 = multiplyAdd(x3, b0, s30); s31 = multiplyAdd(x3, b1, s31);
    a += stepA; a1 += stepA; a2 += stepA; a3 += stepA;
    b += rowB;
  }
  v128.store(c, s00); v128.store(c, s01, 16);
  v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16);
  v128.store(c3, s30); v128.store(c3, s31, 16);
}

/** Four rows and four columns. */
@inline
function tile4x4(k: i32, a: usize, rowA: usize, stepA: usize, b: usize, rowB: usize, c: usize, rowC: usize, add: bool): void {
  const c1 = c + rowC, c2 = c1 + rowC, c3 = c2 + rowC;
  const zero = f32x4.splat(0);
  let s0 = add ? v128.load(c) : zero, s1 = add ? v128.load(c1) : zero;
  let s2 = add ? v128.load(c2) : zero, s3 = add ? v128.load(c3) : zero;
  let a1 = a + rowA, a2 = a1 + rowA, a3 = a2 + rowA;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    s0 = multiplyAdd(v128.load32_splat(a), b0, s0);
    s1 = multiplyAdd(v128.load32_splat(a1), b0, s1);
    s2 = multiplyAdd(v128.load32_splat(a2), b0, s2);
    s3 = multiplyAdd(v128.load32_splat(a3), b0, s3);
    a += stepA; a1 += stepA; a2 += stepA; a3 += stepA;
    b += rowB;
  }
  v128.store(c, s0); v128.store(c1, s1); v128.store(c2, s2); v128.store(c3, s3);
}

/** One row and four columns, for what is left over. */
@inline
function tile1x4(k: i32, a: usize, stepA: usize, b: usize, rowB: usize, c: usize, add: bool): void {
  let s = add ? v128.load(c) : f32x4.splat(0);
  for (let p = 0; p < k; p++) {
    s = multiplyAdd(v128.load32_splat(a), v128.load(b), s);
    a += stepA;
    b += rowB;
  }
  v128.store(c, s);
}

/** C (+)= A B for `[m, k]` and `[k, n]`, n a multiple of 4. */
export function gemm(
  m: i32, n: i32, k: i32,
  a: usize, rowA: usize, stepA: usize,
  b: usize, rowB: usize,
  c: usize, rowC: usize,
  add: bool,
): void {
  const wide = n & ~7;
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    let j = 0;
    for (; j < wide; j += 8) tile4x8(k, a, rowA, stepA, b + (<usize>j << 2), rowB, c + (<usize>j << 2), rowC, add);
    for (; j < n; j += 4) tile4x4(k, a, rowA, stepA, b + (<usize>j << 2), rowB, c + (<usize>j << 2), rowC, add);
    a += rowA << 2;
    c += rowC << 2;
  }
  for (; i < m; i++) {
    for (let j = 0; j < n; j += 4) tile1x4(k, a, stepA, b + (<usize>j << 2), rowB, c + (<usize>j << 2), add);
    a += rowA;
    c += rowC;
  }
}
