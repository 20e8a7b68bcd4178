import { defineComponent, type TaskView } from '@innerloop/core';
import { z } from 'zod';
import { rangeOption, timeLimitOption } from './options.js';
import { PENDULUM, PendulumDynamics } from './pendulum.js';
import { PENDULUM_VIEW } from './problems.js';
import { VariedControl } from './varied.js';

const pendulumVariedOptions = z.strictObject({
  mass: rangeOption(0.5, 2, "Pendulum's mass in kg"),
  length: rangeOption(0.75, 1.5, "Pendulum's length in m"),
  timeLimit: timeLimitOption(200),
});

/** Options of {@link PendulumVaried}; any may be left out. */
export type PendulumVariedOptions = z.input<typeof pendulumVariedOptions>;

/** The physics of one task of {@link PendulumVaried}; Gymnasium's Pendulum-v1 is 1, 1. */
export type PendulumTask = {
  /** kg. */
  readonly mass: number;
  /** m. */
  readonly length: number;
};

/**
 * Pendulums with other masses and lengths, which the policy cannot see. Else as Gymnasium's Pendulum-v1. A controller that knows the task
 * swings all of them up; docs/environments.md has it, and what it earns.
 */
export class PendulumVaried extends VariedControl<PendulumTask> {
  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: PendulumVariedOptions = {}) {
    const { timeLimit, mass, length } = pendulumVariedOptions.parse(options);
    super({
      name: 'pendulum-varied',
      ranges: { mass, length },
      timeLimit,
      dynamics: (task) => new PendulumDynamics({ ...PENDULUM, ...task }),
    });
  }

  view(): TaskView {
    return PENDULUM_VIEW;
  }
}

/** `tasks: { use: pendulum-varied }` */
export const pendulumVariedComponent = defineComponent({
  kind: 'tasks',
  name: 'pendulum-varied',
  summary: 'Pendulums whose mass and length differ from task to task, unseen',
  choose:
    'For adaptation to physics that cannot be seen, with real-valued actions (`gaussian-mlp`, `action-scaling`): a ' +
    'swing-up that knows its task earns −194, one that takes every pendulum for the standard one −321. Begin with ' +
    '`point-navigation`, whose episodes are half as long and whose results are published.',
  options: pendulumVariedOptions,
  create: (options) => new PendulumVaried(options),
});
