import { definePlugin } from '@innerloop/core';
import { pointNavigationComponent } from './point-navigation/distribution.js';
import { actionScalingComponent } from './wrappers/action-scaling.js';
import { timeLimitComponent } from './wrappers/time-limit.js';

/** The components of `@innerloop/envs`: tasks `point-navigation`, wrappers `action-scaling` and `time-limit`. */
export const envsPlugin = definePlugin({
  name: '@innerloop/envs',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [pointNavigationComponent, actionScalingComponent, timeLimitComponent],
});
