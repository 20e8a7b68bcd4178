// Compiles packages/core/assembly to WebAssembly, twice: with SIMD, which every supported Node runs, and with relaxed SIMD, whose
// multiply-add is one instruction where the engine has it (Node >= 22). Does nothing when the results are newer than the sources.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runVisibly } from './lib/process.mjs';
import { ROOT } from './lib/workspace.mjs';

const CORE = join(ROOT, 'packages', 'core');
const SOURCES = join(CORE, 'assembly');
const OUTPUTS = join(CORE, 'build');
const SHARED = ['-O3', '--noAssert', '--runtime', 'stub', '--initialMemory', '16', '--enable', 'simd'];
const TARGETS = [
  { name: 'mlp.wasm', flags: [] },
  { name: 'mlp-relaxed.wasm', flags: ['--enable', 'relaxed-simd'] },
];

function isFresh(output) {
  if (!existsSync(output)) return false;
  const built = statSync(output).mtimeMs;
  const inputs = [...readdirSync(SOURCES).map((name) => join(SOURCES, name)), fileURLToPath(import.meta.url)];
  return inputs.every((file) => statSync(file).mtimeMs <= built);
}

/** The compiler's command line, where pnpm puts core's development dependencies. */
const COMPILER = join(CORE, 'node_modules', 'assemblyscript', 'bin', 'asc.js');

/** Builds what is missing or old. Returns whether all went well. */
export function buildKernels() {
  mkdirSync(OUTPUTS, { recursive: true });
  return TARGETS.every(({ name, flags }) => {
    const output = join(OUTPUTS, name);
    if (isFresh(output)) return true;
    return runVisibly(process.execPath, [COMPILER, join(SOURCES, 'index.ts'), '-o', output, ...SHARED, ...flags]) === 0;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = buildKernels() ? 0 : 1;
