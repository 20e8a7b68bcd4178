import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createExperiment,
  describeRun,
  ERROR_CODES,
  type Experiment,
  InnerloopError,
  parseConfig,
  RunDirectory,
  resolveExperiment,
  runTraining,
} from '@innerloop/core';
import { describe, expect, it, vi } from 'vitest';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';
import { main } from '../../packages/cli/src/main.js';
import {
  anchors,
  brokenLinks,
  codeSpans,
  commandLines,
  declares,
  headings,
  markdownFiles,
  membersOf,
  read,
  section,
  tables,
} from '../lib/docs.js';
import { examplesOf, runExample, typeErrors } from '../lib/readme.mjs';
import { ROOT } from '../lib/workspace.mjs';

const PAGES = markdownFiles();
const DOCS = PAGES.filter((file) => file.startsWith('docs/'));

/** The names in the first column of a page's tables with this head. */
function firstColumn(markdown: string, head: string): string[] {
  return tables(markdown)
    .filter((table) => table.head[0] === head)
    .flatMap(({ rows }) => rows.flatMap(([cell = '']) => codeSpans(cell)));
}

describe('every page', () => {
  it.each(PAGES)('%s: links lead somewhere', (file) => {
    expect(brokenLinks(file, read(file))).toEqual([]);
  });

  it.each(PAGES)('%s: files that it names are there', (file) => {
    const paths = codeSpans(read(file)).filter((code) =>
      /^(packages|scripts|configs|docs|examples)\/[\w@./-]+\.\w+$/.test(code),
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(PAGES)('%s: tests that it quotes are there', (file) => {
    const quoted = [...read(file).matchAll(/`([\w/.-]+\.test\.ts)`,\s+((?:"[^"]+"(?:,?\s+and\s+)?)+)/g)];
    const missing = quoted.flatMap(([, path = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title).filter((title) => !read(path).includes(title)),
    );
    expect(missing).toEqual([]);
  });
});

describe('every command line', () => {
  const lines = PAGES.flatMap((file) =>
    commandLines(read(file)).map((line) => ({ file, line, words: line.split(/\s+/) })),
  );

  /** The scripts of the package that a page belongs to. */
  const scriptsOf = (file: string) => {
    const own = `${file.split('/').slice(0, 2).join('/')}/package.json`;
    return Object.keys(JSON.parse(read(existsSync(join(ROOT, own)) ? own : 'package.json')).scripts ?? {});
  };

  it.each(lines)('$file: $line', async ({ file, words }) => {
    const [tool, first = '', second = ''] = words;
    const files = words.filter((word) => /^(packages|scripts|configs|examples)\//.test(word));
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const script = first === 'run' ? second : ['start', 'test'].includes(first) ? first : undefined;
    if (tool === 'npm' && script !== undefined) expect(scriptsOf(file)).toContain(script);
    if (first !== 'innerloop') return;
    const help = await helpOf(second);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toContain(`${option} `);
  });

  /** What `innerloop <command> --help` prints. */
  async function helpOf(command: string): Promise<string> {
    let printed = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      expect(await main(['node', 'innerloop', command, '--help'])).toBe(0);
    } finally {
      write.mockRestore();
    }
    expect(printed).toContain(`innerloop ${command}`);
    return printed;
  }
});

describe('docs/errors.md', () => {
  it('has every error code and nothing else', () => {
    expect(headings(read('docs/errors.md'), 2)).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)('says when %s comes and what to do', (code) => {
    expect(section(read('docs/errors.md'), code)).toMatch(/\*\*When:\*\* [\s\S]+\n\n\*\*Do:\*\* /);
  });
});

describe('docs/events.md', () => {
  const events = membersOf('packages/core/src/contracts/events.ts', 'Events');
  const page = read('docs/events.md');

  it('has every event and no other', () => {
    expect(
      headings(page, 2)
        .filter((text) => /^[a-z-]+:[a-z]+$/.test(text) || text === 'error')
        .sort(),
    ).toEqual([...events.keys()].sort());
  });

  it.each([...events])('has every field of %s', (name, fields) => {
    expect(fields.length).toBeGreaterThan(0);
    expect(firstColumn(section(page, name), 'Field')).toEqual(fields);
  });
});

/** A run of two iterations, the second one with an evaluation, into a directory of its own. */
async function tinyRun(check: (experiment: Experiment, directory: RunDirectory) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-docs-'));
  const small = { tasks: 2, steps: 1, rollouts: 2 };
  const experiment = await createExperiment(
    {
      run: { name: 'tiny', seed: 1, iterations: 2, backend: 'cpu' },
      trainer: { use: 'maml', tasksPerIteration: 2, rolloutsPerTask: 2 },
      objective: 'maml',
      tasks: { use: 'point-navigation', horizon: 5 },
      policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
      inner: 'vpg',
      meta: 'trpo',
      evaluation: { ...small, every: 2, final: { ...small, examples: 1 } },
      loggers: ['jsonl'],
    },
    { plugins: defaultPlugins },
  );
  try {
    const directory = await RunDirectory.create(join(folder, 'run'), describeRun(experiment));
    await runTraining(experiment, { directory });
    await check(experiment, directory);
  } finally {
    await experiment.close();
    rmSync(folder, { recursive: true });
  }
}

describe('a real run', () => {
  it('writes the metrics of docs/metrics.md, the files and fields of docs/run-directory.md, and the events in their order', async () => {
    await tinyRun(async (_, directory) => {
      const metrics = await directory.readMetrics();
      const names = metrics.flatMap(Object.keys).map((name) => name.replace(/\/\d+$/, '/<j>'));
      const documented = firstColumn(read('docs/metrics.md'), 'Name');
      expect(documented.filter((name, index) => documented.indexOf(name) !== index)).toEqual([]);
      expect([...documented].sort()).toEqual([...new Set(names)].sort());

      const page = read('docs/run-directory.md');
      const files = firstColumn(page, 'File').filter((name) => name !== 'report.html'); // the command writes that
      expect(files.filter((name) => !existsSync(join(directory.path, name)))).toEqual([]);
      const fieldsOf = (name: string) => Object.keys(JSON.parse(readFileSync(join(directory.path, name), 'utf8')));
      expect(firstColumn(section(page, 'run.json'), 'Field')).toEqual(fieldsOf('run.json'));
      expect(firstColumn(section(page, 'evaluation.json'), 'Field')).toEqual(fieldsOf('evaluation.json'));
      const pointer = firstColumn(section(page, 'checkpoints/'), 'Field');
      expect(pointer.sort()).toEqual(fieldsOf('checkpoints/best.json').sort());

      const lines = readFileSync(join(directory.path, 'events.jsonl'), 'utf8').trim().split('\n');
      const happened = lines.map((line) => JSON.parse(line).event as string);
      expect(happened).toEqual([
        'run:start',
        'checkpoint:saved', // of iteration 0
        ...iteration([]),
        ...iteration(['evaluation:end']),
        'evaluation:end',
        'run:end',
      ]);
    });
  }, 60_000);

  /** As docs/events.md orders the events of an iteration without checks. */
  function iteration(evaluation: string[]): string[] {
    const order =
      /for each iteration:\n([\s\S]*?)\n {6}evaluation:end {2,}the final/.exec(read('docs/events.md'))?.[1] ?? '';
    const names = order.split('\n').map((line) => line.trim().split(' ')[0] ?? '');
    return names.flatMap((name) => {
      if (name === 'check:verdict') return [];
      if (name === 'evaluation:end') return evaluation;
      return name === 'rollout:end' ? [name, name] : [name]; // D⁰ and D′
    });
  }
});

describe('a real run of policy-gradient', () => {
  it('writes the metrics of its section in docs/metrics.md', async () => {
    const experiment = await createExperiment(
      {
        run: { seed: 1, iterations: 2, backend: 'cpu' },
        trainer: { use: 'policy-gradient', stepsPerIteration: 20 },
        tasks: { use: 'point-navigation', horizon: 5 },
        policy: { use: 'gaussian-mlp', hiddenSizes: [4] },
        optimizer: 'trpo',
        baseline: { use: 'mlp-value', hiddenSizes: [4], iterations: 2 },
      },
      { plugins: defaultPlugins },
    );
    const { metrics } = await experiment.trainer.iterate(1);
    await experiment.close();
    expect(firstColumn(read('docs/metrics.md'), 'Metric').sort()).toEqual(Object.keys(metrics).sort());
  }, 60_000);
});

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  const fences = [...page.matchAll(/^```(yaml.*|text)\n([\s\S]*?)^```$/gm)].map(([, info = '', code = '']) => ({
    info,
    code,
  }));
  const resolve = (text: string, file: string) => {
    const input = parseConfig(text, file);
    return resolveExperiment(input.config, { ...input, plugins: defaultPlugins });
  };

  it('has every key of a config', async () => {
    const keys = firstColumn(section(page, 'Keys'), 'Key');
    const { properties } = JSON.parse(JSON.stringify(await schema())) as { properties: Record<string, unknown> };
    expect([...keys].sort()).toEqual(Object.keys(properties).sort());
  });

  it('shows a config that is valid', async () => {
    const whole = fences.find(({ code }) => code.startsWith('run:'))?.code ?? '';
    const { config } = await resolve(whole, 'whole.yaml');
    expect(config.run.name).toBe('my-run');
  });

  it('shows the errors that a broken config is answered by', async () => {
    const broken = fences.find(({ info }) => info === 'yaml broken.yaml')?.code ?? '';
    const shown = fences.find(({ info }) => info === 'text')?.code;
    const error = await resolve(broken, 'broken.yaml').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InnerloopError);
    expect(`${(error as InnerloopError).message}\n`).toBe(shown);
  });

  async function schema() {
    const { configJsonSchema, corePlugin, Registry } = await import('@innerloop/core');
    return configJsonSchema(new Registry([corePlugin, ...defaultPlugins]));
  }
});

describe('docs/algorithms, and the walk through docs/architecture.md', () => {
  const pages = DOCS.filter((file) => file.startsWith('docs/algorithms/'));
  const places = DOCS.flatMap((file) =>
    tables(read(file))
      .filter(({ head }) => head[1] === 'File' && head[2] === 'Function')
      .flatMap(({ rows }) => rows.map(([line = '', path = '', names = '']) => ({ file, line, path, names }))),
  );

  it('has places to check', () => {
    expect(places.length).toBeGreaterThan(20);
  });

  it.each(places)('$file, line $line is where it says', ({ path, names }) => {
    const [source = ''] = codeSpans(path);
    for (const name of codeSpans(names)) expect(declares(source, name), `${name} in ${source}`).toBe(true);
  });

  it.each(pages.filter((file) => /(vpg|maml|trpo)\.md$/.test(file)))('%s has the parts that every page has', (file) => {
    expect(headings(read(file), 2)).toEqual(
      expect.arrayContaining(['Quick facts', 'Pseudocode', 'Where each line is', 'Options', 'Metrics', 'References']),
    );
  });
});

describe('docs/decisions', () => {
  const pages = DOCS.filter((file) => /^docs\/decisions\/\d/.test(file));

  it('are numbered without gaps and listed', () => {
    const numbers = pages.map((file) => Number(/(\d{4})-/.exec(file)?.[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    for (const file of pages) expect(read('docs/decisions/README.md')).toContain(`(${file.split('/').at(-1)})`);
  });

  it.each(pages)('%s has the four parts', (file) => {
    expect(headings(read(file), 2)).toEqual(['Context', 'Decision', 'Consequences', 'Evidence']);
  });
});

describe('examples in docs', () => {
  const examples = DOCS.flatMap((file) => examplesOf(file, read(file)));

  it('have no type errors', () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(typeErrors(examples)).toEqual([]);
  }, 60_000);

  for (const example of examples) {
    it(`run: ${example.file}:${example.line}`, async () => {
      const { code, output } = await runExample(example, 60);
      expect(code, output).toBe(0);
    }, 70_000);
  }
});

describe('the checks themselves', () => {
  it('find a link without a file, and one without a heading', () => {
    const page =
      '# A b\n\n[x](missing.md) [y](README.md#nowhere) [z](#a-b) [w](https://example.org)\n\n    [v](code.md)\n';
    // `z` is an anchor of the page itself, which is read from the disk: README.md has no such heading.
    expect(brokenLinks('README.md', page)).toEqual([
      'README.md: missing.md',
      'README.md: README.md#nowhere',
      'README.md: #a-b',
    ]);
  });

  it('know the anchors of GitHub', () => {
    expect(anchors('# `run:start`\n## Why Jᵀ F J is exact\n## Why Jᵀ F J is exact\n### CHECK_FAILED\n')).toEqual([
      'runstart',
      'why-jᵀ-f-j-is-exact',
      'why-jᵀ-f-j-is-exact-1',
      'check_failed',
    ]);
  });

  it('read tables with escaped bars', () => {
    expect(tables('| A | B |\n| - | - |\n| 1/\\|D\\| | `x` |\n')).toEqual([
      { head: ['A', 'B'], rows: [['1/\\|D\\|', '`x`']] },
    ]);
  });
});
