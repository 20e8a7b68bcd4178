import { configJsonSchema, readConfig, resolveExperiment, stringifyConfig } from '@innerloop/core';
import { defaultPlugins } from '../default-plugins.js';
import { print } from '../output/text.js';
import type { AddCommand } from './context.js';
import { registryWith } from './list.js';
import { collect } from './options.js';

/** `innerloop config print` and `innerloop config schema`. */
export const addConfig: AddCommand = (program) => {
  const config = program.command('config').summary('show a config, or the schema of configs');
  config
    .command('print')
    .summary('print a config with every default filled in')
    .description('Checks a config and prints it as YAML, with overrides applied and every default filled in.')
    .argument('<config>', 'the experiment, a YAML file')
    .option('--set <path=value>', 'override a value of the config; may be given many times', collect)
    .addHelpText('after', '\nExample:\n  innerloop config print my-config.yaml --set meta.use=gradient')
    .action(async (file: string, options: { readonly set?: readonly string[] }) => {
      const input = await readConfig(file, options.set ?? []);
      const resolved = await resolveExperiment(input.config, { ...input, plugins: defaultPlugins });
      for (const notice of resolved.notices) process.stderr.write(`note: ${notice}\n`);
      process.stdout.write(stringifyConfig(resolved.config));
    });
  config
    .command('schema')
    .summary('print the JSON Schema of configs, for editors')
    .option(
      '--plugin <name>',
      'with the components of a plugin, by package name or path; may be given many times',
      collect,
    )
    .addHelpText('after', '\nExample:\n  innerloop config schema > innerloop.schema.json')
    .action(async (options: { readonly plugin?: readonly string[] }) => {
      print(JSON.stringify(configJsonSchema(await registryWith(options.plugin)), null, 2));
    });
};
