export * from './adaptation.js';
export * from './adapter.js';
export * from './evaluation.js';
export * from './objective.js';
export * from './plugin.js';
export * from './shard.js';
export * from './trainer.js';
