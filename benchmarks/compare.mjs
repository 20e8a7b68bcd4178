// The same MAML-TRPO update by Innerloop and by PyTorch, side by side: one batch, both programs in turn, the least of all rounds.
//
//   node benchmarks/compare.mjs
//   node benchmarks/compare.mjs --python .venv-1.13/bin/python --python .venv-2/bin/python --out benchmarks/results/compare.json
//
//   --python <path>    a Python with torch; may be given many times (default: python3)
//   --rounds <n>       how often the programs take turns (default 3)
//   --iterations <n>   measured repetitions of each program in a round (default 3)
//   --config <file>    the experiment (default: the standard one of innerloop bench)
//   --set <path=value> overrides a value of the config; may be given many times
//   --out <file>       also write everything that was measured, as JSON
//
// Exit code 0 if the numbers agree, or if there is no PyTorch to compare with (which is said); 1 if they do not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'packages/cli/bin/innerloop.js');
const PROGRAM = join(ROOT, 'benchmarks/pytorch/run.py');
const MAX_OUTPUT = 64 * 2 ** 20;

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', multiple: true, default: ['python3'] },
    rounds: { type: 'string', default: '3' },
    iterations: { type: 'string', default: '3' },
    config: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
  },
});

if (!existsSync(join(ROOT, 'packages/cli/dist/main.js'))) {
  console.error('The packages are not built. Run: npm run build');
  process.exit(1);
}
if (options.out !== undefined && existsSync(options.out)) {
  console.error(`--out: expected a file that does not exist yet, found ${options.out}. Choose another name.`);
  process.exit(1);
}

/** Runs a program that prints JSON; `undefined` and a word why if it printed none. */
function measure(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  try {
    return { status, report: JSON.parse(stdout) };
  } catch {
    return { status, why: error?.message ?? stderr.trim().split('\n').at(-1) };
  }
}

/** The Pythons that can import torch and NumPy; the others are named. */
function usable(pythons) {
  return pythons.filter((python) => {
    const probe = spawnSync(python, ['-c', 'import torch, numpy'], { encoding: 'utf8' });
    if (probe.status === 0) return true;
    const why = probe.error ? 'it could not be started' : probe.stderr.trim().split('\n').at(-1);
    console.log(`skipped   ${python}: ${why}`);
    return false;
  });
}

/** The least of a figure over rounds. */
const least = (reports, figure) => Math.min(...reports.map(figure));

const pythons = usable(options.python);
if (pythons.length === 0) {
  console.log('Nothing was compared: no Python with torch. See benchmarks/README.md for how to install it.');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'innerloop-compare-'));
const batch = join(folder, 'batch.safetensors');
const experiment = [...(options.config ? [options.config] : []), ...options.set.flatMap((value) => ['--set', value])];
const loadBefore = loadavg()[0];
const ours = [];
const theirs = new Map(pythons.map((python) => [python, []]));
let agrees = true;
try {
  for (let round = 0; round < Number(options.rounds); round++) {
    const exported = round === 0 ? ['--export-batch', batch] : [];
    const args = [CLI, 'bench', ...experiment, '--iterations', options.iterations, ...exported, '--json'];
    const { report, why } = measure(process.execPath, args);
    if (!report) throw new Error(`innerloop bench failed: ${why}`);
    ours.push(report);
    console.log(`round ${round + 1}  innerloop: update ${report.seconds.update.best.toFixed(3)} s`);
    for (const python of pythons) {
      const {
        status,
        report: found,
        why: reason,
      } = measure(python, [PROGRAM, batch, '--repeat', options.iterations, '--json']);
      if (!found) throw new Error(`${python} failed: ${reason}`);
      agrees &&= status === 0;
      theirs.get(python).push(found);
      const modes = Object.entries(found.modes).map(
        ([name, mode]) => `${name} ${mode.seconds.update.best.toFixed(3)} s`,
      );
      console.log(`round ${round + 1}  torch ${found.torch} (${python}): update ${modes.join(', ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const update = least(ours, ({ seconds }) => seconds.update.best);
const collect = least(ours, ({ seconds }) => seconds.collect.best);
const rows = [];
for (const reports of theirs.values()) {
  const [{ torch, blas, threads, modes, sampler }] = reports;
  for (const mode of Object.keys(modes)) {
    const seconds = least(reports, (report) => report.modes[mode].seconds.update.best);
    // Freezing the data at θ_k is part of collecting, as it is in Innerloop.
    const sampling = sampler
      ? least(reports, (report) => report.sampler.seconds.total.best + report.modes[mode].seconds.adapt.best)
      : undefined;
    const row = { torch, blas, threads, mode, update: seconds, collect: sampling, ratio: seconds / update };
    rows.push({ ...row, ratioWhole: sampling === undefined ? undefined : (seconds + sampling) / (update + collect) });
  }
}

const { innerloop, node, backend, engine, machine, workers } = ours[0];
console.log(
  `\n${machine.cpu}, ${machine.cores} cores; load ${loadBefore.toFixed(2)} before, ${loadavg()[0].toFixed(2)} after`,
);
console.log(
  `innerloop ${innerloop}, Node ${node}, backend ${backend.name}, update by ${engine}, workers ${workers.count}`,
);
console.log(`  update ${update.toFixed(3)} s, collecting ${collect.toFixed(3)} s`);
for (const row of rows) {
  const whole = row.ratioWhole === undefined ? '' : `, with collecting ${row.ratioWhole.toFixed(2)}`;
  console.log(
    `torch ${row.torch}, ${row.blas}, ${row.threads} threads, ${row.mode}: update ${row.update.toFixed(3)} s, collecting ` +
      `${row.collect?.toFixed(3) ?? 'not measured'} s; Innerloop is ${row.ratio.toFixed(2)} times as fast${whole}`,
  );
}
console.log(agrees ? 'The numbers agree to rounding.' : 'The numbers do NOT agree: see `errors` of the JSON.');

if (options.out !== undefined) {
  const all = { date: new Date().toISOString(), load: { before: loadBefore, after: loadavg()[0] }, agrees, rows };
  writeFileSync(
    options.out,
    `${JSON.stringify({ ...all, innerloop: ours, pytorch: [...theirs.values()] }, null, 1)}\n`,
  );
  console.log(`Written to ${options.out}`);
}
process.exitCode = agrees ? 0 : 1;
