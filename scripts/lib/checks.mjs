import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pack } from './pack.mjs';
import { capture, tool } from './process.mjs';
import { filesBelow, ROOT, workspacePackages } from './workspace.mjs';

/** @typedef {{ ok: boolean, output?: string, warning?: string }} Outcome What one check found. */

const MAX_LINES = 300;

/** Runs one of the installed tools; it passes if its exit code is 0. */
async function runs(name, ...args) {
  const { code, output } = await capture(process.execPath, [tool(name), ...args]);
  return { ok: code === 0, output };
}

/** The project's own TypeScript sources, as paths from the root with forward slashes. */
function sources() {
  return workspacePackages()
    .flatMap(({ directory }) => filesBelow(join(directory, 'src'), (path) => /\.tsx?$/.test(path)))
    .map((path) => relative(ROOT, path).split(sep).join('/'));
}

/** Format and lint. */
export const formatAndLint = () => runs('biome', 'ci', '--error-on-warnings', '--max-diagnostics=100', '.');

/** The lint rule of import directions, alone. */
export const importDirections = () =>
  runs('biome', 'lint', '--only=style/noRestrictedImports', '--error-on-warnings', '.');

/** Types of the packages. */
export const packageTypes = () => runs('tsc', '-b');

/** Types of the tests, against the sources. */
export const testTypes = () => runs('tsc', '-p', 'tsconfig.test.json');

/**
 * tfjs supplies kernels to core/src/numerics and nothing else: no other file or package names it, and its own
 * differentiation, which drops terms of second derivatives, is used nowhere.
 */
export function onlyOwnOps() {
  const faults = [];
  for (const { name, manifest } of workspacePackages()) {
    const asked = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies });
    const kernels = asked.filter((dependency) => dependency.startsWith('@tensorflow/'));
    if (name !== '@innerloop/core' && kernels.length > 0) faults.push(`${name} depends on ${kernels.join(', ')}`);
  }
  const differentiation = /\btf\s*\.\s*(grads?|valueAndGrads?|variableGrads|customGrad|registerGradient)\b/;
  for (const file of sources()) {
    const inNumerics = file.startsWith('packages/core/src/numerics/');
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .forEach((line, index) => {
        if (!inNumerics && /['"]@tensorflow\//.test(line)) faults.push(`${file}:${index + 1} imports tfjs`);
        const found = differentiation.exec(line);
        if (found) faults.push(`${file}:${index + 1} uses ${found[0]}; use numerics/differentiate.ts`);
      });
  }
  return { ok: faults.length === 0, output: faults.join('\n') };
}

/** Warns of sources that have grown too long to tell one thing. */
export function fileLengths() {
  const long = sources()
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  const warning = long.map(({ file, lines }) => `${file} has ${lines} lines`).join(', ');
  return warning ? { ok: true, warning } : { ok: true };
}

/** Packs every package and checks each tarball with publint and arethetypeswrong. Gives one check per package. */
export async function packageChecks() {
  const names = workspacePackages().map(({ name }) => name);
  const destination = mkdtempSync(join(tmpdir(), 'innerloop-packed-'));
  try {
    const checks = [];
    for (const { name, tarball } of await pack(names, destination)) {
      const publint = await runs('publint', 'run', tarball, '--strict');
      // The packages bring their own types, so that @types need not be asked for over the network.
      const types = await runs('attw', tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji');
      checks.push({
        name: `package ${name}`,
        ok: publint.ok && types.ok,
        output: [publint, types].map(({ ok, output }) => (ok ? '' : output)).join('\n'),
      });
    }
    return checks;
  } catch (error) {
    return [{ name: 'packages', ok: false, output: error instanceof Error ? error.message : String(error) }];
  } finally {
    rmSync(destination, { recursive: true });
  }
}

/** Every vitest suite, README examples included. */
export const tests = () => runs('vitest', 'run');
