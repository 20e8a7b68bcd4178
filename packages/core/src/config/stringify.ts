import { stringify } from 'yaml';
import type { ResolvedConfig } from './schema.js';

/** A resolved config as YAML; reading it again resolves to the same config. */
export function stringifyConfig(config: ResolvedConfig): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}
