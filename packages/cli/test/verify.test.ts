import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeEachBackend } from '../../../scripts/lib/backends.js';
import type { CaseResult } from '../src/verify/quantities.js';
import { run } from './support/cli.js';
import { linearCase } from './support/linear-case.js';
import { temporaryFolder, write } from './support/runs.js';

const folder = temporaryFolder();
const file = (name: string) => fileURLToPath(new URL(`../../maml/reference/${name}.json`, import.meta.url));
const GAUSSIAN = file('gaussian-1step');
const CATEGORICAL = file('categorical-2step');

/** A case as JSON that a test may change. */
// biome-ignore lint/suspicious/noExplicitAny: the tests break the file in every way, types included
type Loose = any;
const load = (path: string): Loose => JSON.parse(readFileSync(path, 'utf8'));

interface VerifyOutput {
  readonly backend: string;
  readonly passed: boolean;
  readonly cases: readonly CaseResult[];
}

async function verifyJson(...args: string[]): Promise<{ code: number | null; output: VerifyOutput }> {
  const { code, stdout, stderr } = await run('verify', ...args, '--json');
  expect(stderr).toBe('');
  return { code, output: JSON.parse(stdout) as VerifyOutput };
}

/** Which quantities of an altered copy fail. */
async function failing(path: string, alter: (expected: Loose) => void): Promise<string[]> {
  const data = load(path);
  alter(data.expected);
  const altered = write(folder, 'altered.json', JSON.stringify(data));
  const { code, output } = await verifyJson(altered, '--backend', 'cpu');
  const failed = output.cases.flatMap(({ quantities }) => quantities.filter(({ passed }) => !passed));
  expect(code).toBe(failed.length > 0 ? 1 : 0);
  return failed.map(({ quantity }) => quantity);
}

const QUANTITIES = [
  'innerLoss',
  'adapted',
  'surrogate',
  'metaGradient',
  'firstOrderMetaGradient',
  'klAtTheta',
  'klHessianVectorProduct',
  'surrogateAtPerturbed',
  'klAtPerturbed',
  'surrogateAfterFullStep',
  'klAfterFullStep',
  'cgSolution',
  'fullStep',
];

it('the reference cases hold on the kernels', async () => {
  const { code, output } = await verifyJson(GAUSSIAN, CATEGORICAL, '--engine', 'kernels');
  expect(code).toBe(0);
  expect(output).toMatchObject({ engine: 'kernels', passed: true });
  for (const { quantities } of output.cases) expect(quantities.map(({ quantity }) => quantity)).toEqual(QUANTITIES);
});

describeEachBackend((backend) => {
  it('the reference cases hold', async () => {
    const { code, output } = await verifyJson(GAUSSIAN, CATEGORICAL, '--backend', backend);
    expect(code).toBe(0);
    expect(output).toMatchObject({ backend, passed: true });
    expect(output.cases.map(({ name }) => name)).toEqual(['gaussian-1step', 'categorical-2step']);
    for (const { quantities, otherCurvatures } of output.cases) {
      expect(quantities.map(({ quantity }) => quantity)).toEqual(QUANTITIES);
      expect(otherCurvatures['double-backprop']).toBeLessThan(1e-4);
      expect(otherCurvatures['finite-difference']).toBeLessThan(1e-2);
    }
  });

  // Without a hidden layer θ ↦ log π is concave, but adaptation is as nonlinear as ever.
  it.each([
    { discrete: true, innerSteps: 3, seed: 11 },
    { discrete: false, innerSteps: 1, seed: 12 },
    { discrete: false, innerSteps: 3, seed: 13 },
  ])('the reference cases hold for a linear policy: %o', async (options) => {
    const path = write(folder, 'linear.json', JSON.stringify(linearCase(options)));
    const { code, output } = await verifyJson(path, '--backend', backend);
    expect(output.cases.flatMap(({ quantities }) => quantities.filter(({ passed }) => !passed))).toEqual([]);
    expect(code).toBe(0);
  });
});

