import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../../scripts/lib/pack.mjs';
import { capture } from '../../../scripts/lib/process.mjs';
import { workspacePackages } from '../../../scripts/lib/workspace.mjs';

const packages = workspacePackages().filter(({ folder }) => folder.startsWith('packages/'));
const RANGES = ['dependencies', 'peerDependencies', 'optionalDependencies'] as const;

/** Every string in the values of a manifest's field, such as the targets of `exports`. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

describe('the packed tarballs', () => {
  const destination = mkdtempSync(join(tmpdir(), 'innerloop-packed-'));
  let packed: Awaited<ReturnType<typeof pack>> = [];

  beforeAll(async () => {
    packed = await pack(
      packages.map(({ name }) => name),
      destination,
    );
  }, 120_000);

  afterAll(() => rmSync(destination, { recursive: true }));

  it('are one for each package', () => {
    expect(packed.map(({ name }) => name).sort()).toEqual([
      '@innerloop/cli',
      '@innerloop/core',
      '@innerloop/envs',
      '@innerloop/maml',
      '@innerloop/optim-trpo',
      '@innerloop/optim-vpg',
      '@innerloop/policy-gradient',
      '@innerloop/report',
    ]);
  });

  describe.each(packages.map(({ name, directory }) => ({ name, directory })))('$name', ({ name, directory }) => {
    const contents = () => packed.find((entry) => entry.name === name) as (typeof packed)[number];
    const manifest = async () => {
      const { stdout } = await capture('tar', ['-xzOf', contents().tarball, 'package/package.json']);
      return JSON.parse(stdout) as Record<string, Record<string, string>> & { exports: unknown; bin?: unknown };
    };

    it('holds everything that its manifest points to', async () => {
      const { exports, bin } = await manifest();
      const targets = strings([exports, bin ?? {}]).map((target) => target.replace('./', ''));
      expect(targets).toContain('dist/index.js');
      expect(contents().files).toEqual(expect.arrayContaining(targets));
    });

    it('holds the output and declarations of each of its sources', () => {
      const { files } = contents();
      const sources = files.filter((file) => /^src\/.*\.ts$/.test(file));
      expect(sources).toContain('src/index.ts');
      const outputs = sources.flatMap((file) => {
        const stem = file.replace(/^src/, 'dist').replace(/\.ts$/, '');
        return [`${stem}.js`, `${stem}.d.ts`];
      });
      expect(files).toEqual(expect.arrayContaining(outputs));
    });

    it('holds nothing that only its development needs', () => {
      const unwanted = /(^|\/)tests?\/|\.test\.|\.tsbuildinfo$|tsconfig|node_modules|\.tgz$|(^|\/)runs\//;
      expect(contents().files.filter((file) => unwanted.test(file))).toEqual([]);
    });

    it('comes with a README', () => {
      expect(contents().files).toContain('README.md');
    });

    it('asks for its siblings by version, not by workspace', async () => {
      const published = await manifest();
      const source = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as typeof published;
      for (const field of RANGES) {
        for (const [sibling, range] of Object.entries(source[field] ?? {})) {
          if (!range.startsWith('workspace:')) continue;
          // All packages have version 0.1.0; `workspace:*` becomes 0.1.0 and `workspace:^` becomes ^0.1.0.
          const version = packages.find((other) => other.name === sibling)?.manifest.version;
          const prefix = range === 'workspace:*' ? '' : range.replace('workspace:', '');
          expect(published[field]?.[sibling]).toBe(`${prefix}${version}`);
        }
        expect(strings(published[field]).filter((range) => range.includes(':'))).toEqual([]);
      }
    });
  });
});
