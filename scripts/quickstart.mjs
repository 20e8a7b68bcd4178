// Meta-trains on 2D navigation into the next free directory runs/quickstart-001, -002, … Further arguments go to
// `innerloop train`, for example: npm start -- --set run.seed=2
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './lib/workspace.mjs';

const NAME = /^quickstart-(\d+)$/;

/** One more than the highest number in use, so that the latest run always sorts last. */
function nextRun(runs) {
  const numbers = existsSync(runs) ? readdirSync(runs).map((name) => Number(NAME.exec(name)?.[1] ?? 0)) : [];
  return `quickstart-${String(Math.max(0, ...numbers) + 1).padStart(3, '0')}`;
}

process.chdir(ROOT);
const cli = join(ROOT, 'packages', 'cli', 'bin', 'innerloop.js');
const config = join('configs', 'point-navigation', 'quickstart.yaml');
const directory = join('runs', nextRun('runs'));

// The command runs in this process, not in a child: Ctrl-C, other signals, the terminal and the exit code are then its
// own, whoever sends them.
process.argv = [process.execPath, cli, 'train', config, '--out', directory, ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
