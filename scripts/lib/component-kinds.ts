import type { ComponentKind } from '@innerloop/core';

/** What the page of a kind says before it comes to its components. */
export interface KindPage {
  readonly kind: ComponentKind;
  /** The heading of its page. */
  readonly title: string;
  /** The keys of a config that hold it. */
  readonly places: readonly [string, ...string[]];
  /** One line, for the index. */
  readonly brief: string;
  /** What it does, what uses it, and what stands there if the key is left out. */
  readonly about: string;
  /** Parts of a config that choose it, as YAML. */
  readonly examples: readonly string[];
}

/** Every kind, in the order of a config. */
export const KIND_PAGES: readonly KindPage[] = [
  {
    kind: 'trainer',
    title: 'Trainers',
    places: ['trainer'],
    brief: 'the outer loop',
    about: `The outer loop: it collects data, takes a step, measures the policy, and saves and restores what it has learned. A config must name
one. It decides which other keys a config must have: \`maml\` takes \`objective\`, \`inner\` and \`meta\`, \`policy-gradient\` takes
\`optimizer\` in place of the three.`,
    examples: ['trainer: { use: maml, tasksPerIteration: 20, rolloutsPerTask: 20, adaptationSteps: 1 }'],
  },
  {
    kind: 'objective',
    title: 'Objectives',
    places: ['objective'],
    brief: 'what the outer loop lowers',
    about: `What the outer loop of \`maml\` lowers. An objective freezes the data of each task, before and after adaptation, and answers a policy
optimizer's questions about other parameters: the surrogate loss, its gradient, the KL divergence and, if it has any, the curvature. The
trainer \`policy-gradient\` has an objective of its own, so a config with it names none.`,
    examples: ['objective: { use: maml, derivative: exact, curvature: gauss-newton }'],
  },
  {
    kind: 'tasks',
    title: 'Tasks',
    places: ['tasks'],
    brief: 'a distribution over tasks, which makes their environments',
    about: `A distribution over tasks: it draws them and makes the environment of each. A config must name one. A single problem, such as
\`cart-pole\`, is a distribution with one task. What is seen, done and earned in each, with constants, sources and how well one can do:
[environments](../environments.md).`,
    examples: ['tasks: { use: point-navigation, horizon: 100 }'],
  },
  {
    kind: 'wrapper',
    title: 'Wrappers',
    places: ['wrappers'],
    brief: 'change environments from outside',
    about: `Wrappers change environments from outside. \`wrappers\` is a list, empty if it is left out: the first is next to the environment, and
the policy sees what the last one shows. Their order matters: a wrapper measures what those before it let through.`,
    examples: [
      `wrappers:
  - { use: time-limit, steps: 50 }
  - { use: action-scaling }`,
    ],
  },
  {
    kind: 'policy',
    title: 'Policies',
    places: ['policy'],
    brief: 'the distribution over actions, given an observation',
    about: `The distribution over actions, given an observation. A config must name one. Which one can serve follows from the actions of the
tasks: \`gaussian-mlp\` where they are real numbers, \`categorical-mlp\` where they are a choice among a few. The other is refused.`,
    examples: ['policy: { use: gaussian-mlp, hiddenSizes: [64, 64], activation: tanh }'],
  },
  {
    kind: 'inner-optimizer',
    title: 'Inner optimizers',
    places: ['inner'],
    brief: 'adapt the policy to a task',
    about: `One step of adaptation to a task, from data of that task. The objective differentiates through it. \`maml\` needs one, in training and
when it is measured; \`policy-gradient\` does not adapt and takes none.`,
    examples: ['inner: { use: vpg, learningRate: 0.1 }'],
  },
  {
    kind: 'policy-optimizer',
    title: 'Policy optimizers',
    places: ['meta', 'optimizer'],
    brief: 'take the step of the outer loop',
    about: `The step of the outer loop, from the surrogate, its gradient and, where it is needed, its curvature. The key is \`meta\` with the
trainer \`maml\` and \`optimizer\` with \`policy-gradient\`; the components and their options are the same.`,
    examples: [
      'meta: { use: trpo, maxKl: 0.01, cgIterations: 10 }',
      `trainer: { use: policy-gradient, stepsPerIteration: 4000 }
optimizer: { use: gradient, method: adam, learningRate: 0.01 }`,
    ],
  },
  {
    kind: 'advantages',
    title: 'Advantage estimators',
    places: ['advantages'],
    brief: 'estimate how much better an action was than usual',
    about: `How much better each action was than usual, from rewards and the values that the baseline predicts. \`gae\` if the key is left out. In
\`maml\` it serves the data before adaptation and those after.`,
    examples: ['advantages: { use: gae, discount: 0.99, lambda: 0.95 }'],
  },
  {
    kind: 'baseline',
    title: 'Baselines',
    places: ['baseline'],
    brief: 'estimate state values',
    about: `Estimates of state values, which take variance out of the advantages and stand for what comes after an episode that is cut off.
\`linear-feature\` if the key is left out. They differ in when they are fitted: \`mlp-value\` after the step of the policy, for which a trainer
must keep it from one iteration to the next; the others to the batch that they then predict.`,
    examples: [
      'baseline: { use: linear-feature, clip: 10 }',
      `trainer: { use: policy-gradient, stepsPerIteration: 4000 }
optimizer: { use: trpo }
baseline: { use: mlp-value, iterations: 80, learningRate: 0.001 }`,
    ],
  },
  {
    kind: 'check',
    title: 'Checks',
    places: ['checks'],
    brief: 'are asked before a step is committed',
    about: `Checks are asked before a step is committed, and answer: go on, warn, reject the step, or stop the run with a checkpoint. \`checks\` is
a list, empty if it is left out. When each is asked: [events](../events.md#checks-are-asked).`,
    examples: [
      `checks:
  - { use: kl-limit, stage: meta-step, limit: 0.02, action: warn }`,
    ],
  },
  {
    kind: 'logger',
    title: 'Loggers',
    places: ['loggers'],
    brief: 'write events somewhere',
    about: `Loggers listen to the [events](../events.md) of a run and write them somewhere. \`loggers\` is a list; \`progress\` if it is left out.
They are extra: every run writes its [metrics](../metrics.md) to its directory, whatever loggers it has.`,
    examples: [
      `loggers:
  - { use: progress, style: lines, interval: 10 }`,
    ],
  },
];