describe('a value that is wrong', () => {
  const scale = (key: string, factor: number) => (expected: Loose) => {
    expected[key] = Array.isArray(expected[key])
      ? expected[key].map((value: number) => value * factor)
      : expected[key] * factor;
  };
  const add = (key: string, amount: number) => (expected: Loose) => {
    expected[key] += amount;
  };

  it.each<[string, (expected: Loose) => void]>([
    ['innerLoss', (expected) => (expected.innerLoss[1][0] += 1e-3)],
    ['adapted', (expected) => (expected.adapted[1][5] += 0.01)],
    ['surrogate', add('surrogate', 2e-5)],
    ['metaGradient', scale('metaGradient', 1.001)],
    ['firstOrderMetaGradient', scale('firstOrderMetaGradient', 1.001)],
    ['klAtTheta', add('klAtTheta', 1e-5)],
    ['klHessianVectorProduct', scale('klHessianVectorProduct', -1)],
    ['surrogateAtPerturbed', add('surrogateAtPerturbed', -2e-5)],
    ['klAtPerturbed', scale('klAtPerturbed', 1.1)],
    ['cgSolution', scale('cgSolution', 1.01)],
    ['cgSolution', scale('cgSolution', -1)],
    ['cgSolution', (expected) => (expected.cgSolution[3] += 0.2)],
    ['klAfterFullStep', scale('klAfterFullStep', 1.05)],
    ['surrogateAfterFullStep', add('surrogateAfterFullStep', 2e-5)],
  ])('fails %s alone', async (quantity, alter) => {
    expect(await failing(GAUSSIAN, alter)).toEqual([quantity]);
    expect(await failing(CATEGORICAL, alter)).toEqual([quantity]);
  });

  it('fails the full step and what is evaluated there', async () => {
    const expected = ['surrogateAfterFullStep', 'klAfterFullStep', 'fullStep'];
    expect(await failing(GAUSSIAN, scale('fullStep', 1.05))).toEqual(expected);
    expect(await failing(GAUSSIAN, scale('fullStep', -1))).toEqual(expected);
    expect(await failing(CATEGORICAL, (e) => (e.fullStep[3] += 0.1))).toEqual(expected);
  });

  it('is shown in the table', async () => {
    const data = load(GAUSSIAN);
    data.expected.surrogate += 0.5;
    const { code, stdout } = await run('verify', write(folder, 'altered.json', JSON.stringify(data)), CATEGORICAL);
    expect(code).toBe(1);
    // The file says 0.0204 + 0.5; the error is the 0.5.
    expect(stdout).toMatch(/surrogate +5\.00e-1 +1\.00e-5 +FAIL +absolute/);
    expect(stdout).toContain('25 passed, 1 failed');
  });
});

