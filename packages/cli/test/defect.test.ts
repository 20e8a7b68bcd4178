import { describe, expect, it, vi } from 'vitest';
import { earlierRun } from './support/refusal.js';

const { earlier } = earlierRun();

describe('a defect', () => {
  it('is told apart from a mistake of the user', async () => {
    const { writeReport } = { writeReport: vi.fn() };
    writeReport.mockRejectedValue(new TypeError('x is undefined'));
    vi.doMock('@innerloop/report', async (original) => ({ ...(await original<object>()), writeReport }));
    vi.resetModules();
    const { run: runAgain } = await import('./support/cli.js');
    const { code, stderr } = await runAgain('report', earlier);
    vi.doUnmock('@innerloop/report');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: x is undefined\nThis is a defect of Innerloop or of a plugin; run again with --stack to see where it comes from.\n',
    );
  });
});
