export * from './batch-objective.js';
export * from './collect.js';
export * from './create-trainer.js';
export * from './learned-wrappers.js';
export * from './plugin.js';
export * from './trainer.js';