describe('a file that is not a reference case', () => {
  const refused: [string, (data: Loose) => void, RegExp][] = [
    ['a missing key', (d) => delete d.direction, /direction: expected numbers of shape \[73\], found nothing/],
    [
      'a missing number',
      (d) => delete d.innerLearningRate,
      /innerLearningRate: expected a value of type number, found nothing/,
    ],
    ['a missing expected key', (d) => delete d.expected.maxKl, /expected\.maxKl: expected a value of type number/],
    [
      'a missing expected vector',
      (d) => delete d.expected.fullStep,
      /expected\.fullStep: expected numbers of shape \[73\], found nothing/,
    ],
    ['an unknown key', (d) => (d.directoin = []), /found the unknown key 'directoin'; did you mean 'direction'/],
    [
      'an unknown expected key',
      (d) => (d.expected.metaGradients = []),
      /expected: expected the keys .*unknown key 'metaGradients'; did you mean 'metaGradient'/,
    ],
    [
      'an unknown key of a task',
      (d) => (d.tasks[1].inners = 1),
      /tasks\[1\]: expected the keys inner, outer, found the unknown key 'inners'/,
    ],
    ['an unknown key of a batch', (d) => (d.tasks[0].outer.reward = 1), /tasks\[0\]\.outer: .*unknown key 'reward'/],
    ['a part too few', (d) => d.parameters.pop(), /parameters: expected a list of 7 .*, found a list of 6/],
    [
      'a short weight row',
      (d) => d.parameters[0][2].pop(),
      /parameters\[0\]: expected numbers of shape \[3, 6\], found a list of 5 at \[2\]/,
    ],
    [
      'transposed weights',
      (d) =>
        (d.parameters[4] = [
          [1, 2, 3, 4, 5],
          [1, 2, 3, 4, 5],
        ]),
      /parameters\[4\]: expected numbers of shape \[5, 2\], found shape \[2, 5\]/,
    ],
    [
      'a wide observation',
      (d) => d.tasks[0].inner[0].observations[4].push(1),
      /tasks\[0\]\.inner\[0\]\.observations: expected numbers of shape \[12, 3\], found a list of 4 at \[4\]/,
    ],
    [
      'no observations',
      (d) => (d.tasks[0].outer.observations = []),
      /observations: expected a list of at least 1, found a list of 0/,
    ],
    [
      'an action too few',
      (d) => d.tasks[2].outer.actions.pop(),
      /tasks\[2\]\.outer\.actions: expected numbers of shape \[12, 2\], found shape \[11, 2\]/,
    ],
    [
      'an advantage too many',
      (d) => d.tasks[2].outer.advantages.push(0),
      /advantages: expected numbers of shape \[12\], found shape \[13\]/,
    ],
    [
      'more inner batches than steps',
      (d) => d.tasks[0].inner.push(d.tasks[0].outer),
      /tasks\[0\]\.inner: expected a list of 1 \(one batch for each inner step\), found a list of 2/,
    ],
    [
      'more inner losses than steps',
      (d) => d.expected.innerLoss[0].push(0),
      /innerLoss\[0\]: expected at most 1 losses.*found 2/,
    ],
    ['no inner loss', (d) => (d.expected.innerLoss[0] = []), /innerLoss\[0\]: expected a list of at least 1/],
    [
      'adapted parameters of a task too few',
      (d) => d.expected.adapted.pop(),
      /adapted: expected a list of 3 .*found a list of 2/,
    ],
    [
      'a short vector',
      (d) => d.expected.metaGradient.pop(),
      /metaGradient: expected numbers of shape \[73\], found shape \[72\]/,
    ],
    [
      'a text for a number',
      (d) => (d.direction[3] = '0.1'),
      /direction: expected finite numbers of shape \[73\], found '0\.1' at \[3\]/,
    ],
    [
      'a null',
      (d) => (d.expected.cgSolution[0] = null),
      /cgSolution: expected finite numbers of shape \[73\], found nothing at \[0\]/,
    ],
    ['no inner step', (d) => (d.innerSteps = 0), /innerSteps: expected at least 1, found 0/],
    ['a single layer size', (d) => (d.layerSizes = [3]), /layerSizes: expected at least 2 entries/],
    [
      'a text for the kind of policy',
      (d) => (d.discrete = 'no'),
      /discrete: expected a value of type boolean, found "no"/,
    ],
    ['no tasks', (d) => (d.tasks = []), /tasks: expected at least 1 entries/],
  ];

  it.each(refused)('is refused: %s', async (_, alter, message) => {
    const data = load(GAUSSIAN);
    alter(data);
    const path = write(folder, 'broken.json', JSON.stringify(data));
    const { code, stdout, stderr } = await run('verify', GAUSSIAN, path, '--backend', 'cpu');
    expect(code).toBe(1);
    expect(stdout).toBe(''); // Nothing is computed if one of the files is bad.
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`error: ${path}`);
    expect(stderr).not.toContain('    at ');
  });

  it('is refused: an action that does not exist', async () => {
    const data = load(CATEGORICAL);
    data.tasks[0].outer.actions[7] = 3; // The last of three actions is 2.
    const { code, stderr } = await run('verify', write(folder, 'broken.json', JSON.stringify(data)));
    expect(code).toBe(1);
    expect(stderr).toContain('tasks[0].outer.actions[7]: expected a whole number from 0 to 2, found 3');
  });

  it('is refused: not JSON, not an object, not there', async () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{"name": ');
    expect(await run('verify', path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected JSON, found text'),
    });
    writeFileSync(path, '[1]');
    expect(await run('verify', path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected a value of type object'),
    });
    const missing = await run('verify', join(folder, 'none.json'));
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected a readable JSON file, found none'),
    });
  });
});
