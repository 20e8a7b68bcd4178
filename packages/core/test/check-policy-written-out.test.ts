import { describe, test } from 'vitest';
import { type PolicyHead, useBackend } from '../src/index.js';
import {
  type Broken,
  CONTINUOUS,
  categorical,
  DISCRETE,
  expectRefused,
  gaussian,
  having,
} from './support/broken-policies.js';

await useBackend('cpu');

/** A head with other members. */
const head = (own: PolicyHead, members: Partial<PolicyHead>): PolicyHead => Object.assign(Object.create(own), members);

const BROKEN: readonly Broken[] = [
  [
    'sizes of another network',
    having(gaussian(), (own) => ({ writtenOut: { ...own.writtenOut, sizes: [3, 5, 2] } })),
    CONTINUOUS,
    'writtenOut has 3 inputs and 34 parameters',
  ],
  [
    'a head whose gradient has the wrong sign',
    having(categorical(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          gradient: (at, actions, w, into) =>
            own.writtenOut.head.gradient(
              at,
              actions,
              w.map((x) => -x),
              into,
            ),
        }),
      },
    })),
    DISCRETE,
    'gradient (by ',
  ],
  [
    'a head that forgets u',
    having(gaussian(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          tangent: (at, actions, w, _u, along, into) =>
            own.writtenOut.head.tangent(at, actions, w, undefined, along, into),
        }),
      },
    })),
    CONTINUOUS,
    'tangent (by ',
  ],
  [
    'a Fisher product that is a sum over states',
    having(gaussian(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          fisher: (at, along, into) => {
            own.writtenOut.head.fisher(at, along, into);
            into.outputs.values.forEach((x, i, values) => {
              values[i] = x * at.outputs.count;
            });
          },
        }),
      },
    })),
    CONTINUOUS,
    'fisher (by ',
  ],
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', (_name, policy, spaces, sentence) => expectRefused(policy, spaces, sentence));
});
