import { InnerloopError } from '../errors.js';
import type { ParameterLayout } from '../numerics/layout.js';

/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): eight bytes with the length of the header as
 * a little-endian integer, a JSON header padded with spaces, and the tensors' bytes, little-endian and row-major, one after
 * another without gaps. Parameter files in it can be opened from Python, Rust and JavaScript alike.
 */

/** A tensor's element type: float64 or float32. */
export type SafetensorsType = 'F64' | 'F32';

/** One tensor of a file. */
export interface SafetensorsTensor {
  /** Unique within the file. */
  readonly name: string;
  /** The length of each axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Row-major. A Float64Array is written as F64, a Float32Array as F32. */
  readonly data: Float64Array | Float32Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  /** In the order of their bytes. */
  readonly tensors: readonly SafetensorsTensor[];
  /** The free text under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

const WIDTH: Record<SafetensorsType, number> = { F64: 8, F32: 4 };
/** The format's own limit on the header's length, in bytes. */
const MAX_HEADER = 100_000_000;

function typeOf(tensor: SafetensorsTensor): SafetensorsType {
  return tensor.data instanceof Float64Array ? 'F64' : 'F32';
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * The bytes of a file with these tensors, in this order.
 *
 * @throws RangeError if a tensor's data do not fill its shape, or two have the same name.
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  let end = 0;
  for (const tensor of tensors) {
    const { name, shape, data } = tensor;
    if (data.length !== sizeOf(shape)) {
      throw new RangeError(`'${name}' has shape [${shape.join(', ')}] but ${data.length} numbers`);
    }
    if (header.has(name) || name === '__metadata__') throw new RangeError(`the tensor name '${name}' is already taken`);
    const begin = end;
    end += data.length * WIDTH[typeOf(tensor)];
    header.set(name, { dtype: typeOf(tensor), shape, data_offsets: [begin, end] });
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // Padded to a multiple of 8, so that float64 data are aligned in a mapped file.
  const dataStart = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart);
  bytes.set(text, 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(dataStart - 8), true);
  let offset = dataStart;
  for (const tensor of tensors) {
    for (const value of tensor.data) {
      if (typeOf(tensor) === 'F64') view.setFloat64(offset, value, true);
      else view.setFloat32(offset, value, true);
      offset += WIDTH[typeOf(tensor)];
    }
  }
  return bytes;
}

/** A header entry that has been checked by itself. */
interface Entry {
  readonly name: string;
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a file's bytes, and believes nothing in them that it has not checked.
 *
 * @param file The file's name, for messages.
 * @throws InnerloopError `CHECKPOINT_UNREADABLE` that says what is wrong.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  const fail = failure(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) {
    throw fail(`it is truncated: it has ${bytes.length} bytes, and the length of its header alone takes 8`);
  }
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER)) {
    throw fail(`its first 8 bytes give a header of ${declared} bytes, more than the format's limit of ${MAX_HEADER}`);
  }
  const dataStart = 8 + Number(declared);
  if (dataStart > bytes.length) {
    throw fail(`it is truncated: its header ends at byte ${dataStart}, but the file has ${bytes.length} bytes`);
  }
  const header = parseHeader(bytes.subarray(8, dataStart), fail);
  const metadata = metadataOf(header.__metadata__, fail);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(name, value, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, bytes.length - dataStart, fail);
  return { metadata, tensors: entries.map((entry) => readTensor(entry, view, dataStart)) };
}

type Fail = (what: string) => InnerloopError;

