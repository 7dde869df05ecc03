/** The types of which the tables of layouts are made, and how each is read and written: little endian, as borsh has it. */
import { fromBase58, toBase58 } from '../../lib/base58.ts';

const ADDRESS_BYTES = 32;
const TEXT_BYTES = 32;
const HALF_BITS = 64n;

/**
 * Integers of up to 32 bits are numbers, larger ones bigints; an address is base58; `text32` is 32 bytes of ASCII, padded with
 * spaces; a list of names is an enum of one byte.
 */
export type Scalar =
  | 'bool'
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'u128'
  | 'i128'
  | 'address'
  | 'text32'
  | readonly string[];

export type ScalarValue<T extends Scalar> = T extends readonly (infer Name)[]
  ? Name | 'unknown'
  : T extends 'bool'
    ? boolean
    : T extends 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32'
      ? number
      : T extends 'address' | 'text32'
        ? string
        : bigint;

export type AnyScalar = boolean | number | bigint | string;

const SIZES = {
  bool: 1,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  u128: 16,
  i128: 16,
  address: ADDRESS_BYTES,
  text32: TEXT_BYTES,
} as const;

export const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

export const bytesOf = (type: Scalar): number => (typeof type === 'string' ? SIZES[type] : 1);

export function readScalar(view: DataView, at: number, type: Scalar): AnyScalar {
  if (typeof type !== 'string') return type[view.getUint8(at)] ?? 'unknown';
  switch (type) {
    case 'bool':
      return view.getUint8(at) !== 0;
    case 'u8':
      return view.getUint8(at);
    case 'i8':
      return view.getInt8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'i16':
      return view.getInt16(at, true);
    case 'u32':
      return view.getUint32(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'u64':
      return view.getBigUint64(at, true);
    case 'i64':
      return view.getBigInt64(at, true);
    case 'u128':
      return joined(view.getBigUint64(at + 8, true), view.getBigUint64(at, true));
    case 'i128':
      return joined(view.getBigInt64(at + 8, true), view.getBigUint64(at, true));
    case 'address':
      return toBase58(new Uint8Array(view.buffer, view.byteOffset + at, ADDRESS_BYTES));
    case 'text32':
      return textOf(new Uint8Array(view.buffer, view.byteOffset + at, TEXT_BYTES));
  }
}

/** Most values fit the lower half. */
const joined = (high: bigint, low: bigint): bigint => (high === 0n ? low : (high << HALF_BITS) | low);

/** @throws RangeError when the value is not one of this type */
export function writeScalar(view: DataView, at: number, type: Scalar, value: AnyScalar): void {
  if (typeof type !== 'string') {
    view.setUint8(at, placeIn(type, value));
    return;
  }
  if (type === 'address') {
    new Uint8Array(view.buffer, view.byteOffset + at, ADDRESS_BYTES).set(addressOf(value));
    return;
  }
  if (type === 'text32') {
    new Uint8Array(view.buffer, view.byteOffset + at, TEXT_BYTES).set(paddedText(value));
    return;
  }
  const whole = wholeOf(type, value);
  const bytes = SIZES[type];
  for (let i = 0; i < bytes; i++) view.setUint8(at + i, Number((whole >> BigInt(8 * i)) & 0xffn));
}

function placeIn(names: readonly string[], value: AnyScalar): number {
  const place = names.indexOf(String(value));
  if (place < 0) throw new RangeError(`${String(value)} is none of ${names.join(', ')}`);
  return place;
}

function addressOf(value: AnyScalar): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase58(value) : null;
  if (bytes?.length !== ADDRESS_BYTES) throw new RangeError(`${String(value)} is not an address`);
  return bytes;
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.filter((byte) => byte !== 0)).trim();

function paddedText(value: AnyScalar): Uint8Array {
  const text = String(value);
  if (text.length > TEXT_BYTES || !/^[\x20-\x7e]*$/.test(text))
    throw new RangeError(`"${text}" is not up to ${TEXT_BYTES} characters of ASCII`);
  return Uint8Array.from(text.padEnd(TEXT_BYTES), (character) => character.charCodeAt(0));
}

/** As unsigned bits. */
function wholeOf(type: Exclude<Scalar, 'address' | 'text32' | readonly string[]>, value: AnyScalar): bigint {
  if (typeof value === 'string') throw new RangeError(`"${value}" is not a ${type}`);
  const whole = BigInt(value);
  const bits = type === 'bool' ? 1 : SIZES[type] * 8;
  const fits = type.startsWith('i') ? BigInt.asIntN(bits, whole) === whole : BigInt.asUintN(bits, whole) === whole;
  if (!fits) throw new RangeError(`${value} does not fit into ${type}`);
  return BigInt.asUintN(bits, whole);
}
