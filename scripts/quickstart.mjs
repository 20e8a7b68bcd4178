// Meta-trains on 2D navigation into the next free directory runs/quickstart-001, -002, … Further arguments go to
// `innerloop train`, for example: npm start -- --set run.seed=2
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nextRun } from './lib/next-run.mjs';
import { ROOT } from './lib/workspace.mjs';

process.chdir(ROOT);
const cli = join(ROOT, 'packages', 'cli', 'bin', 'innerloop.js');
const config = join('configs', 'point-navigation', 'quickstart.yaml');
const directory = join('runs', nextRun('runs', 'quickstart'));

// The command runs in this process, not in a child: Ctrl-C, other signals, the terminal and the exit code are then its
// own, whoever sends them.
process.argv = [process.execPath, cli, 'train', config, '--out', directory, ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
