export * from './conjugate-gradient.js';
export * from './line-search.js';
export * from './plugin.js';
export * from './trpo.js';
