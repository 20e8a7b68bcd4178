import { definePlugin } from '@innerloop/core';
import { progressComponent } from './progress/component.js';

/** The components of `@innerloop/cli`: logger `progress`. */
export const cliPlugin = definePlugin({
  name: '@innerloop/cli',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [progressComponent],
});
