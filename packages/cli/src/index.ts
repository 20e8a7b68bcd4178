export * from './default-plugins.js';
export * from './main.js';
export * from './plugin.js';
export * from './progress/component.js';
export { seedList } from './seeds/seed-list.js';
