import { formatSmall, print, table } from '../output/text.js';
import type { MatrixRate } from './matrix-rate.js';
import type { Growth } from './scaling.js';
import { type BenchReport, PHASES, UPDATE_PHASES } from './summary.js';

const NAMES: Readonly<Record<(typeof PHASES)[number], string>> = {
  sample: 'sample',
  adapt: 'adapt',
  gradient: 'gradient',
  curvature: 'curvature',
  lineSearch: 'line search',
  other: 'other',
};

const ENGINES = {
  graph: 'recorded graphs on the backend',
  kernels: 'written-out derivatives on the SIMD kernels',
} as const;

const WARMUPS = ['without a warm-up', 'after a warm-up'];

/** Prints a report for people, of so many repetitions after so many that were not measured. */
export function printReport(report: BenchReport, warmups: number): void {
  const { machine, backend, work, memory, stepsPerSecond, runs } = report;
  print(`Innerloop ${report.innerloop}, Node ${report.node}, ${machine.platform}`);
  print(`machine   ${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(2)} before the bench`);
  print(`backend   ${backend.name} (${backend.reason}); update by ${ENGINES[report.engine]}`);
  print(`workers   ${report.workers.count} (${report.workers.reason})`);
  print(
    `work      ${work.tasks} tasks, ${work.episodes} episodes, ${sum(work.steps)} steps, ${work.parameters} parameters, ` +
      `${work.products} curvature products, ${work.trials} line-search trials`,
  );
  print(
    `measured  ${runs.length === 1 ? 'once' : `${runs.length} times`}, ${WARMUPS[warmups] ?? `after ${warmups} warm-ups`}\n`,
  );
  print(phaseTable(report));
  print();
  print(
    `environment steps per second   ${formatSmall(stepsPerSecond.sample)} while sampling, ` +
      `${formatSmall(stepsPerSecond.iteration)} over the whole iteration`,
  );
  print(`peak memory (RSS)              ${(memory.peakRss / 2 ** 20).toFixed(0)} MiB`);
  printArithmetic(report);
  for (const growth of report.scaling ?? []) printGrowth(growth);
}

function phaseTable({ seconds, arithmetic }: BenchReport): string {
  const total = seconds.iteration.median;
  const row = (label: string, key: keyof BenchReport['seconds']) => {
    const rate = arithmetic && key in arithmetic.gflops ? arithmetic.gflops[key as 'update'].toFixed(2) : '';
    const spread = seconds[key];
    if (!spread) return [label, 'in sample', 'in sample', '', ''];
    const { best, median } = spread;
    return [label, best.toFixed(3), median.toFixed(3), `${((100 * median) / total).toFixed(1)} %`, rate];
  };
  const rows = [
    ['phase', 'least, s', 'median, s', 'share', 'GFLOP/s'],
    ...PHASES.map((phase) => row(NAMES[phase], phase)),
    ...(seconds.value ? [row('value function', 'value')] : []),
    row('whole iteration', 'iteration'),
    row(`update (${UPDATE_PHASES.map((phase) => NAMES[phase]).join(', ')})`, 'update'),
  ];
  return table(rows, [1, 2, 3, 4]);
}

function printArithmetic({ arithmetic, workers }: BenchReport): void {
  if (!arithmetic) {
    print(
      'GFLOP/s                        not counted: the policy is no multilayer perceptron, the inner step not vpg, or the objective not maml',
    );
    return;
  }
  const { gflops, matrixProduct, share, counted, flops } = arithmetic;
  const of = ({ shape: [rows, inner, columns], gflops }: MatrixRate, where: string) =>
    `${gflops.toFixed(2)} GFLOP/s ${where} ([${rows}, ${inner}] × [${inner}, ${columns}], one thread)`;
  print(`matrix product                 ${of(matrixProduct.backend, 'on the backend')}`);
  if (matrixProduct.kernels) print(`                               ${of(matrixProduct.kernels, 'on the kernels')}`);
  const threads = Math.max(1, workers.count);
  print(
    `update                         ${(flops.update / 1e9).toFixed(2)} GFLOP at ${gflops.update.toFixed(2)} GFLOP/s: ` +
      `${(100 * share).toFixed(0)} % of the matrix product's rate on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  );
  print(`counted                        ${counted}`);
}

function printGrowth({ quantity, points, exponent }: Growth): void {
  const rows = points.map(({ size, collect, update, iteration }) => [
    String(size),
    ...[collect, update, iteration].map((seconds) => seconds.toFixed(3)),
  ]);
  print(`\n${table([[quantity, 'collect, s', 'update, s', 'iteration, s'], ...rows], [0, 1, 2, 3])}`);
  if (Number.isFinite(exponent)) print(`time grows as the ${quantity} to the power of ${exponent.toFixed(2)}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
