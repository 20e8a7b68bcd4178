import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

/** On Windows npm's commands are batch files, which only a shell starts. */
const shell = process.platform === 'win32';

/** The command line of the pnpm version that `packageManager` pins; npx fetches it if it is not cached. */
export function pnpm(packageManager, args) {
  return ['npx', ['--yes', packageManager, ...args]];
}

/** Runs a command on the user's terminal. Returns its exit code; 127 if it cannot be started. */
export function runVisibly(command, args, { env = {} } = {}) {
  const child = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: shell && command === 'npx',
  });
  if (child.error) {
    console.error(`Cannot start ${command}: ${child.error.message}`);
    return 127;
  }
  return child.status ?? 1;
}

/** Runs a command and collects what it prints. Returns `{ code, output, stdout }`; code 127 if it cannot be started. */
export function capture(command, args, { cwd = ROOT, env = {}, input, timeout } = {}) {
  return new Promise((resolve) => {
    let output = '';
    let stdout = '';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      shell: shell && command === 'npx',
      timeout,
      killSignal: 'SIGKILL',
    });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n`, stdout }));
    child.on('close', (code, signal) => {
      if (signal) output += `\n${command} was ended by ${signal}${timeout ? ` (limit ${timeout / 1000} s)` : ''}\n`;
      resolve({ code: code ?? 1, output, stdout });
    });
    if (input !== undefined) child.stdin.end(input);
  });
}

/** The arguments to `node` that start a tool which is installed at the root. */
export function tool(name) {
  const entries = {
    attw: '@arethetypeswrong/cli/dist/index.js',
    biome: '@biomejs/biome/bin/biome',
    publint: 'publint/src/cli.js',
    tsc: 'typescript/bin/tsc',
    vitest: 'vitest/vitest.mjs',
  };
  return join(ROOT, 'node_modules', entries[name]);
}
