import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, spawnCli } from './support/cli.js';
import { expectSameRun, lastIteration, metricsOf, TINY, temporaryFolder, write } from './support/runs.js';

/*
 * The real program, killed and interrupted in the middle of a run, against a run that was never stopped. A checkpoint is saved after every
 * second iteration, so that there are metrics after the last checkpoint to be cut.
 */
const folder = temporaryFolder();
const config = write(folder, 'tiny.yaml', `${TINY}loggers: [{ use: progress, interval: 0 }]\n`);
const train = (out: string, ...more: string[]) => [
  'train',
  config,
  '--out',
  out,
  '--set',
  'run.checkpointEvery=2',
  ...more,
];

beforeAll(async () => {
  expect((await run(...train(join(folder, 'whole')))).code).toBe(0);
});

const expectSameAsWhole = (name: string) => expectSameRun(join(folder, name), join(folder, 'whole'));

/** Calls `act` once, when the output first contains a text. */
function at(text: string, signal: NodeJS.Signals) {
  let sent = false;
  return (output: string, kill: (signal: NodeJS.Signals) => void) => {
    if (sent || !output.includes(text)) return;
    sent = true;
    kill(signal);
  };
}

describe('a run', () => {
  it('that was killed goes on from its last checkpoint to the same numbers', async () => {
    const killed = await spawnCli(train('killed'), { cwd: folder, during: at('iteration 3/6', 'SIGKILL') });
    expect(killed.code).toBeNull(); // It had no say in it.
    expect(lastIteration(join(folder, 'killed'))).toBe(2);
    expect(metricsOf(join(folder, 'killed')).length).toBeGreaterThanOrEqual(3);
    const resumed = await spawnCli(['resume', 'killed'], { cwd: folder });
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(resumed.stdout).toContain('iteration 3/6');
    expect(resumed.stdout).not.toContain('iteration 2/6');
    expectSameAsWhole('killed');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'finishes the iteration, saves and says how to go on at %s',
    async (signal) => {
      const name = signal.toLowerCase();
      const stopped = await spawnCli(train(name), { cwd: folder, during: at('iteration 2/6', signal) });
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toContain('Stopping after this iteration. Press Ctrl-C again to leave at once.');
      expect(stopped.stdout).toMatch(/Interrupted after iteration \d of 6\./);
      expect(stopped.stdout).toContain(`Resume:    npx innerloop resume ${name}\n`);
      const done = lastIteration(join(folder, name));
      expect(metricsOf(join(folder, name))).toHaveLength(done); // Saved where it stopped, not at the last even iteration.
      expect(done).toBeLessThan(6);
      expect((await run('resume', join(folder, name))).code).toBe(0);
      expectSameAsWhole(name);
    },
  );

  it('leaves at once at the second signal', async () => {
    // Iterations of many seconds: 40 tasks × 2 × 200 episodes × 10 steps.
    const long = ['--set', 'trainer.tasksPerIteration=40', '--set', 'trainer.rolloutsPerTask=200'];
    const [first, second] = [at('into     twice', 'SIGINT'), at('Press Ctrl-C again', 'SIGINT')];
    const stopped = await spawnCli(train('twice', ...long), {
      cwd: folder,
      during: (output, kill) => {
        first(output, kill);
        second(output, kill);
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('Press Ctrl-C again');
    expect(stopped.stdout).not.toContain('iteration 1/6');
    expect(stopped.stdout).not.toContain('Saved in');
  });

  it('can be left during its final evaluation, which resume repeats', async () => {
    const many = ['--set', 'evaluation.final.tasks=500'];
    const stopped = await spawnCli(train('evaluating', ...many), {
      cwd: folder,
      during: at('evaluating on', 'SIGINT'),
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain('The final evaluation was interrupted. All iterations are saved.');
    expect(stopped.stdout).toContain('Resume:    npx innerloop resume evaluating\n');
    expect(stopped.stdout).not.toContain('adaptation steps');
    const resumed = await run('resume', join(folder, 'evaluating'));
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('Return on 500 unseen tasks');
  });
});
