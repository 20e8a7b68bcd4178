import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplesOf, readmes, readText, runExample, typeErrors } from '../lib/readme.mjs';
import { ROOT, workspacePackages } from '../lib/workspace.mjs';

const LIMIT_SECONDS = 60;
const examples = readmes().flatMap((file) => examplesOf(file, readText(file)));

describe('README examples', () => {
  it('are there for every package and for the project', () => {
    const packages = workspacePackages().filter(({ folder }) => folder.startsWith('packages/'));
    const expected = ['README.md', ...packages.map(({ folder }) => `${folder}/README.md`)];
    expect([...new Set(examples.map(({ file }) => file))]).toEqual(expect.arrayContaining(expected));
  });

  it('have no type errors', () => {
    expect(typeErrors(examples)).toEqual([]);
  }, 60_000);

  for (const example of examples) {
    it(
      `run: ${example.file}:${example.line}`,
      async () => {
        const { code, output } = await runExample(example, LIMIT_SECONDS);
        expect(code, output).toBe(0);
      },
      (LIMIT_SECONDS + 10) * 1000,
    );
  }
});

it('the project example runs by the command that its README gives', () => {
  const readme = readText('README.md');
  const [command] = readme.match(/^npx tsc .* && node runs\/line\.js$/m) as RegExpMatchArray;
  const code = examplesOf('README.md', readme)[0]?.code ?? '';
  mkdirSync(join(ROOT, 'runs'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'runs', '.readme-'));
  try {
    writeFileSync(join(folder, 'line.ts'), code);
    const inFolder = command.replaceAll('runs/', `runs/${basename(folder)}/`);
    const { status, stdout, stderr } = spawnSync(inFolder, { cwd: ROOT, shell: true, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
    // A line for each of five iterations, then the returns before and after one step.
    expect(stdout.trim().split('\n')).toHaveLength(6);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

describe('the README check', () => {
  const example = (code: string) => ({ file: 'packages/maml/README.md', line: 7, code });

  it('takes fences of ts that import our packages, unless marked', () => {
    const fence = (info: string, code: string) => `\`\`\`${info}\n${code}\n\`\`\`\n`;
    const ours = "import { ops } from '@innerloop/core';";
    const markdown = [
      '# Title\n',
      fence('ts', ours),
      fence('ts no-run', ours),
      fence('ts', "import { z } from 'zod';"),
      fence('sh', ours),
      fence('ts title="second.ts"', `${ours}\nops;`),
    ].join('\n');
    // The title is line 1; the first fence opens on line 3, so that its code begins on line 4; five lines a fence.
    expect(examplesOf('README.md', markdown)).toEqual([
      { file: 'README.md', line: 4, code: `${ours}\n` },
      { file: 'README.md', line: 20, code: `${ours}\nops;\n` },
    ]);
  });

  it('reports a type error with its place', () => {
    const code =
      "import { messageOf } from '@innerloop/core';\n\nconst text: number = messageOf('x');\nconsole.log(text);\n";
    expect(typeErrors([example(code)])).toEqual([
      "packages/maml/README.md:9: Type 'string' is not assignable to type 'number'.",
    ]);
  }, 60_000);

  it('runs on the sources, in an empty directory', async () => {
    const code =
      "import { InnerloopError } from '@innerloop/core';\nimport { readdirSync } from 'node:fs';\n" +
      "console.log(new InnerloopError('OPTION_INVALID', 'a message').code, readdirSync('.').join());\n";
    expect(await runExample(example(code))).toMatchObject({ code: 0, stdout: 'OPTION_INVALID configs\n' });
  }, 60_000);

  it('fails if an example throws', async () => {
    const { code, output } = await runExample(example("import '@innerloop/core';\nthrow new Error('on purpose');\n"));
    expect(code).toBe(1);
    expect(output).toContain('on purpose');
  }, 60_000);

  it('stops an example that does not end', async () => {
    const { code, output } = await runExample(example('setInterval(() => {}, 1000);\n'), 3);
    expect(code).toBe(1);
    expect(output).toContain('was ended by SIGKILL (limit 3 s)');
  }, 60_000);
});
