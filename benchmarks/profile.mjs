// Where the time of a meta-iteration goes: runs `innerloop bench --workers 0` under Node's sampling profiler and prints, for each phase, the
// share of each kernel, of the tensor backend, of JavaScript and of the garbage collector.
//
//   node benchmarks/profile.mjs                        the standard experiment, 8 iterations
//   node benchmarks/profile.mjs my-config.yaml --set trainer.rolloutsPerTask=40
//
// The phases are told from the functions of the engine `kernels`; with the engine `graph` all is `other`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernels } from '../packages/core/dist/index.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'packages/cli/bin/innerloop.js');
/** Functions of the task objective and of the shard, and the phase that each is. */
const PHASES = { collectTask: 'sample, adapt', gradient: 'gradient', curvature: 'curvature', surrogate: 'line search' };
const KERNEL_NAMES = new Map(
  Object.entries(kernels().run).flatMap(([name, run]) => (typeof run === 'function' ? [[run.name, name]] : [])),
);

const folder = mkdtempSync(join(tmpdir(), 'innerloop-profile-'));
let profile;
try {
  const node = ['--cpu-prof', `--cpu-prof-dir=${folder}`, CLI, 'bench', '--workers', '0', '--iterations', '8'];
  const { status } = spawnSync(process.execPath, [...node, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  profile = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));

/** The frames of a node, from itself outwards. */
function* frames(id) {
  for (let at = id; at !== undefined; at = parents.get(at)) yield nodes.get(at).callFrame;
}

/** The module of our kernels: the one whose `gemm` works below the task objective. */
const kernelModule = mostFrequent(
  profile.samples.flatMap((id) => {
    const { url } = nodes.get(id).callFrame;
    return url.startsWith('wasm:') && [...frames(id)].some((frame) => frame.url.endsWith('/mlp-passes.js'))
      ? [url]
      : [];
  }),
);

function mostFrequent(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function phaseOf(id) {
  for (const { functionName, url } of frames(id)) {
    if (functionName in PHASES && /\/(written-out-objective|shard)\.js$/.test(url)) return PHASES[functionName];
  }
  return 'other';
}

function kindOf({ functionName, url }) {
  if (url === kernelModule) {
    const index = /\[(\d+)\]/.exec(functionName)?.[1];
    return `kernel ${KERNEL_NAMES.get(index) ?? functionName}`;
  }
  if (url.startsWith('wasm:')) return 'tensor backend';
  if (functionName === '(garbage collector)') return 'garbage collector';
  return functionName === '(idle)' || functionName === '(program)' ? 'idle' : 'JavaScript';
}

const shares = new Map();
profile.samples.forEach((id, i) => {
  const phase = phaseOf(id);
  const kind = kindOf(nodes.get(id).callFrame);
  const kinds = shares.get(phase) ?? new Map();
  shares.set(phase, kinds.set(kind, (kinds.get(kind) ?? 0) + profile.timeDeltas[i] / 1e6));
});

console.log('\nSampled, all repetitions and the warm-up:');
for (const phase of [...Object.values(PHASES), 'other']) {
  const kinds = [...(shares.get(phase) ?? [])].sort((a, b) => b[1] - a[1]);
  const total = kinds.reduce((sum, [, seconds]) => sum + seconds, 0);
  if (total === 0) continue;
  const parts = kinds.map(([kind, seconds]) => `${kind} ${((100 * seconds) / total).toFixed(0)} %`);
  console.log(`${phase.padEnd(14)} ${total.toFixed(2).padStart(6)} s   ${parts.join(', ')}`);
}
