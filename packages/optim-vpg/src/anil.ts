import {
  type AdaptationBatch,
  didYouMean,
  type GradientStep,
  gradients,
  type InnerContext,
  InnerloopError,
  type InnerOptimizer,
  type InnerParameters,
  ops,
  type ParameterLayout,
  type Parameters,
  type Policy,
  policyGradientLoss,
  quoteAll,
  type Tensor,
} from '@innerloop/core';
import { stepSizeAt } from './step-size.js';
import type { VpgOptions } from './vpg.js';

/*
 * ANIL, "almost no inner loop" (Raghu, Raghu, Bengio and Vinyals 2020, "Rapid learning or feature reuse?", arXiv:1909.09157, section 4):
 * MAML whose inner loop changes the head alone. With θ = (θ_1, …, θ_l) by layers, adaptation takes the gradient step
 *
 *   θ_l ← θ_l − α ∇_θl L(θ; D)
 *
 * and leaves the body θ_1 … θ_l−1 as it is; the outer loop learns all layers.
 *
 * Differs from the text: which parts are adapted is an option, and with several steps each has new trajectories.
 */

/** Options of {@link AnilInnerOptimizer}. */
export interface AnilOptions extends VpgOptions {
  /** Names of the policy's parts, such as `output/bias`, or patterns in which `*` stands for any characters. */
  readonly adapt: readonly string[];
}

/**
 * φʲ⁺¹ = φʲ − α_j P ∇L(φʲ; Dʲ), where P keeps the adapted parts. Its Jacobian I − α P H is not symmetric: the head's step depends on the
 * body, and not the other way round.
 */
export class AnilInnerOptimizer implements InnerOptimizer {
  readonly acceptsStepSizes = true;
  readonly gradientStep: GradientStep;
  private readonly adapted: ReadonlySet<string>;

  /** @throws InnerloopError CONFIG_INVALID if a name or pattern fits no part of the policy. */
  constructor(
    private readonly policy: Policy,
    private readonly options: AnilOptions,
  ) {
    this.adapted = matchParts(policy.layout, options.adapt);
    this.gradientStep = {
      loss: options,
      stepSize: (step) => stepSizeAt(options.learningRate, step),
      adapts: (part) => this.adapted.has(part),
    };
  }

  adapt(
    { policy: phi }: InnerParameters,
    batch: AdaptationBatch,
    { step, stepSize, layout }: InnerContext,
  ): Parameters {
    const alpha = stepSize ?? stepSizeAt(this.options.learningRate, step);
    const isHead = layout.parts.map(({ name }) => this.adapted.has(name));
    const loss = policyGradientLoss(this.policy, phi, batch, this.options);
    const slopes = gradients(
      loss,
      phi.filter((_, index) => isHead[index]),
    );
    return phi.map((part, index) => {
      return isHead[index] ? ops.sub(part, ops.scale(slopes.shift() as Tensor, alpha)) : part;
    });
  }
}

/** The names of a layout's parts that a list of names and patterns chooses. */
function matchParts(layout: ParameterLayout, patterns: readonly string[]): ReadonlySet<string> {
  const names = layout.parts.map(({ name }) => name);
  const chosen = patterns.flatMap((pattern) => {
    const matches = names.filter((name) => expression(pattern).test(name));
    if (matches.length > 0) return matches;
    throw new InnerloopError(
      'CONFIG_INVALID',
      `inner.adapt: expected names of the policy's parts, or patterns that fit some of them, out of ${quoteAll(names)}; ` +
        `found '${pattern}', which fits none${didYouMean(pattern, names)}`,
    );
  });
  return new Set(chosen);
}

function expression(pattern: string): RegExp {
  const literal = pattern.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`);
}
