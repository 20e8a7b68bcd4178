export * from './adaptation.js';
export * from './objective.js';
