import { readFileSync } from 'node:fs';
import { isPlugin } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { trpoComponent, trpoOptions, trpoPlugin } from '../src/index.js';
import { quadratic } from './objectives.js';

describe('the trpo component', () => {
  it('has the documented defaults', () => {
    expect(trpoOptions.parse({})).toEqual({
      maxKl: 0.01,
      cgIterations: 10,
      cgDamping: 1e-5,
      cgTolerance: 1e-10,
      backtrackCoefficient: 0.8,
      maxBacktracks: 15,
    });
  });

  it.each([
    { maxKl: 0 },
    { cgIterations: 0 },
    { cgIterations: 2.5 },
    { cgDamping: -1e-9 },
    { cgTolerance: -1 },
    { backtrackCoefficient: 1 },
    { backtrackCoefficient: 0 },
    { maxBacktracks: -1 },
    { maxKl: Number.POSITIVE_INFINITY },
    { maxKL: 0.01 },
  ])('refuses %j', (options) => {
    expect(trpoOptions.safeParse(options).success).toBe(false);
  });

  it('describes every option, with its default, in the JSON Schema', () => {
    const { properties = {} } = z.toJSONSchema(trpoOptions, { io: 'input' });
    expect(Object.keys(properties)).toHaveLength(6);
    for (const property of Object.values(properties)) {
      expect(property).toMatchObject({ description: expect.any(String), default: expect.any(Number) });
    }
  });

  it('makes an optimizer that uses its options', async () => {
    // H = I, λ = 0: the step has the length √(2δ) = 0.2 for δ = 0.02, along −(0.6, 0.8).
    const optimizer = trpoComponent.create(trpoOptions.parse({ maxKl: 0.02, cgDamping: 0 }), {});
    const identity = [
      [1, 0],
      [0, 1],
    ];
    const objective = quadratic({ a: identity, c: [0, 0], h: identity, start: [3, 4] }, { kl: async () => 0.02 });
    const proposal = await optimizer.improve(objective);
    expect(proposal.parameters).toBeAllClose([2.88, 3.84], { rtol: 1e-14 });
  });

  it('is in a plugin of the version of its package', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(isPlugin(trpoPlugin)).toBe(true);
    expect(trpoPlugin).toMatchObject({ name: manifest.name, version: manifest.version });
    expect(trpoPlugin.components).toEqual([trpoComponent]);
  });
});
