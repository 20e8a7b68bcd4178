import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, type PluginText, pluginText } from './support/plugins.js';
import { earlierRun, refused } from './support/refusal.js';
import { TINY, write } from './support/runs.js';

const { folder } = earlierRun();

describe('a plugin', () => {
  const config = (text: PluginText) => {
    write(folder, 'broken.mjs', pluginText(text));
    const lines = TINY.replace(/^tasks: .*$/m, 'tasks: { use: broken }').replace(/^wrappers: .*\n/m, '');
    return write(folder, 'with-plugin.yaml', `${lines}plugins: [./broken.mjs]\n`);
  };
  // Each plugin is loaded from a file of its own name, since Node keeps what it has loaded.
  let count = 0;
  const trainWith = async (text: PluginText) => {
    const path = config(text);
    const name = `broken-${count++}.mjs`;
    copyFileSync(join(folder, 'broken.mjs'), join(folder, name));
    writeFileSync(path, readFileSync(path, 'utf8').replace('broken.mjs', name));
    return refused('train', path, '--out', join(folder, 'runs', `plugin-${count}`));
  };

  it('that throws while it is loaded', async () => {
    const error = await trainWith({ loading: "throw new Error('no GPU');" });
    expect(error).toMatch(/The plugin '\.\/broken-\d\.mjs' \(.*broken-\d\.mjs\) failed while it was loaded: no GPU/);
  });

  it('that is for another version', async () => {
    const error = await trainWith({ requires: '^9.0.0' });
    expect(error).toMatch(
      /'\.\/broken-\d\.mjs' \('innerloop-broken' 1\.2\.3\) expected @innerloop\/core \^9\.0\.0, found 0\.1\.0\./,
    );
  });

  it('that is not there', async () => {
    const path = write(folder, 'absent.yaml', `${TINY}plugins: [./absent.mjs]\n`);
    const error = await refused('train', path, '--out', join(folder, 'runs', 'absent'));
    expect(error).toContain(
      `The plugin './absent.mjs' was not found: there is no file or folder ${join(folder, 'absent.mjs')}`,
    );
  });

  it('whose component throws while it is made', async () => {
    const error = await trainWith({ create: "throw new Error('no licence');" });
    expect(error).toContain("'broken'");
    expect(error).toContain('innerloop-broken');
    expect(error).toContain('no licence');
  });

  it('whose environment returns NaN', async () => {
    const step = 'return { observation: [0, 0], reward: NaN, terminated: false, truncated: false };';
    const error = await trainWith({ create: environment('return [0, 0];', step) });
    expect(error).toMatch(/reward.* finite .*NaN/s);
  });

  it('whose environment returns an observation of the wrong shape', async () => {
    const error = await trainWith({ create: environment('return [0, 0, 0];', '') });
    expect(error).toMatch(
      /observation \(task \{"id":0\}, episode 0, reset\): expected an array of 2 numbers, found Array of length 3/,
    );
  });

  it('whose environment throws', async () => {
    const error = await trainWith({ create: environment("throw new Error('simulator crashed');", '') });
    expect(error).toContain('simulator crashed');
  });
});
