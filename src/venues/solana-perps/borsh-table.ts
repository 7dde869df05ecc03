/** Borsh by a table: the arguments of an instruction are written, and events read, field after field in the table's order. */

import type { FieldTable, FieldValues } from './account-layout.ts';
import { readFields } from './account-layout.ts';
import { BorshReader } from './borsh-reader.ts';
import {
  type AnyScalar,
  bytesOf,
  readScalar,
  type Scalar,
  type ScalarValue,
  viewOf,
  writeScalar,
} from './wire-types.ts';

/** Beyond the scalars: one that may be absent, a list of a length of its own, raw bytes, a structure of fixed places. */
export type WireType =
  | Scalar
  | { readonly option: Scalar }
  | { readonly list: Scalar }
  | { readonly raw: number }
  | { readonly struct: FieldTable; readonly bytes: number };

export type WireTable = Readonly<Record<string, WireType>>;

type WireValue<T extends WireType> = T extends Scalar
  ? ScalarValue<T>
  : T extends { readonly option: infer S extends Scalar }
    ? ScalarValue<S> | null
    : T extends { readonly list: infer S extends Scalar }
      ? readonly ScalarValue<S>[]
      : T extends { readonly raw: number }
        ? Uint8Array
        : T extends { readonly struct: infer F extends FieldTable }
          ? FieldValues<F>
          : never;

export type WireValues<T extends WireTable> = { readonly [Name in keyof T]: WireValue<T[Name]> };

/** Whether this is one of the scalars: an enum is a list of names. */
const isScalar = (type: WireType): type is Scalar => typeof type === 'string' || Array.isArray(type);

/** @throws RangeError when a value is not one of its type */
export function encodeBorsh<const T extends WireTable>(table: T, values: WireValues<T>): Uint8Array {
  const given: Readonly<Record<string, unknown>> = values;
  const parts = Object.entries(table).flatMap(([name, type]) => partsOf(type, given[name]));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function partsOf(type: WireType, value: unknown): readonly Uint8Array[] {
  if (isScalar(type)) return [scalarBytes(type, value)];
  if ('option' in type)
    return value === null ? [Uint8Array.of(0)] : [Uint8Array.of(1), scalarBytes(type.option, value)];
  if ('list' in type) {
    const items = value as readonly unknown[];
    return [scalarBytes('u32', items.length), ...items.map((item) => scalarBytes(type.list, item))];
  }
  if ('raw' in type && value instanceof Uint8Array && value.length === type.raw) return [value];
  throw new RangeError(`${String(value)} cannot be written as ${JSON.stringify(type)}`);
}

function scalarBytes(type: Scalar, value: unknown): Uint8Array {
  const bytes = new Uint8Array(bytesOf(type));
  writeScalar(new DataView(bytes.buffer), 0, type, value as AnyScalar);
  return bytes;
}

/** @throws RangeError when the bytes end too early, or something is left after the last field: another layout wrote them */
export function decodeBorsh<const T extends WireTable>(table: T, bytes: Uint8Array): WireValues<T> {
  const reader = new BorshReader(bytes);
  const values = Object.entries(table).map(([name, type]) => [name, readWire(reader, type)]);
  if (!reader.done) throw new RangeError('bytes are left after the last field');
  return Object.fromEntries(values) as WireValues<T>;
}

function readWire(reader: BorshReader, type: WireType): unknown {
  const scalar = (of: Scalar): AnyScalar => readScalar(viewOf(reader.bytes(bytesOf(of))), 0, of);
  if (isScalar(type)) return scalar(type);
  if ('option' in type) return reader.optional(() => scalar(type.option));
  if ('list' in type) return reader.list(() => scalar(type.list));
  if ('raw' in type) return reader.bytes(type.raw);
  return readFields(viewOf(reader.bytes(type.bytes)), 0, type.struct);
}
