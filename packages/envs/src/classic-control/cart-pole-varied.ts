import {
  type BoxSpace,
  type DiscreteSpace,
  defineComponent,
  type Random,
  type TaskDistribution,
} from '@innerloop/core';
import { z } from 'zod';
import { CART_POLE, CartPoleDynamics } from './cart-pole.js';
import { ControlEnvironment } from './environment.js';
import { assertPhysics, drawFrom, horizonBeyond, rangeOption, timeLimitOption } from './options.js';

const cartPoleVariedOptions = z.strictObject({
  cartMass: rangeOption(0.5, 2, "Cart's mass in kg"),
  poleMass: rangeOption(0.05, 0.2, "Pole's mass in kg"),
  halfLength: rangeOption(0.25, 1, "Half the pole's length in m"),
  timeLimit: timeLimitOption(500),
});

/** Options of {@link CartPoleVaried}; any may be left out. */
export type CartPoleVariedOptions = z.input<typeof cartPoleVariedOptions>;

/** The physics of one task of {@link CartPoleVaried}; Gymnasium's CartPole-v1 is 1, 0.1, 0.5. */
export type CartPoleTask = {
  /** kg. */
  readonly cartMass: number;
  /** kg. */
  readonly poleMass: number;
  /** m, from the joint to the centre of mass. */
  readonly halfLength: number;
};

/**
 * Cart-poles with other masses and pole lengths, which the policy cannot see. All that depends on them, total mass and pole moment
 * included, follows from the task. Else as Gymnasium's CartPole-v1. Every task of the default ranges can be kept up for 500 steps by
 * pushing right if and only if 0.02 x + 0.06 ẋ + θ + 0.3 θ̇ > 0.
 */
export class CartPoleVaried implements TaskDistribution<CartPoleTask> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  private readonly options: z.output<typeof cartPoleVariedOptions>;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: CartPoleVariedOptions = {}) {
    this.options = cartPoleVariedOptions.parse(options);
    this.horizon = horizonBeyond(this.options.timeLimit);
    const { observationSpace, actionSpace } = new CartPoleDynamics();
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }

  sample(random: Random, count: number): CartPoleTask[] {
    const { cartMass, poleMass, halfLength } = this.options;
    return Array.from({ length: count }, () => ({
      cartMass: drawFrom(random, cartMass),
      poleMass: drawFrom(random, poleMass),
      halfLength: drawFrom(random, halfLength),
    }));
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task is not a {@link CartPoleTask} of positive numbers. */
  create(task: CartPoleTask): ControlEnvironment {
    assertPhysics('cart-pole-varied', task, ['cartMass', 'poleMass', 'halfLength']);
    const { cartMass, poleMass, halfLength } = task;
    const dynamics = new CartPoleDynamics({ ...CART_POLE, cartMass, poleMass, halfLength });
    return new ControlEnvironment(dynamics, this.options.timeLimit);
  }
}

/** `tasks: { use: cart-pole-varied }` */
export const cartPoleVariedComponent = defineComponent({
  kind: 'tasks',
  name: 'cart-pole-varied',
  summary: 'Cart-poles whose masses and pole length differ from task to task, unseen',
  choose:
    'To see whether one policy copes with other physics: a single linear feedback keeps every cart-pole of the ' +
    'default ranges up for 500 steps, so no adaptation is needed. Where there is something to adapt to, take ' +
    '`pendulum-varied`.',
  options: cartPoleVariedOptions,
  create: (options) => new CartPoleVaried(options),
});
