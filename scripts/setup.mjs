// Makes a clone ready to run: the right Node, the packages of the lockfile, the build. Does only what is missing, and
// needs no network when nothing is to be installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildKernels } from './build-kernels.mjs';
import { pnpm, runVisibly, tool } from './lib/process.mjs';
import { ROOT, readJson, workspacePackages } from './lib/workspace.mjs';

const STAMP = join(ROOT, 'node_modules', '.innerloop-install');

function say(message) {
  console.log(`setup: ${message}`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

/** Stops if this Node is older than the range `>=a.b` of package.json allows. */
function requireNode(range) {
  const [major, minor] = range.replace('>=', '').split('.').map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(
    `Innerloop needs Node ${major}.${minor} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Install a current release from https://nodejs.org and run the command again.',
  );
}

/** A fingerprint of everything that decides what is installed. */
function fingerprint(packages) {
  const hash = createHash('sha256');
  // Packages with native parts differ between platforms and may differ between major versions of Node.
  hash.update(`${process.platform} ${process.arch} ${process.versions.node.split('.')[0]}`);
  const manifests = ['package.json', ...packages.map(({ folder }) => `${folder}/package.json`)];
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    hash.update(`\n${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

function installed(packages, expected) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8').trim() !== expected) return false;
  const needsModules = ({ manifest }) => Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length;
  return packages.filter(needsModules).every(({ directory }) => existsSync(join(directory, 'node_modules')));
}

function install(packageManager) {
  say(`installing packages with ${packageManager} (the first time takes about a minute)`);
  // Without a terminal pnpm would stop to ask before it replaces a node_modules made by another tool.
  const [command, args] = pnpm(packageManager, [
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
    '--config.confirm-modules-purge=false',
  ]);
  const code = runVisibly(command, args);
  if (code === 0) return;
  fail(
    `installing failed (exit code ${code}); the reason is above.\n` +
      '- No connection to the npm registry? Check the network, or set a mirror: npm config set registry <url>\n' +
      "- 'npx' not found? npm comes with Node: reinstall Node from https://nodejs.org\n" +
      `- Lockfile out of date after a package.json was edited? Run: npx ${packageManager} install`,
  );
}

function build() {
  const began = Date.now();
  if (!buildKernels()) fail('the kernels (packages/core/assembly) could not be compiled; correct the errors above.');
  const code = runVisibly(process.execPath, [tool('tsc'), '-b']);
  if (code !== 0) fail(`the build failed (tsc -b, exit code ${code}); correct the errors above and run it again.`);
  say(`built in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

const root = readJson(join(ROOT, 'package.json'));
requireNode(root.engines.node);
const packages = workspacePackages();
const expected = fingerprint(packages);
if (installed(packages, expected)) say('packages are up to date');
else {
  install(root.packageManager);
  writeFileSync(STAMP, `${expected}\n`);
}
build();
