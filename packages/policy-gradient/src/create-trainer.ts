import type {
  AdvantageEstimator,
  BaselineFactory,
  Check,
  EventBus,
  MetaObjective,
  Policy,
  PolicyOptimizer,
  RunSettings,
  TaskDistribution,
  Wrapper,
} from '@innerloop/core';
import { Adapter, MamlObjective, NO_ADAPTATION } from '@innerloop/maml';
import { LearnedWrappers } from './learned-wrappers.js';
import { PolicyGradientTrainer } from './trainer.js';

/** The options of `trainer: { use: policy-gradient }`. */
export interface PolicyGradientOptions {
  readonly stepsPerIteration: number;
  /** In place of a number of steps, unless `null`. */
  readonly episodesPerIteration: number | null;
  readonly tasksPerIteration: number;
  /** What computes the update, as of the objective `maml`. */
  readonly engine: 'auto' | 'kernels' | 'graph';
}

/** The parts of an experiment that the trainer is made of. */
export interface PolicyGradientComponents {
  /** With the wrappers applied. */
  readonly tasks: TaskDistribution;
  readonly policy: Policy;
  readonly advantages: AdvantageEstimator;
  readonly baseline: BaselineFactory;
  readonly optimizer: PolicyOptimizer;
  readonly wrappers: readonly Wrapper[];
  readonly events: EventBus;
  readonly checks: readonly Check[];
  readonly run: Pick<RunSettings, 'seed'>;
}

/**
 * Puts the trainer together.
 *
 * @param watch Changes the objective, to measure it; nothing if left out.
 * @throws InnerloopError CONFIG_INVALID if the kernels are asked for and cannot serve.
 */
export function createPolicyGradientTrainer(
  components: PolicyGradientComponents,
  options: PolicyGradientOptions,
  watch: (objective: MetaObjective) => MetaObjective = (objective) => objective,
): PolicyGradientTrainer {
  const { optimizer, wrappers, events, checks, run, ...parts } = components;
  const { stepsPerIteration, episodesPerIteration, tasksPerIteration, engine } = options;
  const objective = watch(
    new MamlObjective(parts.policy, NO_ADAPTATION, {
      derivative: 'exact',
      curvature: 'gauss-newton',
      engine,
      engineOption: 'trainer.engine',
    }),
  );
  const adapter = new Adapter({ ...parts, inner: NO_ADAPTATION, objective });
  const amount = episodesPerIteration === null ? { steps: stepsPerIteration } : { episodes: episodesPerIteration };
  return new PolicyGradientTrainer(
    { adapter, objective, optimizer, wrappers: new LearnedWrappers(wrappers), events, checks },
    { seed: run.seed, tasksPerIteration, amount },
  );
}
