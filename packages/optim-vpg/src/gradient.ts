/*
 * The policy optimizer `gradient`: descent steps on the loss, which is line 7 of the VPG pseudocode (Spinning Up,
 * https://spinningup.openai.com/en/latest/algorithms/vpg.html, Algorithm 1):
 *
 *      7: Compute policy update, either using standard gradient ascent, θ_k+1 = θ_k + α_k ĝ_k,
 *         or via another gradient ascent algorithm like Adam.
 *
 * Standard ascent may have momentum μ (Polyak's heavy ball, as in torch.optim.SGD): u ← μ u + g, θ ← θ − α_k u. Adam and its lines A1 to A10
 * are in numerics/adam.ts of @innerloop/core.
 *
 * Differs from the text
 * - The objective is a loss, so line 7 descends on its gradient g = −ĝ.
 * - The gradient may be shortened to `maxGradientNorm` first.
 * - Line 7 may be taken several times on the same data (`epochs`), as PPO and ProMP do: each time with the gradient where θ then is.
 * - The trainer owns the loop: one call is one update. An update with a number that is not finite is not taken, and leaves the state as it was.
 */
import {
  type AdamDecay,
  type AdamMoments,
  adamDirection,
  InnerloopError,
  initialMoments,
  type Json,
  loadMoments,
  nextMoments,
  type PolicyObjective,
  type PolicyOptimizer,
  type Proposal,
  savedMomentsSchema,
  saveMoments,
} from '@innerloop/core';
import { z } from 'zod';
import { type Schedule, scheduleFactor } from './schedule.js';

/** Options of {@link GradientOptimizer}. */
export interface GradientOptions extends AdamDecay {
  /** Plain gradient descent, or Adam. */
  readonly method: 'sgd' | 'adam';
  /** α of the first update, the step size. */
  readonly learningRate: number;
  /** How α changes over the updates of a run. */
  readonly schedule: Schedule;
  /** μ, in [0, 1). Only plain descent uses it. */
  readonly momentum: number;
  /** A longer gradient is scaled to this Euclidean norm; `null` leaves it as it is. */
  readonly maxGradientNorm: number | null;
  /** How many steps an update takes on the same data. */
  readonly epochs: number;
}

/** What plain descent remembers. */
interface Velocity {
  /** How many steps were taken. */
  readonly t: number;
  /** u, in the order of θ; `null` without momentum. */
  readonly velocity: Float64Array | null;
}

/** What lasts from one update to the next; `null` before the first. */
type Memory = AdamMoments | Velocity | null;

const savedMemory = z.union([
  savedMomentsSchema,
  z.strictObject({ t: z.int().min(1), velocity: z.array(z.number()).nullable() }),
  z.null(),
]);

const allFinite = (x: Float64Array) => x.every((value) => Number.isFinite(value));
const norm = (x: Float64Array) => Math.sqrt(x.reduce((total, value) => total + value * value, 0));
const short = (value: number) => String(Number(value.toPrecision(6)));

/** One update of gradient descent or Adam a call. Its state is what the method remembers, and how many steps were taken. */
export class GradientOptimizer implements PolicyOptimizer {
  readonly needs = ['gradient'] as const;
  private memory: Memory = null;

  /** @param updates How many updates the run has, which is what `schedule` goes by. */
  constructor(
    private readonly options: GradientOptions,
    private readonly updates: number = 1,
  ) {}

