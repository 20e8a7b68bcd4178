import { defineComponent } from '@innerloop/core';
import { z } from 'zod';
import { CART_POLE, CartPoleDynamics } from './cart-pole.js';
import { rangeOption, timeLimitOption } from './options.js';
import { VariedControl } from './varied.js';

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
export class CartPoleVaried extends VariedControl<CartPoleTask> {
  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: CartPoleVariedOptions = {}) {
    const { timeLimit, cartMass, poleMass, halfLength } = cartPoleVariedOptions.parse(options);
    super({
      name: 'cart-pole-varied',
      ranges: { cartMass, poleMass, halfLength },
      timeLimit,
      dynamics: (task) => new CartPoleDynamics({ ...CART_POLE, ...task }),
    });
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
