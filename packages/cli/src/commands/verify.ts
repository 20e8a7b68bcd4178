import { type BackendChoice, useBackend, VERSION } from '@innerloop/core';
import { paint, print, table } from '../output/text.js';
import { readVerifyCase } from '../verify/case.js';
import type { Engine } from '../verify/problem.js';
import { type CaseResult, verifyCase } from '../verify/quantities.js';
import type { AddCommand } from './context.js';
import { backend, engine } from './options.js';

interface VerifyOptions {
  readonly backend: BackendChoice;
  readonly engine: Engine;
  readonly json?: boolean;
}

/** `innerloop verify`. */
export const addVerify: AddCommand = (program, context) => {
  program
    .command('verify')
    .summary('check this machine against reference values')
    .description('Computes every quantity of reference cases with the components of this version, and compares.')
    .argument('<case.json...>', 'reference cases')
    .option('--backend <name>', 'auto, wasm, cpu or native', backend, 'auto')
    .option('--engine <name>', 'graph (recorded, on the backend) or kernels (written out, in SIMD)', engine, 'graph')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  innerloop verify packages/maml/reference/*.json --backend cpu')
    .action(async (files: string[], options: VerifyOptions) => {
      const cases = await Promise.all(files.map(readVerifyCase)); // All are checked before any is computed.
      const report = await useBackend(options.backend);
      const results: CaseResult[] = [];
      for (const given of cases) results.push(await verifyCase(given, options.engine));
      const passed = results.every((result) => result.passed);
      if (options.json)
        print(
          JSON.stringify({ innerloop: VERSION, backend: report.name, engine: options.engine, passed, cases: results }),
        );
      else printResults(results, options.engine === 'kernels' ? 'kernels' : report.name);
      if (!passed) context.exitCode = 1;
    });
};

function printResults(results: readonly CaseResult[], backendName: string): void {
  for (const { name, quantities, otherCurvatures } of results) {
    print(`${name} on ${backendName}`);
    const rows = quantities.map(({ quantity, measure, error, tolerance, passed }) => [
      `  ${quantity}`,
      error.toExponential(2),
      tolerance.toExponential(2),
      passed ? 'pass' : 'FAIL',
      measure,
    ]);
    const text = table([['  quantity', 'error', 'tolerance', 'verdict', 'error measured as'], ...rows], [1, 2]);
    print(text.replace(/\bFAIL\b/g, paint(process.stdout, 'red', 'FAIL')));
    const others = Object.entries(otherCurvatures).map(([method, error]) => `${method} ${error.toExponential(2)}`);
    print(`  klHessianVectorProduct by the other methods, not judged: ${others.join(', ')}\n`);
  }
  const judged = results.flatMap(({ quantities }) => quantities);
  const failed = judged.filter(({ passed }) => !passed).length;
  print(`${judged.length - failed} passed, ${failed} failed`);
}
