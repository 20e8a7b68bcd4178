import { InnerloopError, parseConfig, resolveExperiment } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';
import { read, section } from '../lib/docs.js';
import { firstColumn } from './support/pages.js';

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
