/**
 * The policy optimizer `gradient`: one descent step on the loss, which is line 7 of the VPG pseudocode (Spinning Up,
 * https://spinningup.openai.com/en/latest/algorithms/vpg.html, Algorithm 1):
 *
 *      7: Compute policy update, either using standard gradient ascent, θ_k+1 = θ_k + α_k ĝ_k,
 *         or via another gradient ascent algorithm like Adam.
 *
 * Adam (Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1; its lines are numbered here):
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
 * Differs from the text
 * - The objective is a loss, so line 7 descends on its gradient g = −ĝ.
 * - The gradient may be shortened to `maxGradientNorm` first.
 * - The trainer owns the loop: one call is one step. A step with a number that is not finite is not taken, and leaves
 *   m, v and t as they were.
 */
import {
  defineComponent,
  InnerloopError,
  type Json,
  type PolicyObjective,
  type PolicyOptimizer,
  type Proposal,
} from '@innerloop/core';
import { z } from 'zod';

/** Options of {@link GradientOptimizer}. */
export interface GradientOptions {
  /** Plain gradient descent, or Adam. */
  readonly method: 'sgd' | 'adam';
  /** α, the step size. */
  readonly learningRate: number;
  /** β1: decay of the mean of the gradients. Only Adam uses it. */
  readonly beta1: number;
  /** β2: decay of the mean of the squared gradients. Only Adam uses it. */
  readonly beta2: number;
  /** ε: keeps the division of line A9 finite. Only Adam uses it. */
  readonly epsilon: number;
  /** A longer gradient is scaled to this Euclidean norm; `null` leaves it as it is. */
  readonly maxGradientNorm: number | null;
}

/** What Adam remembers: t, m and v, the last two in the order of θ. */
interface Moments {
  readonly t: number;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** The saved form of {@link Moments}; `null` before the first step. */
const savedMoments = z
  .strictObject({ t: z.int().min(1), m: z.array(z.number()), v: z.array(z.number().nonnegative()) })
  .refine(({ m, v }) => m.length === v.length, 'm and v must have the same length')
  .nullable();

/** Lines A3 and A5 to A8; `moments` is left as it is. */
function nextMoments(moments: Moments, g: Float64Array, beta1: number, beta2: number): Moments {
  // A sum with 0 turns −0, which JSON does not hold, into 0.
  return {
    t: moments.t + 1,
    m: moments.m.map((value, i) => beta1 * value + (1 - beta1) * (g[i] as number) + 0),
    v: moments.v.map((value, i) => beta2 * value + (1 - beta2) * (g[i] as number) ** 2),
  };
}

/** m̂_t / (√v̂_t + ε), the direction of line A9. */
function adamDirection({ t, m, v }: Moments, { beta1, beta2, epsilon }: GradientOptions): Float64Array {
  const correction1 = 1 - beta1 ** t; // line A7
  const correction2 = 1 - beta2 ** t; // line A8
  return m.map((value, i) => value / correction1 / (Math.sqrt((v[i] as number) / correction2) + epsilon));
}

const allFinite = (x: Float64Array) => x.every((value) => Number.isFinite(value));
const norm = (x: Float64Array) => Math.sqrt(x.reduce((total, value) => total + value * value, 0));
const short = (value: number) => String(Number(value.toPrecision(6)));

/** One step of gradient descent or Adam a call. Adam's moments are its state. */
export class GradientOptimizer implements PolicyOptimizer {
  readonly needs = ['gradient'] as const;
  private readonly options: GradientOptions;
  private moments: Moments | null = null;

  constructor(options: GradientOptions) {
    this.options = options;
  }

