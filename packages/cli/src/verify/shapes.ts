import { InnerloopError } from '@innerloop/core';

/** Reads arrays of numbers out of untrusted JSON; what does not fit is refused with its place in the file. */
export class ShapeReader {
  /** @param file Named in errors. */
  constructor(private readonly file: string) {}

  /** The error of this file. */
  fail(path: string, expected: string, found: string): InnerloopError {
    const place = path === '' ? this.file : `${this.file}: ${path}`;
    return new InnerloopError('VERIFY_CASE_INVALID', `${place}: expected ${expected}, found ${found}.`);
  }

  /** A list of any length of at least `least`; its entries are not looked at. */
  list(value: unknown, path: string, least = 1): readonly unknown[] {
    if (Array.isArray(value) && value.length >= least) return value;
    throw this.fail(path, `a list of at least ${least}`, describe(value));
  }

  /** A list of exactly `count` entries, which are not looked at. */
  listOf(count: number, value: unknown, path: string, what: string): readonly unknown[] {
    if (Array.isArray(value) && value.length === count) return value;
    throw this.fail(path, `a list of ${count} (${what})`, describe(value));
  }

  /** Finite numbers in nested lists of this shape, row-major. */
  numbers(value: unknown, shape: readonly number[], path: string): Float64Array {
    const numbers: number[] = [];
    this.collect(value, shape, 0, path, '', numbers);
    return Float64Array.from(numbers);
  }

  private collect(
    value: unknown,
    shape: readonly number[],
    axis: number,
    path: string,
    index: string,
    into: number[],
  ): void {
    const length = shape[axis];
    const where = index === '' ? '' : ` at ${index}`;
    if (length === undefined) {
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw this.fail(path, `finite numbers of shape [${shape.join(', ')}]`, `${describe(value)}${where}`);
      }
      into.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== length) {
      const found = index === '' && Array.isArray(value) ? `shape [${shapeOf(value).join(', ')}]` : describe(value);
      throw this.fail(path, `numbers of shape [${shape.join(', ')}]`, `${found}${where}`);
    }
    value.forEach((entry, i) => {
      this.collect(entry, shape, axis + 1, path, `${index}[${i}]`, into);
    });
  }
}

/** The lengths of nested lists, as far as the first entries tell. */
function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `'${value}'` : String(value);
}
