import { definePlugin } from '@innerloop/core';
import { bernoulliBanditComponent, gaussianBanditComponent } from './bandits/distribution.js';
import { cartPoleVariedComponent } from './classic-control/cart-pole-varied.js';
import { classicControlComponents } from './classic-control/distribution.js';
import { pendulumVariedComponent } from './classic-control/pendulum-varied.js';
import { pointCornerComponent } from './corner-points/point-corner.js';
import { pointMomentumComponent } from './corner-points/point-momentum.js';
import { pointNavigationComponent } from './point-navigation/distribution.js';
import { tabularMdpComponent } from './tabular-mdp/distribution.js';
import { actionRepeatComponent } from './wrappers/action-repeat.js';
import { actionScalingComponent } from './wrappers/action-scaling.js';
import { episodeStatisticsComponent } from './wrappers/episode-statistics.js';
import { observationNormalizationComponent } from './wrappers/observation-normalization.js';
import { rewardScalingComponent } from './wrappers/reward-scaling.js';
import { timeLimitComponent } from './wrappers/time-limit.js';

/** The components of `@innerloop/envs`: distributions over tasks, and wrappers. */
export const envsPlugin = definePlugin({
  name: '@innerloop/envs',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [
    pointNavigationComponent,
    pointCornerComponent,
    pointMomentumComponent,
    bernoulliBanditComponent,
    gaussianBanditComponent,
    tabularMdpComponent,
    ...classicControlComponents,
    cartPoleVariedComponent,
    pendulumVariedComponent,
    actionScalingComponent,
    actionRepeatComponent,
    timeLimitComponent,
    observationNormalizationComponent,
    episodeStatisticsComponent,
    rewardScalingComponent,
  ],
});
