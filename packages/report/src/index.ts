export * from './data/read-run.js';
export type * from './data/schemas.js';
export * from './render-report.js';
export type { Aggregate, AggregateStep } from './seeds/aggregate.js';
export {
  areOfOnePolicy,
  readSeedsList,
  SAMPLED_FILE,
  SEEDS_FILE,
  type SeedsList,
  seedFolder,
} from './seeds/read-seeds.js';
export * from './seeds/write-seeds.js';
export * from './write-report.js';
