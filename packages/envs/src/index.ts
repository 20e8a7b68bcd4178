export * from './plugin.js';
export * from './point-navigation/distribution.js';
export * from './point-navigation/environment.js';
export * from './point-navigation/paper-goals.js';
export * from './point-navigation/references.js';
export * from './wrappers/action-scaling.js';
export * from './wrappers/time-limit.js';
