import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, spawnCli, spawnNode } from './support/cli.js';
import { expectSameRun, lastIteration, metricsOf, temporaryFolder, write } from './support/runs.js';

/*
 * The real program with worker threads, against itself without. The plugin in fixtures/faulty-plugin goes wrong in task 2 of iteration 3.
 */
// Most of these start the program several times.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
const folder = temporaryFolder();
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const config = write(
  folder,
  'walk.yaml',
  `run: { name: walk, seed: 3, iterations: 5, backend: wasm }
trainer: { use: maml, tasksPerIteration: 4, rolloutsPerTask: 3 }
objective: maml
tasks: { use: walk }
policy: { use: gaussian-mlp, hiddenSizes: [4] }
inner: { use: vpg, learningRate: 0.1 }
meta: trpo
evaluation: { every: 2, tasks: 3, rollouts: 2, final: { tasks: 3, steps: 2, rollouts: 2, examples: 2 } }
loggers: [{ use: progress, interval: 0 }]
plugins: [${JSON.stringify(fixture('faulty-plugin'))}]
`,
);
const train = (out: string, workers: number | 'auto', ...set: string[]) => [
  'train',
  config,
  '--out',
  out,
  ...[`run.workers=${workers}`, ...set].flatMap((override) => ['--set', override]),
];
const start = (...args: Parameters<typeof train>) => spawnCli(train(...args), { cwd: folder });

beforeAll(async () => {
  expect(await start('whole', 0)).toMatchObject({ code: 0, stderr: '' });
});

const expectSameAsWhole = (name: string) => expectSameRun(join(folder, name), join(folder, 'whole'));

