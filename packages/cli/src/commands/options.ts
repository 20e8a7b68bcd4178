import {
  BACKENDS,
  type BackendChoice,
  CHECKPOINT_NAMES,
  type CheckpointName,
  didYouMean,
  InnerloopError,
  quoteAll,
} from '@innerloop/core';
import { ENGINES, type Engine } from '../verify/problem.js';

function invalid(option: string, expected: string, found: string, hint = ''): InnerloopError {
  return new InnerloopError('OPTION_INVALID', `${option}: expected ${expected}, found '${found}'${hint}`);
}

/** Parses a whole number of at least `least`. */
export function wholeNumber(option: string, least: number, most: number) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw invalid(option, `a whole number from ${least} to ${most}`, text);
  };
}

/** Parses one of a few names. */
function oneOf<Name extends string>(option: string, names: readonly Name[]) {
  return (text: string): Name => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw invalid(option, `one of ${quoteAll(names)}`, text, didYouMean(text, names));
  };
}

/** `--backend`. */
export const backend: (text: string) => BackendChoice = oneOf('--backend', BACKENDS);

/** `--engine`. */
export const engine: (text: string) => Engine = oneOf('--engine', ENGINES);

/** `--checkpoint`. */
export const checkpoint: (text: string) => CheckpointName = oneOf('--checkpoint', CHECKPOINT_NAMES);

/** `--seed`. */
export const seed = wholeNumber('--seed', 0, 2 ** 32 - 1);

/** `--tasks`: how many, or the name of a task set. */
export function tasks(text: string): number | string {
  return /^\d+$/.test(text) ? wholeNumber('--tasks', 1, 2 ** 20)(text) : text;
}

/** `--step-sizes 0.5,0.25`. */
export function stepSizes(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.every((value) => Number.isFinite(value) && value > 0)) return values;
  throw invalid('--step-sizes', 'numbers above 0 with commas between them, such as 0.5,0.25', text);
}

/** An option that may be given many times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
