import { z } from 'zod';
import type { Check, CheckSubject, Verdict } from '../contracts/check.js';
import { defineComponent } from '../plugins/define.js';

const options = z
  .strictObject({
    stage: z
      .enum(['meta-step', 'adaptation'])
      .default('meta-step')
      .describe(
        'Which divergence is limited: meta-step, between the adapted policies before and after the proposed step; ' +
          'adaptation, between the policy and its adaptation, KL(π_θ ‖ π_φ) on the pre-adaptation data',
      ),
    limit: z.number().positive().default(0.02).describe('The largest divergence that is let pass, in nats; > 0'),
    statistic: z
      .enum(['mean', 'max'])
      .default('mean')
      .describe('Which figure of the tasks is compared; of a meta-step only the mean is known'),
    action: z
      .enum(['warn', 'reject', 'stop'])
      .default('warn')
      .describe('What happens above the limit: warn and go on, reject the step, or stop the run with a checkpoint'),
  })
  .refine(({ stage, statistic }) => stage === 'adaptation' || statistic === 'mean', {
    path: ['statistic'],
    message: "'mean', since of a meta-step only the mean over tasks is known",
  });

/** What {@link KlLimit} compares, with what, and to what end. */
export type KlLimitOptions = z.output<typeof options>;

/** A limit on the KL divergence of a meta-step or of an adaptation. A divergence that is not a number is above it. */
export class KlLimit implements Check {
  readonly name: string;
  readonly stage: KlLimitOptions['stage'];

  constructor(private readonly options: KlLimitOptions) {
    this.stage = options.stage;
    this.name = `kl-limit (${options.stage})`;
  }

  verdict(subject: CheckSubject): Verdict {
    const { stage, limit, statistic, action } = this.options;
    if (subject.stage !== stage) return { kind: 'ok' };
    const figures = subject.stage === 'adaptation' ? subject.kl : [subject.kl];
    if (figures.length === 0) return { kind: 'ok' };
    const kl =
      statistic === 'max' ? Math.max(...figures) : figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
    // Written so that NaN does not pass.
    if (kl <= limit) return { kind: 'ok' };
    return { kind: action, reason: `the ${statistic} KL of the ${stage}, ${kl}, is above the limit ${limit}` };
  }
}

/** The component `kl-limit`. */
export const klLimitComponent = defineComponent({
  kind: 'check',
  name: 'kl-limit',
  summary: 'A limit on the KL divergence of the meta-step or of adaptation: warn, reject or stop',
  choose:
    'With `gradient`, which limits nothing itself; with `trpo` a step is within `maxKl` anyway, and a limit above ' +
    'that is an alarm that should stay silent. Begin with `action: warn` to learn what is usual, and take `reject` ' +
    'or `stop` where a step too far would ruin a long run. `stage: adaptation` needs a trainer that adapts.',
  options,
  create: (chosen) => new KlLimit(chosen),
});
