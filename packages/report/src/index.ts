export * from './data/read-run.js';
export type * from './data/schemas.js';
export * from './render-report.js';
export * from './write-report.js';
