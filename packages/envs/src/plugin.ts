import { definePlugin } from '@innerloop/core';
import { cartPoleVariedComponent } from './classic-control/cart-pole-varied.js';
import { classicControlComponents } from './classic-control/distribution.js';
import { pendulumVariedComponent } from './classic-control/pendulum-varied.js';
import { pointNavigationComponent } from './point-navigation/distribution.js';
import { actionScalingComponent } from './wrappers/action-scaling.js';
import { timeLimitComponent } from './wrappers/time-limit.js';

/** The components of `@innerloop/envs`: distributions over tasks, and wrappers. */
export const envsPlugin = definePlugin({
  name: '@innerloop/envs',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [
    pointNavigationComponent,
    ...classicControlComponents,
    cartPoleVariedComponent,
    pendulumVariedComponent,
    actionScalingComponent,
    timeLimitComponent,
  ],
});
