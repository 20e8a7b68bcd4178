import { defineComponent } from '@innerloop/core';
import { z } from 'zod';
import { ProgressLogger } from './logger.js';

/** `loggers: [{ use: progress }]` */
export const progressComponent = defineComponent({
  kind: 'logger',
  name: 'progress',
  summary: 'Shows how training goes: a bar in a terminal, plain lines elsewhere',
  choose:
    'To watch training; it is there if `loggers` is left out. A list of your own replaces it, so name it beside ' +
    '`jsonl`, or give an empty list for silence. For log files take `style: lines` and a longer `interval`.',
  options: z.strictObject({
    style: z
      .enum(['auto', 'bar', 'lines'])
      .default('auto')
      .describe('A bar, plain lines, or (auto) a bar where standard output is a terminal'),
    interval: z
      .number()
      .min(0)
      .default(1)
      .describe('Least time between plain lines, in seconds; at least 0. The first and last line always appear'),
  }),
  create: (options) => new ProgressLogger(process.stdout, options),
});
