import {
  askChecks,
  type Check,
  type CheckSubject,
  InnerloopError,
  KlLimit,
  klLimitComponent,
  type Verdict,
} from '@innerloop/core';
import { describe, expect, test } from 'vitest';

const META: CheckSubject = {
  stage: 'meta-step',
  iteration: 3,
  accepted: true,
  kl: 0.03,
  surrogateBefore: 0,
  surrogateAfter: -1,
};
const ADAPTATION: CheckSubject = { stage: 'adaptation', iteration: 3, kl: [0.01, 0.02, 0.06] };

function answering(name: string, verdict: Verdict): Check {
  return { name, verdict: async () => verdict };
}

const OK = answering('a', { kind: 'ok' });
const WARN = answering('b', { kind: 'warn', reason: 'hm' });
const REJECT = answering('c', { kind: 'reject', reason: 'no' });
const STOP = answering('d', { kind: 'stop', reason: 'enough' });

describe('askChecks', () => {
  test.each([
    [[], 'ok'],
    [[OK], 'ok'],
    [[WARN, OK], 'warn'],
    [[REJECT, WARN], 'reject'],
    [[OK, STOP, REJECT], 'stop'],
  ] as const)('takes the strictest verdict %#', async (checks, strictest) => {
    const judgement = await askChecks(checks, META);
    expect(judgement.strictest).toBe(strictest);
    expect(judgement.verdicts.map(({ check }) => check)).toEqual(checks.map(({ name }) => name));
  });

  test('keeps each verdict with its reason', async () => {
    expect((await askChecks([OK, WARN], META)).verdicts).toEqual([
      { check: 'a', verdict: { kind: 'ok' } },
      { check: 'b', verdict: { kind: 'warn', reason: 'hm' } },
    ]);
  });

  test('a check that throws is CHECK_FAILED with its name, place and cause', async () => {
    const cause = new Error('bad arithmetic');
    const check: Check = {
      name: 'mine',
      verdict: () => {
        throw cause;
      },
    };
    const error = await askChecks([check], META).catch((thrown: unknown) => thrown as InnerloopError);
    expect(error).toBeInstanceOf(InnerloopError);
    expect(error).toMatchObject({ code: 'CHECK_FAILED', cause });
    expect((error as Error).message).toMatch(/'mine'.*iteration 3.*meta-step.*bad arithmetic/);
  });

  test.each([undefined, { kind: 'maybe' }, { kind: 'stop' }])(
    'an answer that is no verdict is CHECK_FAILED: %j',
    async (answer) => {
      await expect(askChecks([answering('odd', answer as Verdict)], META)).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/'odd'.*expected.*kind.*found/),
      });
    },
  );
});

describe('kl-limit', () => {
  const options = (given: object) => klLimitComponent.options.parse(given);

  test.each(['warn', 'reject', 'stop'] as const)(
    'answers %s above the limit of a meta-step, and ok at it',
    (action) => {
      expect(new KlLimit(options({ limit: 0.03, action })).verdict(META)).toEqual({ kind: 'ok' });
      const verdict = new KlLimit(options({ limit: 0.029, action })).verdict(META);
      expect(verdict).toMatchObject({ kind: action, reason: expect.stringMatching(/meta-step, 0.03, .*0.029/) });
    },
  );

  // (0.01 + 0.02 + 0.06) / 3 = 0.03; the largest is 0.06.
  test.each([
    ['mean', 0.031, 'ok'],
    ['mean', 0.029, 'reject'],
    ['max', 0.06, 'ok'],
    ['max', 0.059, 'reject'],
  ] as const)('of adaptations takes the %s, limit %d: %s', (statistic, limit, kind) => {
    const check = new KlLimit(options({ stage: 'adaptation', statistic, limit, action: 'reject' }));
    expect(check.verdict(ADAPTATION).kind).toBe(kind);
  });

  test('judges its own stage only', () => {
    expect(new KlLimit(options({ stage: 'adaptation', limit: 1e-9 })).verdict(META)).toEqual({ kind: 'ok' });
    expect(new KlLimit(options({ limit: 1e-9 })).verdict(ADAPTATION)).toEqual({ kind: 'ok' });
  });

  test('does not let a divergence pass that is not a number', () => {
    const meta = new KlLimit(options({ limit: 1, action: 'stop' }));
    expect(meta.verdict({ ...META, kl: Number.NaN }).kind).toBe('stop');
    for (const statistic of ['mean', 'max']) {
      const check = new KlLimit(options({ stage: 'adaptation', statistic, limit: 1, action: 'stop' }));
      expect(check.verdict({ ...ADAPTATION, kl: [0.1, Number.NaN] }).kind).toBe('stop');
    }
  });

  test.each([{ limit: 0 }, { limit: -1 }, { action: 'panic' }, { stage: 'meta-step', statistic: 'max' }])(
    'refuses %j',
    (given) => {
      expect(klLimitComponent.options.safeParse(given).success).toBe(false);
    },
  );
});