function failure(file: string): Fail {
  return (what) => new InnerloopError('CHECKPOINT_UNREADABLE', `${file} cannot be read as safetensors: ${what}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw fail('its header is not JSON');
  }
  if (!isRecord(header)) throw fail('its header is not a JSON object');
  return header;
}

function metadataOf(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw fail('its __metadata__ is not an object of strings');
  }
  return value as Record<string, string>;
}

function isNaturalArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function entryOf(name: string, value: unknown, fail: Fail): Entry {
  if (!isRecord(value)) throw fail(`the header's entry for '${name}' is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F64' && dtype !== 'F32') {
    throw fail(`'${name}' has the dtype ${JSON.stringify(dtype) ?? 'undefined'}; expected "F64" or "F32"`);
  }
  if (!isNaturalArray(shape)) throw fail(`'${name}' has no valid shape: ${JSON.stringify(shape)}`);
  if (!isNaturalArray(offsets) || offsets.length !== 2) {
    throw fail(`'${name}' has no valid data_offsets: ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = sizeOf(shape) * WIDTH[dtype];
  if (end - begin !== expected) {
    throw fail(
      `'${name}' of shape [${shape.join(', ')}] and dtype ${dtype} takes ${expected} bytes, ` +
        `but its data_offsets are [${begin}, ${end}]`,
    );
  }
  return { name, type: dtype, shape, begin, end };
}

/** The entries, in the order of their bytes, must cover the data exactly once. */
function checkCoverage(entries: readonly Entry[], length: number, fail: Fail): void {
  let reached = 0;
  for (const [index, { name, begin, end }] of entries.entries()) {
    if (begin < reached) throw fail(`'${name}' overlaps '${entries[index - 1]?.name}' at byte ${begin} of the data`);
    if (begin > reached) throw fail(`bytes ${reached} to ${begin} of the data belong to no tensor`);
    reached = end;
  }
  if (reached > length) throw fail(`it is truncated: its data should have ${reached} bytes and have ${length}`);
  if (reached < length) throw fail(`its data should have ${reached} bytes and have ${length}`);
}

function readTensor({ name, type, shape, begin, end }: Entry, view: DataView, dataStart: number): SafetensorsTensor {
  const size = (end - begin) / WIDTH[type];
  const data = type === 'F64' ? new Float64Array(size) : new Float32Array(size);
  for (let index = 0; index < size; index++) {
    const offset = dataStart + begin + index * WIDTH[type];
    data[index] = type === 'F64' ? view.getFloat64(offset, true) : view.getFloat32(offset, true);
  }
  return { name, shape, data };
}

/** The bytes of a parameter vector: one F64 tensor for each part of its layout. */
export function encodeParameters(
  layout: ParameterLayout,
  parameters: Float64Array,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const tensors = layout.parts.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    data: parameters.subarray(offset, offset + size),
  }));
  return encodeSafetensors(tensors, metadata);
}

/**
 * The parameter vector in a file's bytes.
 *
 * @param layout What the file must hold: exactly these parts.
 * @param file The file's name, for messages.
 * @throws InnerloopError `CHECKPOINT_UNREADABLE` if the file is damaged or holds other parameters.
 */
export function decodeParameters(bytes: Uint8Array, layout: ParameterLayout, file: string): Float64Array {
  const tensors = new Map(decodeSafetensors(bytes, file).tensors.map((tensor) => [tensor.name, tensor]));
  const mismatch = (what: string) =>
    new InnerloopError(
      'CHECKPOINT_UNREADABLE',
      `${file} does not fit the policy of the config: ${what}. Was the config changed after training?`,
    );
  const parameters = new Float64Array(layout.size);
  for (const { name, shape, offset } of layout.parts) {
    const tensor = tensors.get(name);
    if (!tensor) throw mismatch(`'${name}' is missing; the file has ${[...tensors.keys()].join(', ') || 'no tensors'}`);
    if (tensor.shape.length !== shape.length || shape.some((length, axis) => length !== tensor.shape[axis])) {
      throw mismatch(`'${name}' should have shape [${shape.join(', ')}] and has [${tensor.shape.join(', ')}]`);
    }
    parameters.set(tensor.data, offset);
    tensors.delete(name);
  }
  const [extra] = tensors.keys();
  if (extra !== undefined) throw mismatch(`it also has '${extra}', which the policy has not`);
  return parameters;
}
