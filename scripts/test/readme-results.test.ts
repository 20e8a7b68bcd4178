import { overSeeds } from '@innerloop/core';
import { expect, it } from 'vitest';
import { codeSpans, read, section, tables } from '../lib/docs.js';
import { readRecords } from '../lib/results/page.mjs';
import type { SeedRecord } from './support/results.js';

const told = section(read('README.md'), 'What it reaches');

it('every result in README.md stands in docs/results.md', () => {
  const results = read('docs/results.md');
  const said = told.match(/−?\d+\.\d\d(?: ± \d+\.\d\d)?/g) ?? [];
  expect(said.length).toBeGreaterThan(25);
  expect(said.filter((number) => !results.includes(number))).toEqual([]);
});

it('the returns of VPG and TRPO in README.md are those of their configs', () => {
  const records = readRecords('results');
  const greedy = (family: string, row: string) => {
    const own = ((records.get(family) ?? []) as SeedRecord[]).filter((record) => record.row === row);
    const { mean, half } = overSeeds(own.map((record) => record.greedy?.steps.at(-1)?.meanReturn ?? Number.NaN));
    return `${mean.toFixed(2)} ± ${half?.toFixed(2)}`.replace('-', '−');
  };
  const table = tables(told).find(({ head }) => head[0] === 'Configs');
  expect(table?.rows).toHaveLength(5);
  for (const [place = '', trpo, vpg] of table?.rows ?? []) {
    const family = codeSpans(place)[0]?.replace('configs/', '') ?? '';
    expect([trpo, vpg], family).toEqual([greedy(family, 'trpo'), greedy(family, 'vpg')]);
  }
});
