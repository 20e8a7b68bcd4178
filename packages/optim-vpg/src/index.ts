export * from './anil.js';
export * from './gradient.js';
export * from './gradient-component.js';
export * from './meta-sgd.js';
export * from './plugin.js';
export * from './schedule.js';
export * from './vpg.js';