  /**
   * Proposes θ − α · direction, `epochs` times over. Always accepts, unless a number is not finite.
   *
   * @throws InnerloopError CHECKPOINT_UNREADABLE if the restored state is for another number of parameters.
   */
  async improve(objective: PolicyObjective): Promise<Proposal> {
    const { epochs, schedule } = this.options;
    const start = objective.parameters;
    const update = Math.floor((this.memory?.t ?? 0) / epochs);
    const alpha = this.options.learningRate * scheduleFactor(schedule, update, Math.max(1, this.updates)); // α_k
    let [theta, memory, first] = [start, this.memory, Number.NaN];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const gradient = await objective.gradient(theta); // line A4
      const gradientNorm = norm(gradient);
      if (epoch === 0) first = gradientNorm;
      const keep = (reason: string): Proposal => {
        return { parameters: start.slice(), accepted: false, reason, backtracks: 0, gradientNorm: first };
      };
      if (!Number.isFinite(gradientNorm)) return keep(`The gradient is not finite: its norm is ${gradientNorm}.`);
      const advanced = this.advance(memory, this.clip(gradient, gradientNorm));
      const next = theta.map((value, i) => value - alpha * (advanced.direction[i] as number)); // lines 7 and A9
      const length = alpha * norm(advanced.direction);
      if (!allFinite(next) || !isFiniteMemory(advanced.memory)) {
        return keep(`The step is not finite: its length is ${length}, for a gradient of norm ${short(gradientNorm)}.`);
      }
      theta = next;
      memory = advanced.memory;
    }
    this.memory = memory;
    const reason = this.reason(norm(theta.map((value, i) => value - (start[i] as number))), first);
    return { parameters: theta, accepted: true, reason, backtracks: 0, gradientNorm: first };
  }

  state(): Json {
    const { memory } = this;
    if (memory === null) return null;
    if ('m' in memory) return saveMoments(memory);
    // Without momentum and schedule nothing of the past matters.
    if (memory.velocity === null && this.options.schedule === 'constant') return null;
    return { t: memory.t, velocity: memory.velocity && Array.from(memory.velocity) };
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if the state is not one that {@link state} returns. */
  restore(state: Json): void {
    const parsed = savedMemory.safeParse(state);
    if (!parsed.success) {
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The saved state of the policy optimizer 'gradient' does not fit: expected null, Adam's { t, m, v } or { t, velocity }. ` +
          `${z.prettifyError(parsed.error)}\nIt belongs to another optimizer, or the checkpoint is damaged.`,
      );
    }
    const saved = parsed.data;
    if (saved === null) this.memory = null;
    else if ('m' in saved) this.memory = loadMoments(saved);
    else this.memory = { t: saved.t, velocity: saved.velocity && Float64Array.from(saved.velocity) };
  }

  private clip(gradient: Float64Array, length: number): Float64Array {
    const { maxGradientNorm } = this.options;
    if (maxGradientNorm === null || length <= maxGradientNorm) return gradient;
    const scale = maxGradientNorm / length;
    return gradient.map((value) => value * scale);
  }

  /** What is remembered after gradient g, and the direction to go against. */
  private advance(
    memory: Memory,
    g: Float64Array,
  ): { readonly memory: AdamMoments | Velocity; direction: Float64Array } {
    const { method, momentum } = this.options;
    if (method === 'adam') {
      const before = memory && 'm' in memory ? memory : initialMoments(g.length); // line A1
      assertSize(before.m, g);
      const moments = nextMoments(before, g, this.options); // lines A3, A5 and A6
      return { memory: moments, direction: adamDirection(moments, this.options) }; // lines A7 and A8
    }
    const t = (memory?.t ?? 0) + 1;
    if (momentum === 0) return { memory: { t, velocity: null }, direction: g };
    const before = memory && 'velocity' in memory ? memory.velocity : null;
    if (before) assertSize(before, g);
    // A sum with 0 turns −0, which JSON does not hold, into 0.
    const velocity = g.map((value, i) => momentum * (before?.[i] ?? 0) + value + 0);
    return { memory: { t, velocity }, direction: velocity };
  }

  private reason(length: number, gradientNorm: number): string {
    const { method, epochs, maxGradientNorm } = this.options;
    const t = this.memory?.t ?? 0;
    const name = method === 'adam' ? `Adam step ${t}` : 'Gradient step';
    const many = epochs === 1 ? name : `${epochs} ${method === 'adam' ? 'Adam' : 'gradient'} steps`;
    const clipped = maxGradientNorm !== null && gradientNorm > maxGradientNorm;
    const clip = clipped ? `, scaled to ${short(maxGradientNorm)}` : '';
    return `${many} of length ${short(length)} for a gradient of norm ${short(gradientNorm)}${clip}.`;
  }
}

function isFiniteMemory(memory: AdamMoments | Velocity): boolean {
  if ('v' in memory) return allFinite(memory.v);
  return memory.velocity === null || allFinite(memory.velocity);
}

function assertSize(saved: Float64Array, g: Float64Array): void {
  if (saved.length === g.length) return;
  throw new InnerloopError(
    'CHECKPOINT_UNREADABLE',
    `The saved state of the policy optimizer 'gradient' is for ${saved.length} parameters, but this ` +
      `experiment has ${g.length}. Resume with the policy that the checkpoint was made with.`,
  );
}
