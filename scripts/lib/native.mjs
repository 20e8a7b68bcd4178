import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { capture } from './process.mjs';
import { ROOT } from './workspace.mjs';

// The steps of scripts/install-native.mjs.

/** What is installed. The hash is that of the wheel on the Python Package Index. */
export const TFJS_NODE = '4.22.0';
const NODE_API_HEADERS = '1.9.0';
const WHEEL = {
  requirement: 'tensorflow-cpu==2.15.1',
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  python: '3.11',
  platform: 'manylinux_2_17_x86_64',
};

/** All of the above in one text: an installation with another one is replaced. */
export const FINGERPRINT = `tfjs-node ${TFJS_NODE}, ${WHEEL.requirement}, linux x64`;

/** Something that this needs is not here: no mistake, but nothing can be installed. */
export class Skipped extends Error {}

/** Refuses every platform that this was not tried on. */
export function requirePlatform() {
  const place = `${process.platform} ${process.arch}`;
  if (place === 'linux x64') return;
  throw new Skipped(
    `this way is for linux x64, and this is ${place}. Try the package's own installer, which downloads from ` +
      `storage.googleapis.com: npm install @tensorflow/tfjs-node@${TFJS_NODE}`,
  );
}

/** Finds python3 with pip, and a C++ compiler. Returns the compiler's name. */
export async function requireTools() {
  const missing = [];
  const pip = await capture('python3', ['-m', 'pip', '--version']);
  if (pip.code !== 0) missing.push('python3 with pip (Debian, Ubuntu: apt-get install python3-pip)');
  const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  let compiler;
  for (const name of compilers) {
    if (!compiler && (await capture(name, ['--version'])).code === 0) compiler = name;
  }
  if (!compiler)
    missing.push(`a C++ compiler (looked for ${compilers.join(', ')}; Debian, Ubuntu: apt-get install g++)`);
  if (missing.length > 0) throw new Skipped(`not found: ${missing.join(' and ')}`);
  return compiler;
}

/** The wheel's own platform, whatever Python is installed here: it is unpacked, never run. */
const TARGET = ['--implementation', 'cp', '--python-version', WHEEL.python, '--platform', WHEEL.platform];

/** Asks the Python index for the wheel's name, and gives it so many seconds. */
export async function requireIndex(seconds) {
  const query = ['-m', 'pip', 'index', 'versions', 'tensorflow-cpu', ...TARGET, '--only-binary=:all:', '--retries=0'];
  const { code, output } = await capture('python3', query, { timeout: seconds * 1000 });
  if (code !== 0) throw new Skipped(`the Python index did not answer within ${seconds} s (${lastLine(output)})`);
}

/**
 * Downloads the wheel (207 MB) into a folder, and unpacks what is needed: two libraries and the headers of the C API.
 *
 * @param seconds How long the download may take; no limit if left out.
 */
export async function unpackTensorFlow(folder, seconds) {
  mkdirSync(folder, { recursive: true });
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar=off', ...TARGET];
  const download = ['-m', 'pip', 'download', ...options, '--dest', folder, '--requirement', requirements];
  const { code, output } = await capture('python3', download, seconds ? { timeout: seconds * 1000 } : {});
  if (code !== 0) {
    const unreachable =
      /No matching distribution|Could not find a version|Max retries|timed? ?out|Connection|was ended by SIGKILL/i;
    const reason = `pip could not download ${WHEEL.requirement}: ${lastLine(output)}`;
    throw unreachable.test(output) ? new Skipped(reason) : new Error(reason);
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  await must('python3', ['-c', UNPACK, join(folder, wheel), folder]);
  rmSync(join(folder, wheel));
  const library = join(folder, 'tensorflow', 'libtensorflow_cc.so.2');
  if (!existsSync(library)) throw new Error(`${WHEEL.requirement} has no libtensorflow_cc.so.2`);
  return { libraries: join(folder, 'tensorflow'), headers: join(folder, 'tensorflow', 'include') };
}

const UNPACK = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wanted = ('tensorflow/libtensorflow_cc.so.', 'tensorflow/libtensorflow_framework.so.', 'tensorflow/include/tensorflow/c/',
          'tensorflow/include/tensorflow/core/platform/ctstring', 'tensorflow/include/tsl/c/', 'tensorflow/include/tsl/platform/ctstring')
for name in wheel.namelist():
    if name.startswith(wanted): wheel.extract(name, sys.argv[2])
`;

/** Installs the npm package and its dependencies without their install scripts, and the headers of Node-API. */
export async function installPackage(folder) {
  const dependencies = { '@tensorflow/tfjs-node': TFJS_NODE, 'node-api-headers': NODE_API_HEADERS };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }, null, 2));
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  await must('npm', ['install', '--ignore-scripts', ...quiet, '--prefix', folder], { cwd: folder });
  return join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
}

/**
 * Inside this clone, lets the package use the very copies of tfjs that core uses. Elsewhere it keeps its own: copies of one
 * version share their engine and kernels through the global object.
 *
 * @param place Where the folder will be in the end; the links are relative to it.
 */
export function shareCopies(folder, place) {
  if (relative(ROOT, place).startsWith('..')) return;
  const core = createRequire(join(ROOT, 'packages', 'core', 'package.json'));
  for (const name of ['tfjs-core', 'tfjs-backend-cpu']) {
    const link = join('node_modules', '@tensorflow', name);
    const target = realpathSync(dirname(core.resolve(`@tensorflow/${name}/package.json`)));
    rmSync(join(folder, link), { recursive: true });
    symlinkSync(relative(dirname(join(place, link)), target), join(folder, link));
  }
}

/** Compiles the binding from the package's own sources against TensorFlow's C API, and puts both where the package looks. */
export async function build(compiler, packageFolder, { libraries, headers }) {
  const target = join(packageFolder, 'deps', 'lib');
  await must('mkdir', ['-p', target, join(packageFolder, 'lib', 'napi-v8')]);
  const files = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  await must('mv', [...files.map((name) => join(libraries, name)), target]);
  const nodeHeaders = join(packageFolder, '..', '..', 'node-api-headers', 'include');
  await must(compiler, [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${headers}`, `-I${nodeHeaders}`],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name)),
    ...files.map((name) => join(target, name)),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ...['-o', join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node')],
  ]);
}

/** Loads the package in a process of its own and multiplies two matrices. Returns TensorFlow's version, or what went wrong. */
export async function probe(folder) {
  const path = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  if (!existsSync(path)) return { fault: 'it is not there' };
  const { code, stdout, output } = await capture(process.execPath, ['-e', PROBE, path], {
    env: { TF_CPP_MIN_LOG_LEVEL: '1' },
  });
  return code === 0 ? { version: stdout.trim() } : { fault: lastLine(output) };
}

const PROBE = `
require('util').isNullOrUndefined ??= (value) => value == null;
const tf = require(process.argv[1]);
const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5], [6]])).dataSync();
if (tf.getBackend() !== 'tensorflow' || String(product) !== '17,39') throw new Error('wrong product ' + product);
console.log(tf.backend().binding.TF_Version);
`;

async function must(command, args, options) {
  const { code, output } = await capture(command, args, options);
  if (code !== 0) throw new Error(`${command} failed (exit code ${code}):\n${output.trim()}`);
}

/** The last line that says something: an error, if there is one. */
function lastLine(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim();
}
