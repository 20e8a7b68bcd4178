// Installs the native backend (TensorFlow, by way of @tensorflow/tfjs-node) where Google's storage cannot be reached:
// libtensorflow comes from the TensorFlow wheel on the Python index, and the binding is compiled from the sources in
// the npm package. docs/native-backend.md says more.
//
//   node scripts/install-native.mjs [folder] [--if-reachable <seconds>]
//
//   folder          default: $INNERLOOP_NATIVE, or node_modules/.innerloop-native
//   --if-reachable  give the Python index so many seconds to answer, and the download three minutes; skip it otherwise
//
// Exit code 0: it is installed (now, or before). 77: skipped, since something that it needs is not here. 1: it failed.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as native from './lib/native.mjs';
import { ROOT } from './lib/workspace.mjs';

const SKIPPED = 77;
const DOWNLOAD_LIMIT = 180;
const STAMP = 'innerloop-native.txt';
const DEFAULT = join(ROOT, 'node_modules', '.innerloop-native');

function say(message) {
  console.log(`native: ${message}`);
}

function stampOf(folder) {
  const path = join(folder, STAMP);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** Whether the folder holds a working installation of these versions. */
async function isInstalled(folder) {
  if (stampOf(folder) !== native.FINGERPRINT) return false;
  const { version, fault } = await native.probe(folder);
  if (version) say(`TensorFlow ${version} is installed in ${folder}`);
  else say(`the installation in ${folder} does not load (${fault}); it is replaced`);
  return version !== undefined;
}

/** Never replaces what this script did not make. */
function requireOurs(folder) {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  const empty = status?.isDirectory() && readdirSync(folder).length === 0;
  if (status === undefined || empty || stampOf(folder) !== undefined) return;
  throw new Error(`${folder} is something else; give the path of a folder that is new or empty`);
}

async function install(folder, seconds) {
  requireOurs(folder);
  native.requirePlatform();
  const compiler = await native.requireTools();
  if (seconds !== undefined) await native.requireIndex(seconds);
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  const clean = () => rmSync(work, { recursive: true, force: true });
  const interrupted = () => {
    clean();
    process.exit(130);
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    say('downloading TensorFlow from the Python index (207 MB; 0.6 GB unpacked)');
    const tensorflow = await native.unpackTensorFlow(join(work, 'wheel'), seconds && DOWNLOAD_LIMIT);
    say(
      'downloading @tensorflow/tfjs-node and what it depends on from the npm registry (about 60 MB; 0.3 GB unpacked)',
    );
    const packageFolder = await native.installPackage(work);
    native.shareCopies(work, folder);
    say(`compiling the binding with ${compiler}`);
    await native.build(compiler, packageFolder, tensorflow);
    rmSync(join(work, 'wheel'), { recursive: true });
    writeFileSync(join(work, STAMP), `${native.FINGERPRINT}\n`);
    const { version, fault } = await native.probe(work);
    if (!version) throw new Error(`it was built, but does not load: ${fault}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
    say(`TensorFlow ${version} is installed in ${folder}`);
  } finally {
    clean();
  }
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'if-reachable': { type: 'string' } },
  });
  const seconds = values['if-reachable'] === undefined ? undefined : Number(values['if-reachable']);
  if (positionals.length > 1) throw new Error(`expected one folder at most, found ${positionals.join(' ')}`);
  if (seconds !== undefined && !(seconds > 0)) throw new Error('--if-reachable: expected a number of seconds above 0');
  const folder = resolve(positionals[0] ?? (process.env.INNERLOOP_NATIVE || DEFAULT));
  if (!(await isInstalled(folder))) await install(folder, seconds);
  if (folder !== DEFAULT) say(`to use it: export INNERLOOP_NATIVE=${folder}`);
} catch (error) {
  const skipped = error instanceof native.Skipped;
  say(`${skipped ? 'skipped' : 'failed'}: ${error.message}`);
  process.exitCode = skipped ? SKIPPED : 1;
}
