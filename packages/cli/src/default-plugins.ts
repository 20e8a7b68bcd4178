import type { Plugin } from '@innerloop/core';
import { envsPlugin } from '@innerloop/envs';
import { mamlPlugin } from '@innerloop/maml';
import { trpoPlugin } from '@innerloop/optim-trpo';
import { vpgPlugin } from '@innerloop/optim-vpg';
import { policyGradientPlugin } from '@innerloop/policy-gradient';
import { cliPlugin } from './plugin.js';

/** The plugins that every command has without being asked; the components of `@innerloop/core` are always there. */
export const defaultPlugins: readonly Plugin[] = [
  vpgPlugin,
  trpoPlugin,
  mamlPlugin,
  policyGradientPlugin,
  envsPlugin,
  cliPlugin,
];
