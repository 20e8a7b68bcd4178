export * from './gradient.js';
export * from './gradient-component.js';
export * from './plugin.js';
export * from './schedule.js';
export * from './vpg.js';