/** The run goes on from iteration 2 once the fault is gone, to the numbers of one that never had it. */
async function expectResumable(name: string): Promise<void> {
  expect(lastIteration(join(folder, name))).toBe(2);
  const path = join(folder, name, 'config.yaml');
  const text = readFileSync(path, 'utf8');
  const mended = text.replace(/fault: \w+/, 'fault: none').replace(/workerTimeout: .*/, 'workerTimeout: 600');
  expect(mended).not.toBe(text);
  writeFileSync(path, mended);
  expect(await spawnCli(['resume', name], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
  expectSameAsWhole(name);
}

/** Exit code 1 and one line on standard error. (That the process ended by itself is what `spawnCli` waits for.) */
function expectOneError({ code, stderr }: Outcome, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(1);
}

const WHO = /^error: Worker 2 of 2 /;
const TASKS = 'while collecting tasks 2 to 3 \\(\\{"value":[^)]*\\) of iteration 3\\.';
const HOW_ON = 'The last checkpoint is kept, and resume goes on from it\\.';

describe('a run on workers', () => {
  it.each([1, 2, 3])('has the numbers of the main thread with %i of them', async (workers) => {
    const name = `workers-${workers}`;
    const { code, stdout, stderr } = await start(name, workers);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`workers  ${workers} (${workers} ${workers === 1 ? 'was' : 'were'} asked for)\n`);
    expectSameAsWhole(name);
    const { workers: told } = JSON.parse(readFileSync(join(folder, name, 'run.json'), 'utf8')) as { workers: unknown };
    expect(told).toEqual({ count: workers, reason: expect.stringContaining('asked for') });
  });

  it('collects, validates and evaluates there, and nothing of it in the main thread', async () => {
    const tell = ['tasks.tellThread=true', 'run.iterations=2'];
    const means = (name: string) => {
      const [, second = {}] = metricsOf(join(folder, name));
      const evaluation = readFileSync(join(folder, name, 'evaluation.json'), 'utf8');
      const { result } = JSON.parse(evaluation) as { result: { steps: { meanReturn: number }[] } };
      const names = ['return/before', 'return/after', 'evaluation/return/0', 'evaluation/return/1'];
      return [...names.map((metric) => second[metric]), ...result.steps.map(({ meanReturn }) => meanReturn)];
    };
    expect((await start('there', 2, ...tell)).code).toBe(0);
    expect((await start('here', 0, ...tell)).code).toBe(0);
    // Five steps of reward 0 in a worker, and of reward 1 in the main thread.
    expect(means('there')).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(means('here')).toEqual([5, 5, 5, 5, 5, 5, 5]);
  });

  it('finishes the iteration, saves and says how to go on at Ctrl-C', async () => {
    let sent = false;
    const stopped = await spawnCli(train('interrupted', 2), {
      cwd: folder,
      during: (output, kill) => {
        if (sent || !output.includes('iteration 2/5')) return;
        sent = true;
        kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain('Resume:    npx innerloop resume interrupted\n');
    expect(metricsOf(join(folder, 'interrupted'))).toHaveLength(lastIteration(join(folder, 'interrupted')));
    expect((await spawnCli(['resume', 'interrupted'], { cwd: folder })).code).toBe(0);
    expectSameAsWhole('interrupted');
  });

  it('ends by itself though nobody closes it', async () => {
    const { code, stdout, stderr } = await spawnNode([fixture('leave-open.js'), config], { cwd: folder });
    // 4 tasks × 3 rollouts, before and after adaptation.
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'workers 2, episodes 24\n', stderr: '' });
  });
});

describe('a worker', () => {
  it('that ends by itself ends the run', async () => {
    const outcome = await start('exit', 2, 'tasks.fault=exit');
    expectOneError(
      outcome,
      new RegExp(`${WHO.source}ended with exit code 7, perhaps by process.exit\\(\\), ${TASKS} ${HOW_ON}`),
    );
    await expectResumable('exit');
  });

  it('with an error that nobody catches ends the run', async () => {
    const outcome = await start('uncaught', 2, 'tasks.fault=uncaught');
    // By then it may compute what comes after collecting.
    expectOneError(
      outcome,
      new RegExp(`${WHO.source}stopped with the error: nobody waits for this, while .*tasks 2 to 3 .*${HOW_ON}`),
    );
    await expectResumable('uncaught');
  });

  it('that does not answer is given up after run.workerTimeout', async () => {
    const outcome = await start('loop', 2, 'tasks.fault=loop', 'run.workerTimeout=8');
    expectOneError(
      outcome,
      new RegExp(`${WHO.source}did not answer within 8 s \\(run.workerTimeout\\), ${TASKS} ${HOW_ON}`),
    );
    await expectResumable('loop');
  });

  it('passes on what an environment throws as the main thread says it', async () => {
    const [there, here] = [
      await start('throw', 2, 'tasks.fault=throw'),
      await start('throw-here', 0, 'tasks.fault=throw'),
    ];
    expectOneError(there, /^error: Environment threw in step\(\) \(task \{"value":.*the robot fell over\n$/);
    expect(there.stderr).toBe(here.stderr);
    await expectResumable('throw');
  });

  it('is named with its tasks for an error that has no code', async () => {
    const broken = ['advantages.use=breaking', 'advantages.after=3', 'evaluation.every=0'];
    const outcome = await start('advantages', 2, ...broken);
    // 2 tasks × 2 batches an iteration: the fourth batch is the second task's D′.
    expectOneError(
      outcome,
      /^error: Worker [12] of 2 threw TypeError: .*'missing'.*, while collecting tasks (0 to 1|2 to 3) .* of iteration 1\./,
    );
    const stacks = await spawnCli([...train('stack', 2, ...broken), '--stack'], { cwd: folder });
    expect(stacks.stderr).toMatch(/\n {4}at Object\.estimate \(.*faulty-plugin\/index\.js/);
  });

  it('that cannot build its part says what the part says', async () => {
    const outcome = await start('unmade', 2, 'inner.use=main-only', 'evaluation.every=0');
    expectOneError(outcome, /^error: main-only: expected the main thread, found a worker\.\n$/);
  });
});
