export * from './gradient.js';
export * from './plugin.js';
export * from './vpg.js';
