import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { capture } from './process.mjs';
import { ROOT, workspacePackages } from './workspace.mjs';

/**
 * @typedef {object} Example A TypeScript example of a README.
 * @property {string} file The README, from the root.
 * @property {number} line The line of its first line of code.
 * @property {string} code
 */

/** The README of the project and of each package that has one, as paths from the root. */
export function readmes() {
  return ['.', ...workspacePackages().map(({ folder }) => folder)]
    .map((folder) => (folder === '.' ? 'README.md' : `${folder}/README.md`))
    .filter((file) => existsSync(join(ROOT, file)));
}

/** Reads a file from the root. */
export function readText(file) {
  return readFileSync(join(ROOT, file), 'utf8');
}

/**
 * The examples of a Markdown text that are to be run: every fence marked `ts` that imports one of our packages. A
 * fragment is marked `ts no-run`.
 *
 * @returns {Example[]}
 */
export function examplesOf(file, markdown) {
  const fence = /^```(.*)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(fence)].flatMap(({ 1: info, 2: code, index }) => {
    const words = info.trim().split(/\s+/);
    if (words[0] !== 'ts' || words.includes('no-run') || !/['"]@innerloop\//.test(code)) return [];
    return [{ file, line: markdown.slice(0, index).split('\n').length + 1, code }];
  });
}

/** Where an example would lie if it were a file: beside its README, so that it finds the packages found from there. */
function placeOf({ file, line }) {
  return join(ROOT, dirname(file), `README.line-${line}.ts`);
}

/**
 * What the compiler says of each example, with the options of the tests.
 *
 * @param {readonly Example[]} examples
 * @returns {string[]} One message for each mistake, with the README and the line.
 */
export function typeErrors(examples) {
  const path = join(ROOT, 'tsconfig.test.json');
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, ROOT);
  const places = new Map(examples.map((example) => [placeOf(example), example]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => places.get(name)?.code ?? readFile(name);
  host.fileExists = (name) => places.has(name) || fileExists(name);
  const program = ts.createProgram([...places.keys()], options, host);
  return [...places].flatMap(([place, { file, line }]) => {
    const source = program.getSourceFile(place);
    return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
      const within = source.getLineAndCharacterOfPosition(start).line;
      return `${file}:${line + within}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/**
 * Runs an example on the sources, in a process and an empty directory of its own. The project's `configs/` are copied
 * into it, as a reader at the root has them.
 *
 * @param {Example} example
 * @param {number} seconds It is stopped after so long.
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runExample(example, seconds = 60) {
  const cwd = mkdtempSync(join(tmpdir(), 'innerloop-readme-'));
  try {
    if (existsSync(join(ROOT, 'configs'))) cpSync(join(ROOT, 'configs'), join(cwd, 'configs'), { recursive: true });
    const runner = join(ROOT, 'scripts', 'lib', 'run-typescript.mjs');
    const limit = { cwd, input: example.code, timeout: seconds * 1000 };
    return await capture(process.execPath, [runner, placeOf(example)], limit);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
