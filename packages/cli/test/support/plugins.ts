import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const zod = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href;

/** What distinguishes one broken plugin from another. */
export interface PluginText {
  readonly requires?: string;
  /** Statements that run when the file is loaded. */
  readonly loading?: string;
  /** Body of the component's `create`, which is of kind `tasks` and named `broken`. */
  readonly create?: string;
}

/** The source of a plugin with one task distribution, as a package outside the workspace would be built. */
export function pluginText({ requires = '^0.1.0', loading = '', create = 'return {};' }: PluginText): string {
  return `import { z } from ${JSON.stringify(zod)};
${loading}
export const plugin = {
  [Symbol.for('@innerloop/core:plugin')]: true,
  name: 'innerloop-broken',
  version: '1.2.3',
  requires: ${JSON.stringify(requires)},
  components: [{
    kind: 'tasks', name: 'broken', summary: 'Broken', options: z.strictObject({}), inject: {},
    create: () => { ${create} },
  }],
};
`;
}

/** The body of \`create\` for tasks whose environments do this at reset and at each step. */
export function environment(reset: string, step: string): string {
  return `
    const spaces = {
      observationSpace: { kind: 'box', low: [-1, -1], high: [1, 1] },
      actionSpace: { kind: 'box', low: [-1, -1], high: [1, 1] },
    };
    return {
      ...spaces, horizon: 5,
      sample: (random, count) => Array.from({ length: count }, (_, id) => ({ id })),
      create: () => ({ ...spaces, reset: () => { ${reset} }, step: () => { ${step} } }),
    };`;
}
