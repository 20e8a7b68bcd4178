import { type AnyComponent, type TaskDistribution, useBackend, type Wrapper, wrapDistribution } from '@innerloop/core';
import { checkTaskDistribution } from '@innerloop/core/testing';
import { describe, expect, test } from 'vitest';
import { ClassicControl, envsPlugin } from '../src/index.js';

await useBackend('cpu');

const made = <T>(kind: AnyComponent['kind'], name: string): T => {
  const component = envsPlugin.components.find((other) => other.kind === kind && other.name === name);
  return component?.create(component.options.parse({}), { run: { seed: 1 } }) as T;
};
const names = (kind: AnyComponent['kind']) =>
  envsPlugin.components.filter((other) => other.kind === kind).map(({ name }) => name);

describe('every task distribution keeps its contract', () => {
  test.each(names('tasks'))('%s', (name) => {
    checkTaskDistribution(made<TaskDistribution>('tasks', name));
  });
});

describe('every wrapper makes environments that keep their contract', () => {
  test.each(names('wrapper'))('%s', (name) => {
    checkTaskDistribution(wrapDistribution(new ClassicControl('pendulum'), [made<Wrapper>('wrapper', name)]));
  });
});

test.each(['pendulum', 'mountain-car'] as const)('%s truncates at its time limit', (name) => {
  const tasks = new ClassicControl(name, { timeLimit: 30 });
  checkTaskDistribution(tasks, { timeLimit: 30 });
  expect(() => checkTaskDistribution(tasks, { timeLimit: 29 })).toThrow('An episode went on after 29 steps');
});
