// Runs every test once. Arguments go to vitest: npm test -- packages/core -t gradient
import { runVisibly, tool } from './lib/process.mjs';

process.exit(runVisibly(process.execPath, [tool('vitest'), 'run', ...process.argv.slice(2)]));
