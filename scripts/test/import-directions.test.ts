import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, tool } from '../lib/process.mjs';
import { ROOT } from '../lib/workspace.mjs';

/** [file, import, allowed]: every direction of the design, each with what it must refuse and what it must let pass. */
const CASES: readonly (readonly [file: string, statement: string, allowed: boolean])[] = [
  ['packages/core/src/losses/case.ts', "import { x } from '@innerloop/maml';", false],
  ['packages/core/src/losses/case.ts', "import { x } from 'inversify';", false],
  ['packages/core/src/losses/case.ts', "export { x } from 'mitt';", false],
  ['packages/core/src/losses/case.ts', "const x = await import('mitt');", false],
  ['packages/core/src/losses/case.ts', "import * as x from '@tensorflow/tfjs-core';", false],
  ['packages/core/src/losses/case.ts', "import { x } from '../../../envs/src/index.js';", false],
  ['packages/core/src/losses/case.ts', "import { x } from '../numerics/ops.js';", true],
  ['packages/core/src/numerics/case.ts', "import * as x from '@tensorflow/tfjs-core';", true],
  ['packages/core/src/numerics/case.ts', "import { x } from 'inversify';", false],
  ['packages/core/src/numerics/case.ts', "import { x } from 'mitt';", false],
  ['packages/core/src/numerics/case.ts', "import { x } from '@innerloop/envs';", false],
  ['packages/core/src/plugins/case.ts', "import { x } from 'inversify';", true],
  ['packages/core/src/plugins/case.ts', "import { x } from 'mitt';", false],
  ['packages/core/src/plugins/case.ts', "import { x } from '@innerloop/cli';", false],
  ['packages/core/src/plugins/case.ts', "import * as x from '@tensorflow/tfjs-core';", false],
  ['packages/core/src/experiment.ts', "import { x } from 'inversify';", true],
  ['packages/core/src/experiment.ts', "import * as x from '@tensorflow/tfjs-core';", false],
  ['packages/core/src/events/bus.ts', "import x from 'mitt';", true],
  ['packages/core/src/events/bus.ts', "import { x } from 'inversify';", false],
  ['packages/core/src/events/other.ts', "import x from 'mitt';", false],
  ...['envs', 'maml', 'optim-vpg', 'report', 'optim-trpo', 'policy-gradient'].flatMap(
    (name): (typeof CASES)[number][] => [
      [`packages/${name}/src/case.ts`, "import type { x } from '@innerloop/core';", true],
      [`packages/${name}/src/case.ts`, "import type { x } from '@innerloop/cli';", false],
      [`packages/${name}/src/case.ts`, "import { x } from '@innerloop/core/dist/numerics/ops.js';", false],
      [`packages/${name}/src/case.ts`, "import { x } from '../../core/src/index.js';", false],
      [`packages/${name}/src/case.ts`, "import { x } from 'inversify';", false],
      [`packages/${name}/src/case.ts`, "import x from 'mitt';", false],
      [`packages/${name}/src/case.ts`, "import * as x from '@tensorflow/tfjs-core';", false],
    ],
  ),
  ['packages/maml/src/case.ts', "import { x } from '@innerloop/optim-trpo';", false],
  ['packages/maml/src/case.ts', "import { x } from '@innerloop/policy-gradient';", false],
  ['packages/policy-gradient/src/case.ts', "import { x } from '@innerloop/maml';", true],
  ['packages/policy-gradient/src/case.ts', "import { x } from '@innerloop/optim-trpo';", false],
  ['packages/policy-gradient/src/case.ts', "import { x } from '@innerloop/envs';", false],
  ['packages/optim-trpo/src/case.ts', "import { ops as x } from '@innerloop/core';", false],
  ['packages/optim-trpo/src/case.ts', "import type { Tensor as x } from '@innerloop/core';", false],
  ['packages/optim-trpo/src/case.ts', "import * as x from '@innerloop/core';", false],
  ['packages/optim-trpo/src/case.ts', "import { InnerloopError as x } from '@innerloop/core';", true],
  ['packages/optim-vpg/src/case.ts', "import { ops as x } from '@innerloop/core';", true],
  ['packages/cli/src/case.ts', "import { x } from '@innerloop/maml';", true],
  ['packages/cli/src/case.ts', "import { x } from 'inversify';", false],
  ['packages/cli/src/case.ts', "import { x } from '../../maml/src/index.js';", false],
  ['packages/cli/src/case.ts', "import x from 'mitt';", false],
  ['packages/cli/src/case.ts', "import * as x from '@tensorflow/tfjs-core';", false],
  ['examples/any/src/case.ts', "import { x } from '@innerloop/core';", true],
  ['examples/any/src/case.ts', "import { x } from '@innerloop/optim-vpg';", false],
];

/** The file of a case: the place that it names, made unique, except where the rule names one file. */
function placeOf(index: number): string {
  const file = (CASES[index] as (typeof CASES)[number])[0];
  return file.endsWith('/case.ts') ? file.replace('case.ts', `case${index}.ts`) : file;
}

describe('the lint rule for import directions', () => {
  const folders: string[] = [];
  /** Per case, what the rule said of its file. */
  const refused = new Map<number, boolean>();

  beforeAll(async () => {
    // Cases that share a fixed file name go to separate folders: one run of the linter for each.
    const rounds: number[][] = [];
    for (let index = 0; index < CASES.length; index += 1) {
      const round = rounds.find((others) => others.every((other) => placeOf(other) !== placeOf(index)));
      if (round) round.push(index);
      else rounds.push([index]);
    }
    for (const round of rounds) {
      const folder = mkdtempSync(join(tmpdir(), 'innerloop-imports-'));
      folders.push(folder);
      writeFileSync(join(folder, 'biome.json'), readFileSync(join(ROOT, 'biome.json')));
      for (const index of round) {
        const path = join(folder, placeOf(index));
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, `${CASES[index]?.[1]}\n`);
      }
      const lint = ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=json', '.'];
      const { stdout } = await capture(process.execPath, [tool('biome'), ...lint], { cwd: folder });
      const report = JSON.parse(stdout) as {
        diagnostics: { category: string; severity: string; location: { path: string } }[];
      };
      for (const index of round) {
        const found = report.diagnostics.filter(({ location }) => location.path.endsWith(placeOf(index)));
        refused.set(
          index,
          found.some((d) => d.category === 'lint/style/noRestrictedImports' && d.severity === 'error'),
        );
      }
    }
  }, 60_000);

  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  for (const [index, [file, statement, allowed]] of CASES.entries()) {
    it(`${allowed ? 'allows' : 'refuses'} in ${file}: ${statement}`, () => {
      expect(refused.get(index)).toBe(!allowed);
    });
  }
});
