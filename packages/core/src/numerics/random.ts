/**
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2,
 * 3", SC 2011). A stream is named by where it is used, (seed, purpose, iteration, task, adaptation step, rollout), and that name
 * *is* the generator's key and counter. So streams can neither collide nor depend on the order in which they are
 * opened, and there is no generator state to save.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The high 32 bits of a 32 × 32 bit product. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/**
 * One block of Philox4x32-10.
 *
 * @param counter Four 32-bit words.
 * @param key Two 32-bit words.
 * @param out Receives four 32-bit words.
 */
export function philox(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0] as number;
  let c1 = counter[1] as number;
  let c2 = counter[2] as number;
  let c3 = counter[3] as number;
  let k0 = key[0] as number;
  let k1 = key[1] as number;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** What a stream is for. Streams of different purposes never share numbers. */
export const PURPOSES = [
  'initialize',
  'tasks',
  'train',
  'evaluate',
  'validation-tasks',
  'act',
  'user',
  'value',
] as const;

/** One of {@link PURPOSES}. */
export type Purpose = (typeof PURPOSES)[number];

/** Where a stream is used. Indices left out are 0; each must be an integer in the range given. */
export interface StreamName {
  /** The run's (or evaluation's) seed, 0 … 2³² − 1. */
  readonly seed: number;
  readonly purpose: Purpose;
  /** 0 … 2³² − 1. */
  readonly iteration?: number;
  /** 0 … 2²⁰ − 1. */
  readonly task?: number;
  /** Adaptation step, 0 … 2¹² − 1. */
  readonly step?: number;
  /** 0 … 2²⁸ − 1. */
  readonly rollout?: number;
}

/** A stream of random numbers. */
export interface Random {
  /** Uniform on [0, 1), with 32 random bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform on the integers 0 … count − 1. */
  integer(count: number): number;
}

function word(name: string, value: number, bits: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new RangeError(`random stream: ${name} must be an integer from 0 to 2^${bits} - 1, found ${value}`);
  }
  return value;
}

/** Opens the stream with this name. The same name always gives the same numbers. */
export function randomStream(name: StreamName): Random {
  const rollout = word('rollout', name.rollout ?? 0, 28);
  // The key is (seed, purpose); the counter is (draw, iteration, task and step, rollout).
  return new PhiloxStream(
    word('seed', name.seed, 32),
    PURPOSES.indexOf(name.purpose),
    word('iteration', name.iteration ?? 0, 32),
    ((word('task', name.task ?? 0, 20) << 12) | word('step', name.step ?? 0, 12)) >>> 0,
    rollout,
  );
}

class PhiloxStream implements Random {
  private readonly key: Uint32Array;
  private readonly counter: Uint32Array;
  private readonly block = new Uint32Array(4);
  private used = 4;
  private spare: number | undefined;

  constructor(seed: number, purpose: number, iteration: number, taskAndStep: number, rollout: number) {
    this.key = Uint32Array.of(seed, purpose);
    this.counter = Uint32Array.of(0, iteration, taskAndStep, rollout);
  }

  uniform(): number {
    return this.word() / 0x1_0000_0000;
  }

  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    // Box and Muller's transform; 1 − u is in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  private word(): number {
    if (this.used === 4) {
      philox(this.counter, this.key, this.block);
      this.counter[0] = ((this.counter[0] as number) + 1) >>> 0;
      this.used = 0;
    }
    const value = this.block[this.used] as number;
    this.used += 1;
    return value;
  }
}
