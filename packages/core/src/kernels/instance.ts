import { readFileSync } from 'node:fs';
import { InnerloopError } from '../errors.js';

/**
 * The functions of `assembly/`, in WebAssembly with SIMD. Pointers and strides are in bytes; arrays are float32, row-major, with row
 * lengths that are multiples of 4.
 */
interface KernelFunctions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** C (+)= A B for `[m, k]` and `[k, n]`; A through a stride between rows and one along k. */
  gemm(
    m: number,
    n: number,
    k: number,
    a: number,
    rowA: number,
    stepA: number,
    b: number,
    rowB: number,
    c: number,
    rowC: number,
    add: number,
  ): void;
  /** z ← f(z). */
  activate(kind: number, z: number, count: number): void;
  /** out ← t · f′(a), with a = f(z). */
  timesSlope(kind: number, out: number, t: number, a: number, count: number): void;
  /** out ← t · f′(a) + e · (f′ along ra). */
  timesSlopeAlong(kind: number, out: number, t: number, a: number, e: number, ra: number, count: number): void;
  /** Each row ← `row`. */
  fillRows(out: number, rows: number, n: number, row: number): void;
  /** `sums` += the sum of all rows. */
  addColumnSums(sums: number, x: number, rows: number, n: number): void;
}

/** The part of the engine's WebAssembly API that is used here; its types come with the DOM's, which a Node package does not load. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  validate(bytes: Uint8Array): boolean;
}
const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

const PAGE = 65536;
/** What the module itself may use at the start of memory. */
const RESERVED = 1024;
/** Arrays begin at multiples of this, the length of a cache line. */
const GRAIN = 64;

/** Free room. */
interface Block {
  start: number;
  bytes: number;
}

/** This thread's kernels and their memory. */
export class Kernels {
  readonly run: KernelFunctions;
  /** Whether products use one instruction to multiply and add (relaxed SIMD, Node >= 22). */
  readonly fused: boolean;
  private top = RESERVED;
  /** Room that was given back, by address; no two blocks touch, and none touches `top`. */
  private readonly free: Block[] = [];
  /** What is allocated, by pointer: its bytes, and how many were allocated before it. */
  private readonly arrays = new Map<number, { readonly bytes: number; readonly serial: number }>();
  private serial = 0;

  constructor() {
    const relaxed = read('mlp-relaxed.wasm');
    this.fused = engine.validate(relaxed);
    const module = new engine.Module(this.fused ? relaxed : read('mlp.wasm'));
    this.run = new engine.Instance(module, {}).exports as KernelFunctions;
  }

  /** Room for `count` float32 numbers, whatever they are. Returns a pointer, aligned to 64 bytes. */
  allocate(count: number): number {
    const bytes = Math.max(1, Math.ceil((count * 4) / GRAIN)) * GRAIN;
    const pointer = this.take(bytes) ?? this.extend(bytes);
    this.arrays.set(pointer, { bytes, serial: this.serial++ });
    return pointer;
  }

  /** Gives room back; it joins the free room on both sides of it, so that arrays of any size can use it. */
  release(pointer: number): void {
    const bytes = this.arrays.get(pointer)?.bytes;
    if (bytes === undefined) throw new Error(`kernels: ${pointer} is not allocated`);
    this.arrays.delete(pointer);
    let at = this.free.findIndex(({ start }) => start > pointer);
    if (at < 0) at = this.free.length;
    const block = { start: pointer, bytes };
    const [before, after] = [this.free[at - 1], this.free[at]];
    if (after && pointer + bytes === after.start) {
      block.bytes += after.bytes;
      this.free.splice(at, 1);
    }
    if (before && before.start + before.bytes === pointer) before.bytes += block.bytes;
    else this.free.splice(at, 0, block);
    const last = this.free.at(-1);
    if (last && last.start + last.bytes === this.top) {
      this.top = last.start;
      this.free.pop();
    }
  }

  /** Runs `act`, which allocates. If it throws, all that it allocated and had not released is given back. */
  orGiveBack<T>(act: () => T): T {
    const first = this.serial;
    try {
      return act();
    } catch (error) {
      for (const [pointer, { serial }] of [...this.arrays]) if (serial >= first) this.release(pointer);
      throw error;
    }
  }

  /** The numbers at a pointer. Valid until the next {@link allocate}, which may move memory. */
  view(pointer: number, count: number): Float32Array {
    return new Float32Array(this.run.memory.buffer, pointer, count);
  }

  /** How many arrays are allocated; equal before and after means that nothing leaked. */
  get allocated(): number {
    return this.arrays.size;
  }

  /** The start of the smallest free block that is large enough, cut from it. */
  private take(bytes: number): number | undefined {
    let best = -1;
    this.free.forEach((block, index) => {
      const least = best < 0 ? Number.POSITIVE_INFINITY : (this.free[best] as Block).bytes;
      if (block.bytes >= bytes && block.bytes < least) best = index;
    });
    const block = this.free[best];
    if (!block) return undefined;
    const { start } = block;
    block.start += bytes;
    block.bytes -= bytes;
    if (block.bytes === 0) this.free.splice(best, 1);
    return start;
  }

  private extend(bytes: number): number {
    const pointer = this.top;
    const missing = pointer + bytes - this.run.memory.buffer.byteLength;
    if (missing > 0) this.grow(missing);
    this.top = pointer + bytes;
    return pointer;
  }

  /** By half of what there is, if possible, since growing costs a call into the engine. */
  private grow(missing: number): void {
    const { memory } = this.run;
    for (const bytes of [Math.max(missing, memory.buffer.byteLength / 2), missing]) {
      try {
        memory.grow(Math.ceil(bytes / PAGE));
        return;
      } catch {
        // A smaller step may still be granted.
      }
    }
    const megabytes = ((memory.buffer.byteLength + missing) / 1e6).toFixed(0);
    throw new InnerloopError(
      'OUT_OF_MEMORY',
      `The kernels need ${megabytes} MB of WebAssembly memory, which the engine refuses. Use fewer tasks or rollouts an iteration, ` +
        'more workers (each has memory of its own), or the engine graph (objective.engine, or trainer.engine of policy-gradient).',
    );
  }
}

function read(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}

let instance: Kernels | undefined;

/** This thread's kernels; compiled at first use. */
export function kernels(): Kernels {
  instance ??= new Kernels();
  return instance;
}
