import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, messageOf } from '@innerloop/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pack } from '../../../scripts/lib/pack.mjs';
import { capture, pnpm } from '../../../scripts/lib/process.mjs';
import { ROOT, readJson, workspacePackages } from '../../../scripts/lib/workspace.mjs';

/*
 * The plugin as a stranger gets it: all packages packed, installed from their tarballs in a folder outside the workspace, and
 * used there by the installed command. The tarballs hold what was built; `npm test` builds first.
 */

const PLUGIN = 'innerloop-plugin-lslr';
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'innerloop-outside-')));
const packages = workspacePackages().filter(({ manifest }) => manifest.private !== true);
const OFFLINE = /META_FETCH_FAIL|NO_OFFLINE|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT/;
let unreachable: string | undefined;

/** Runs a command in the folder. */
const run = capture as (
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly timeout: number; readonly env?: Readonly<Record<string, string>> },
) => Promise<{ code: number; output: string; stdout: string }>;

/** Installs the command and the plugin; every package of ours comes from its tarball. */
async function install(): Promise<void> {
  const packed = await pack(
    packages.map(({ name }) => name),
    folder,
  );
  const tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const wanted = ['@innerloop/cli', '@innerloop/core', PLUGIN]; // core is the plugin's peer
  const manifest = {
    name: 'outside',
    private: true,
    dependencies: Object.fromEntries(wanted.map((name) => [name, tarballs[name]])),
    pnpm: { overrides: tarballs },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const { packageManager } = readJson(join(ROOT, 'package.json')) as { packageManager: string };
  const options = ['install', '--prefer-offline', '--ignore-scripts', '--fetch-retries=1'];
  const [command, args] = pnpm(packageManager, options) as [string, string[]];
  const { code, output } = await run(command, args, { cwd: folder, timeout: 150_000 });
  if (code !== 0) throw new Error(`pnpm install failed (exit code ${code}):\n${output}`);
}

/** Why nothing can be installed here, if the network is to blame; any other failure is thrown. */
async function tryInstall(): Promise<string | undefined> {
  try {
    await install();
    return undefined;
  } catch (error) {
    const network = OFFLINE.exec(messageOf(error));
    if (!network) throw error;
    return `the npm registry cannot be reached (${network[0]}), so nothing can be installed outside the workspace`;
  }
}

/** Runs `npx innerloop` in the folder. */
function innerloop(...args: string[]): Promise<{ code: number; output: string; stdout: string }> {
  return run('npx', ['--no-install', 'innerloop', ...args], { cwd: folder, timeout: 60_000 });
}

/** Small enough to take seconds. */
const TINY = [
  'run.iterations=2',
  'run.backend=cpu',
  'trainer.tasksPerIteration=2',
  'trainer.rolloutsPerTask=3',
  'tasks.horizon=10',
  'policy.hiddenSizes=[4]',
  'evaluation.every=0',
  'evaluation.final={tasks: 2, steps: 1, rollouts: 2, examples: 0}',
].flatMap((override) => ['--set', override]);

function parametersOf(name: string) {
  const checkpoints = join(folder, name, 'checkpoints');
  const { file } = JSON.parse(readFileSync(join(checkpoints, 'last.json'), 'utf8')) as { file: string };
  const { tensors } = decodeSafetensors(readFileSync(join(checkpoints, file)), file);
  return { policy: tensors.filter(({ name }) => !isOwn(name)), own: tensors.filter(({ name }) => isOwn(name)) };
}

const isOwn = (name: string) => name.startsWith('inner/');

function metricsOf(name: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the packed plugin, outside the workspace', () => {
  beforeAll(async () => {
    const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist', 'index.js')));
    if (unbuilt.length > 0) throw new Error(`not built: ${unbuilt.map(({ name }) => name).join(', ')}; npm run build`);
    unreachable = await tryInstall();
    if (unreachable === undefined) copyFileSync(join(folder, 'node_modules', PLUGIN, 'lslr.yaml'), config);
  }, 200_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  beforeEach(({ skip }) => skip(unreachable !== undefined, unreachable));

  const config = join(folder, 'lslr.yaml');

  it('shares its @innerloop/core with the command', () => {
    const core = (from: string) => {
      const manifest = realpathSync(join(folder, 'node_modules', from, 'package.json'));
      return createRequire(manifest).resolve('@innerloop/core');
    };
    expect(core(PLUGIN)).toBe(core('@innerloop/cli'));
    expect(core(PLUGIN).startsWith(folder)).toBe(true);
  });

  it('trains with learned step sizes, chosen by the config alone', async () => {
    const { code, output } = await innerloop('train', 'lslr.yaml', ...TINY, '--out', 'learned');
    expect(code, output).toBe(0);
    const metrics = metricsOf('learned');
    expect(metrics.map(({ iteration }) => iteration)).toEqual([1, 2]);
    expect(metrics.some(({ accepted }) => accepted === true)).toBe(true);
    const { policy, own } = parametersOf('learned');
    expect(own.map(({ name }) => name)).toEqual(policy.map(({ name }) => `inner/step0/${name}`));
    // Weights and biases of two layers and log σ: 5 step sizes. All began at 0.1; each has moved.
    const steps = own.flatMap(({ data }) => [...data]);
    expect(steps.length).toBe(5);
    expect(steps.filter((value) => Math.abs(value - 0.1) > 1e-6).length).toBe(5);
  });

  it('is used by no config that does not name it', async () => {
    const others = ['--set', 'plugins=[]', '--set', 'inner={use: vpg}'];
    const plain = await innerloop('train', 'lslr.yaml', ...TINY, ...others, '--out', 'plain');
    expect(plain.code, plain.output).toBe(0);
    expect(parametersOf('plain').own).toEqual([]);
    const unlisted = await innerloop('train', 'lslr.yaml', ...TINY, '--set', 'plugins=[]', '--out', 'unlisted');
    expect(unlisted.code).toBe(1);
    expect(unlisted.output).toContain("'lslr'");
    expect(unlisted.output).toContain("list that under 'plugins'");
    expect(existsSync(join(folder, 'unlisted'))).toBe(false);
  });

  it('is listed with the components of its kind', async () => {
    const { code, output, stdout } = await innerloop('list', 'inner-optimizer', '--plugin', PLUGIN);
    expect(code, output).toBe(0);
    expect(stdout).toMatch(/^\s*lslr\s.*innerloop-plugin-lslr$/m);
    expect(stdout).toMatch(/^\s*vpg\s.*@innerloop\/optim-vpg$/m);
  });
});
