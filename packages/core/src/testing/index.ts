export { type CheckEnvironmentOptions, checkEnvironment } from './check-environment.js';
export * from './check-policy.js';
export * from './check-task-distribution.js';
