import { describe, expect, it } from 'vitest';
import {
  decodeParameters,
  decodeSafetensors,
  encodeParameters,
  encodeSafetensors,
  InnerloopError,
  ParameterLayout,
} from '../src/index.js';

/** A file put together by hand: the length, the header as it is given, the data. */
function fileOf(header: string, data: readonly number[], declared = header.length): Uint8Array {
  const length = Array.from({ length: 8 }, (_, byte) => Math.floor(declared / 256 ** byte) % 256);
  return Uint8Array.from([...length, ...new TextEncoder().encode(header), ...data]);
}

// IEEE 754: 1.5 = 1.1₂ · 2⁰ is 3ff8…; −2 = −1.0₂ · 2¹ is c000… (float64 and float32 alike); 0.5 is 3f000000 in float32.
const ONE_AND_A_HALF = [0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
const MINUS_TWO = [0, 0, 0, 0, 0, 0, 0, 0xc0];
const HALF_32 = [0, 0, 0, 0x3f];
const MINUS_TWO_32 = [0, 0, 0, 0xc0];

describe('safetensors', () => {
  it('writes the bytes that the format prescribes', () => {
    const bytes = encodeSafetensors(
      [
        { name: 'w', shape: [2], data: Float64Array.of(1.5, -2) },
        { name: 'b', shape: [1], data: Float32Array.of(0.5) },
      ],
      { k: 'v' },
    );
    const header =
      '{"__metadata__":{"k":"v"},' +
      '"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},' +
      '"b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}';
    // 26 + 54 + 55 = 135 characters, padded with spaces to 136 = 0x88, a multiple of 8.
    expect(header.length).toBe(135);
    expect([...bytes]).toEqual([...fileOf(`${header} `, [...ONE_AND_A_HALF, ...MINUS_TWO, ...HALF_32])]);
    expect(bytes[0]).toBe(0x88);
  });

  it('reads bytes made by hand, whatever the order of the header and the alignment of the data', () => {
    const header =
      '{"b":{"data_offsets":[8,16],"dtype":"F32","shape":[2,1]},"a":{"shape":[],"dtype":"F64","data_offsets":[0,8]}}';
    expect(header.length % 8).not.toBe(0);
    const file = fileOf(header, [...ONE_AND_A_HALF, ...HALF_32, ...MINUS_TWO_32]);
    // Read from an odd offset of a larger buffer too, as Node's pooled buffers may be.
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    for (const bytes of [file, shifted.subarray(1)]) {
      expect(decodeSafetensors(bytes, 'x')).toEqual({
        metadata: {},
        tensors: [
          { name: 'a', shape: [], data: Float64Array.of(1.5) },
          { name: 'b', shape: [2, 1], data: Float32Array.of(0.5, -2) },
        ],
      });
    }
  });

  it('keeps every bit of a parameter vector', () => {
    const layout = new ParameterLayout([
      { name: 'hidden0/weights', shape: [2, 2] },
      { name: 'empty', shape: [0, 3] },
      { name: 'scale', shape: [] },
    ]);
    const parameters = Float64Array.of(0.1, -0, 5e-324, Number.MAX_VALUE, 1 / 3);
    const read = decodeParameters(encodeParameters(layout, parameters, { iteration: '7' }), layout, 'x');
    expect(new BigUint64Array(read.buffer)).toEqual(new BigUint64Array(parameters.buffer));
  });

  it('refuses to write tensors that do not fill their shape or share a name', () => {
    const one = { name: 'a', shape: [1], data: Float64Array.of(1) };
    expect(() => encodeSafetensors([{ ...one, shape: [2] }])).toThrow("'a' has shape [2] but 1 numbers");
    expect(() => encodeSafetensors([one, one])).toThrow("the tensor name 'a' is already taken");
  });

  const entry = (offsets: string, shape = '[1]', dtype = '"F64"') =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
  const eight = ONE_AND_A_HALF;
  it.each<[string, Uint8Array, string]>([
    ['no length', Uint8Array.of(1, 2, 3), 'it is truncated: it has 3 bytes'],
    ['an empty file', new Uint8Array(0), 'it is truncated: it has 0 bytes'],
    ['a header beyond the file', fileOf('{}', [], 99), 'its header ends at byte 107, but the file has 10 bytes'],
    ['an absurd length', fileOf('{}', [], 2 ** 40), 'a header of 1099511627776 bytes, more than'],
    ['no JSON', fileOf('{"a":', []), 'its header is not JSON'],
    ['invalid UTF-8', Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), 'its header is not JSON'],
    ['a list', fileOf('[]', []), 'its header is not a JSON object'],
    ['metadata of numbers', fileOf('{"__metadata__":{"a":1}}', []), '__metadata__ is not an object of strings'],
    ['an entry that is null', fileOf('{"a":null}', []), "entry for 'a' is not an object"],
    ['another dtype', fileOf(`{"a":${entry('[0,8]', '[1]', '"I64"')}}`, eight), '\'a\' has the dtype "I64"'],
    ['a negative length', fileOf(`{"a":${entry('[0,8]', '[-1]')}}`, eight), "'a' has no valid shape: [-1]"],
    ['one offset', fileOf(`{"a":${entry('[0]')}}`, eight), "'a' has no valid data_offsets: [0]"],
    ['a broken offset', fileOf(`{"a":${entry('[0.5,8.5]')}}`, eight), "'a' has no valid data_offsets: [0.5,8.5]"],
    [
      'a shape that does not fit',
      fileOf(`{"a":${entry('[0,8]', '[2]')}}`, eight),
      'takes 16 bytes, but its data_offsets are [0, 8]',
    ],
    [
      'overlap',
      fileOf(`{"a":${entry('[0,8]')},"b":${entry('[4,12]')}}`, [...eight, 0, 0, 0, 0]),
      "'b' overlaps 'a' at byte 4",
    ],
    [
      'a gap',
      fileOf(`{"a":${entry('[0,8]')},"b":${entry('[16,24]')}}`, [...eight, ...eight, ...eight]),
      'bytes 8 to 16 of the data belong to no tensor',
    ],
    [
      'missing data',
      fileOf(`{"a":${entry('[0,8]')}}`, eight.slice(1)),
      'it is truncated: its data should have 8 bytes and have 7',
    ],
    ['data left over', fileOf(`{"a":${entry('[0,8]')}}`, [...eight, 0]), 'its data should have 8 bytes and have 9'],
  ])('refuses a file with %s', (_, bytes, message) => {
    const read = () => decodeSafetensors(bytes, '/runs/a/000001.safetensors');
    expect(read).toThrow(InnerloopError);
    expect(read).toThrow(expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }));
    expect(read).toThrow(message);
    expect(read).toThrow('/runs/a/000001.safetensors');
  });

  it('says which part does not fit the layout', () => {
    const saved = new ParameterLayout([
      { name: 'w', shape: [2, 1] },
      { name: 'b', shape: [1] },
    ]);
    const bytes = encodeParameters(saved, Float64Array.of(1, 2, 3));
    const read = (parts: readonly { name: string; shape: readonly number[] }[]) => () =>
      decodeParameters(bytes, new ParameterLayout(parts), 'f');
    expect(read([{ name: 'w', shape: [1, 2] }])).toThrow("'w' should have shape [1, 2] and has [2, 1]");
    expect(read([{ name: 'v', shape: [2] }])).toThrow("'v' is missing; the file has w, b");
    expect(read([{ name: 'w', shape: [2, 1] }])).toThrow("it also has 'b'");
  });
});
