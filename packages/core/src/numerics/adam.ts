/*
 * Adam (Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980, Algorithm 1; its lines are numbered here):
 *
 *      A1: m_0 ← 0, v_0 ← 0, t ← 0
 *      A2: while θ_t not converged do
 *      A3:    t ← t + 1
 *      A4:    g_t ← ∇_θ f_t(θ_t−1)
 *      A5:    m_t ← β1 m_t−1 + (1 − β1) g_t
 *      A6:    v_t ← β2 v_t−1 + (1 − β2) g_t²
 *      A7:    m̂_t ← m_t / (1 − β1ᵗ)
 *      A8:    v̂_t ← v_t / (1 − β2ᵗ)
 *      A9:    θ_t ← θ_t−1 − α m̂_t / (√v̂_t + ε)
 *     A10: end while
 *
 * The loop, the gradient and α are the caller's; here are A1, A3, A5 to A8 and the direction of A9.
 */
import { z } from 'zod';

/** How quickly Adam forgets. */
export interface AdamDecay {
  /** β1: decay of the mean of the gradients, in [0, 1). */
  readonly beta1: number;
  /** β2: decay of the mean of the squared gradients, in [0, 1). */
  readonly beta2: number;
  /** ε: keeps the division of line A9 finite. */
  readonly epsilon: number;
}

/** The values that the paper recommends. */
export const ADAM_DEFAULTS: AdamDecay = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** What Adam remembers: t, m and v, the last two in the order of θ. */
export interface AdamMoments {
  readonly t: number;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** The form in which {@link saveMoments} saves. */
export const savedMomentsSchema = z
  .strictObject({ t: z.int().min(1), m: z.array(z.number()), v: z.array(z.number().nonnegative()) })
  .refine(({ m, v }) => m.length === v.length, 'm and v must have the same length');

/** Moments as JSON. */
export type SavedMoments = z.output<typeof savedMomentsSchema>;

/** Line A1, for `size` parameters. */
export function initialMoments(size: number): AdamMoments {
  return { t: 0, m: new Float64Array(size), v: new Float64Array(size) };
}

/** Lines A3, A5 and A6; `moments` is left as it is. */
export function nextMoments(moments: AdamMoments, g: Float64Array, { beta1, beta2 }: AdamDecay): AdamMoments {
  // A sum with 0 turns −0, which JSON does not hold, into 0.
  return {
    t: moments.t + 1,
    m: moments.m.map((value, i) => beta1 * value + (1 - beta1) * (g[i] as number) + 0),
    v: moments.v.map((value, i) => beta2 * value + (1 - beta2) * (g[i] as number) ** 2),
  };
}

/** m̂_t / (√v̂_t + ε), the direction of line A9. */
export function adamDirection({ t, m, v }: AdamMoments, { beta1, beta2, epsilon }: AdamDecay): Float64Array {
  const correction1 = 1 - beta1 ** t; // line A7
  const correction2 = 1 - beta2 ** t; // line A8
  return m.map((value, i) => value / correction1 / (Math.sqrt((v[i] as number) / correction2) + epsilon));
}

/** Moments as JSON, bit for bit. */
export function saveMoments({ t, m, v }: AdamMoments): SavedMoments {
  return { t, m: Array.from(m), v: Array.from(v) };
}

/** The moments that {@link saveMoments} saved. */
export function loadMoments({ t, m, v }: SavedMoments): AdamMoments {
  return { t, m: Float64Array.from(m), v: Float64Array.from(v) };
}
