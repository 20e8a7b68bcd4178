import { gaeComponent } from '../advantages/gae.js';
import { nStepComponent } from '../advantages/n-step.js';
import { rewardToGoComponent } from '../advantages/reward-to-go.js';
import { tdResidualComponent } from '../advantages/td-residual.js';
import { linearFeatureComponent } from '../baselines/linear-feature.js';
import { mlpValueComponent } from '../baselines/mlp-value.js';
import { timeDependentMeanComponent } from '../baselines/time-dependent-mean.js';
import { zeroBaselineComponent } from '../baselines/zero.js';
import { klLimitComponent } from '../checks/kl-limit.js';
import { jsonlComponent } from '../loggers/jsonl.js';
import { categoricalMlpComponent } from '../policies/categorical-mlp.js';
import { gaussianMlpComponent } from '../policies/gaussian-mlp.js';
import { VERSION } from '../version.js';
import { definePlugin } from './define.js';

/** The components of `@innerloop/core` itself; every experiment has them. */
export const corePlugin = definePlugin({
  name: '@innerloop/core',
  version: VERSION,
  requires: VERSION,
  components: [
    gaussianMlpComponent,
    categoricalMlpComponent,
    gaeComponent,
    rewardToGoComponent,
    tdResidualComponent,
    nStepComponent,
    zeroBaselineComponent,
    timeDependentMeanComponent,
    linearFeatureComponent,
    mlpValueComponent,
    klLimitComponent,
    jsonlComponent,
  ],
});