  /**
   * Proposes θ − α · direction. Always accepts, unless a number is not finite.
   *
   * @throws InnerloopError CHECKPOINT_UNREADABLE if the restored moments are for another number of parameters.
   */
  async improve(objective: PolicyObjective): Promise<Proposal> {
    const { method, learningRate, maxGradientNorm } = this.options;
    const theta = objective.parameters;
    const gradient = await objective.gradient(); // line A4
    const gradientNorm = norm(gradient);
    const keep = (reason: string): Proposal => {
      return { parameters: theta.slice(), accepted: false, reason, backtracks: 0, gradientNorm };
    };
    if (!Number.isFinite(gradientNorm)) return keep(`The gradient is not finite: its norm is ${gradientNorm}.`);

    const clipped = maxGradientNorm !== null && gradientNorm > maxGradientNorm;
    const scale = clipped ? maxGradientNorm / gradientNorm : 1;
    const g = clipped ? gradient.map((value) => value * scale) : gradient;

    const moments = method === 'adam' ? this.advance(g) : null;
    const direction = moments ? adamDirection(moments, this.options) : g;
    const parameters = theta.map((value, i) => value - learningRate * (direction[i] as number)); // lines 7 and A9
    const length = learningRate * norm(direction);
    if (!allFinite(parameters) || (moments && !allFinite(moments.v))) {
      return keep(`The step is not finite: its length is ${length}, for a gradient of norm ${short(gradientNorm)}.`);
    }
    this.moments = moments;
    const name = moments ? `Adam step ${moments.t}` : 'Gradient step';
    const clip = clipped ? `, scaled to ${short(maxGradientNorm)}` : '';
    const reason = `${name} of length ${short(length)} for a gradient of norm ${short(gradientNorm)}${clip}.`;
    return { parameters, accepted: true, reason, backtracks: 0, gradientNorm };
  }

  state(): Json {
    if (!this.moments) return null;
    const { t, m, v } = this.moments;
    return { t, m: Array.from(m), v: Array.from(v) };
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if the state is not one that {@link state} returns. */
  restore(state: Json): void {
    const parsed = savedMoments.safeParse(state);
    if (!parsed.success) {
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The saved state of the policy optimizer 'gradient' does not fit: expected null or Adam's { t, m, v }. ` +
          `${z.prettifyError(parsed.error)}\nIt belongs to another optimizer, or the checkpoint is damaged.`,
      );
    }
    const saved = parsed.data;
    this.moments = saved && { t: saved.t, m: Float64Array.from(saved.m), v: Float64Array.from(saved.v) };
  }

  /** The moments after gradient g; lines A1, A3, A5 and A6. */
  private advance(g: Float64Array): Moments {
    const { beta1, beta2 } = this.options;
    const before = this.moments ?? { t: 0, m: new Float64Array(g.length), v: new Float64Array(g.length) }; // line A1
    if (before.m.length !== g.length) {
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The saved moments of the policy optimizer 'gradient' are for ${before.m.length} parameters, but this ` +
          `experiment has ${g.length}. Resume with the policy that the checkpoint was made with.`,
      );
    }
    return nextMoments(before, g, beta1, beta2);
  }
}

const decay = () => z.number().min(0).lt(1);

/** The component behind `meta: { use: gradient }` and `optimizer: { use: gradient }`. */
export const gradientComponent = defineComponent({
  kind: 'policy-optimizer',
  name: 'gradient',
  summary: 'One step of gradient descent or Adam on the loss',
  options: z.strictObject({
    method: z.enum(['sgd', 'adam']).default('adam').describe('Plain gradient descent (sgd), or Adam'),
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Step size; above 0, usually 1e-4 to 1e-2 for adam and 1e-2 to 1 for sgd'),
    beta1: decay().default(0.9).describe('Adam: decay of the mean gradient; 0 or above and below 1'),
    beta2: decay().default(0.999).describe('Adam: decay of the mean squared gradient; 0 or above and below 1'),
    epsilon: z.number().positive().default(1e-8).describe('Adam: added to the root of the mean square; above 0'),
    maxGradientNorm: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('A longer gradient is scaled to this norm; above 0, or null for no limit'),
  }),
  create: (options) => new GradientOptimizer(options),
});
