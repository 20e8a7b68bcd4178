import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { CategoricalMlpPolicy, kernels, type Policy, randomStream } from '../src/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function makePolicy(): Policy {
  const spaces = {
    observationSpace: { kind: 'box' as const, low: [-1, -1], high: [1, 1] },
    actionSpace: { kind: 'discrete' as const, count: 3 },
  };
  return new CategoricalMlpPolicy(spaces, { hiddenSizes: [16] });
}

/** Acts on 64 observations at once, which takes buffers in the kernels' memory. */
function act(policy: Policy): number[] {
  const [count, random] = [64, randomStream({ seed: 1, purpose: 'user' })];
  const actions = new Float32Array(count);
  const actor = policy.actor(policy.initialize(random));
  actor.act(new Float32Array(2 * count).fill(0.5), count, undefined, actions, new Float64Array(count));
  return [...actions];
}

test('policies that are dropped give back the buffers that they acted with, and others keep theirs', async () => {
  const kept = makePolicy();
  const expected = act(kept);
  const before = kernels().allocated;
  act(makePolicy());
  // Two layers: 3 arrays of activations, and weights, their transposes and biases of each.
  expect(kernels().allocated - before).toBe(9);
  const bytes = [];
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < 50; n++) act(makePolicy());
    collectGarbage();
    await setImmediate(); // finalizers run between tasks
    bytes.push(kernels().run.memory.buffer.byteLength);
  }
  // Without it, 201 policies would hold 201 · 9 = 1809 arrays.
  expect(kernels().allocated - before).toBeLessThan(9 * 50);
  expect(bytes[3]).toBe(bytes[0]);
  expect(act(kept)).toEqual(expected);
});
