/**
 * Accounts of a program, read by a table: which field stands where, and of what type. One decoder serves every program;
 * what differs is the table. Bytes that are another account's, or have another length than the table knows, are a named
 * error and never a wrong number.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { CriticalError } from '../../lib/errors.ts';
import { accountDiscriminator, DISCRIMINATOR_BYTES } from './discriminator.ts';
import { type AnyScalar, readScalar, type Scalar, type ScalarValue, viewOf, writeScalar } from './wire-types.ts';

/** Name: where it starts, and its type. */
export type FieldTable = Readonly<Record<string, readonly [at: number, type: Scalar]>>;

/** Equal parts that follow each other; the offsets of their fields count from the start of each part. */
export interface ListLayout {
  readonly at: number;
  readonly count: number;
  readonly bytes: number;
  readonly fields: FieldTable;
  /** Parts whose byte at this offset is another are left out when the account is decoded. Absent: all are read. */
  readonly only?: { readonly at: number; readonly byte: number };
}

export interface AccountLayout {
  /** As the program calls it: its discriminator follows from this name. */
  readonly name: string;
  /** Of the whole account, discriminator included, in the build that the table was proven on. */
  readonly bytes: number;
  /**
   * The program grows this account by fields at its end and moves none: a longer one is read as far as the table knows it.
   * Absent: another length is another layout.
   */
  readonly grows?: true;
  /** Offsets count from the start of the account, discriminator included. */
  readonly fields: FieldTable;
  readonly lists: Readonly<Record<string, ListLayout>>;
}

export type FieldValues<F extends FieldTable> = { readonly [Name in keyof F]: ScalarValue<F[Name][1]> };
export type DecodedAccount<L extends AccountLayout> = FieldValues<L['fields']> & {
  readonly [Name in keyof L['lists']]: readonly FieldValues<L['lists'][Name]['fields']>[];
} & {
  /** Bytes at its end that the table does not know: a later build wrote it. */
  readonly extraBytes: number;
};

/** @throws CriticalError ACCOUNT_LAYOUT when the bytes are another account's, or have a length that the table does not know */
export function decodeAccount<const L extends AccountLayout>(layout: L, data: Uint8Array): DecodedAccount<L> {
  checkAccount(layout, data);
  // The table decides the type: each of its fields is read by its own type.
  return readAccount(rowsOf(layout), data, layout.bytes) as DecodedAccount<L>;
}

type LayoutRow = readonly [name: string, at: number, type: Scalar];
interface ListRows extends Omit<ListLayout, 'fields'> {
  readonly name: string;
  readonly rows: readonly LayoutRow[];
}
interface AccountRows {
  readonly discriminator: Uint8Array;
  readonly fields: readonly LayoutRow[];
  readonly lists: readonly ListRows[];
}

/** Tables as rows, made once each: an account is decoded in every slot. */
const knownRows = new WeakMap<AccountLayout, AccountRows>();

const rowsIn = (fields: FieldTable): LayoutRow[] =>
  Object.entries(fields).map(([name, [at, type]]) => [name, at, type]);

function rowsOf(layout: AccountLayout): AccountRows {
  const known = knownRows.get(layout);
  if (known !== undefined) return known;
  const lists = Object.entries(layout.lists).map(([name, list]) => ({ ...list, name, rows: rowsIn(list.fields) }));
  const made = { discriminator: accountDiscriminator(layout.name), fields: rowsIn(layout.fields), lists };
  knownRows.set(layout, made);
  return made;
}

function readAccount({ fields, lists }: AccountRows, data: Uint8Array, bytes: number): Record<string, unknown> {
  const view = viewOf(data);
  const account: Record<string, unknown> = readRows(view, 0, fields);
  for (const { name, at, count, bytes: stride, rows, only } of lists) {
    const parts: Record<string, AnyScalar>[] = [];
    for (let start = at; start < at + count * stride; start += stride) {
      if (only === undefined || data[start + only.at] === only.byte) parts.push(readRows(view, start, rows));
    }
    account[name] = parts;
  }
  account.extraBytes = data.length - bytes;
  return account;
}

function readRows(view: DataView, start: number, rows: readonly LayoutRow[]): Record<string, AnyScalar> {
  const values: Record<string, AnyScalar> = {};
  for (const [name, at, type] of rows) values[name] = readScalar(view, start + at, type);
  return values;
}

/** @throws CriticalError ACCOUNT_LAYOUT */
function checkAccount(layout: AccountLayout, data: Uint8Array): void {
  const { name, bytes, grows } = layout;
  const { discriminator } = rowsOf(layout);
  if (discriminator.some((byte, at) => byte !== data[at])) {
    const found = bytesToHex(data.subarray(0, DISCRIMINATOR_BYTES));
    throw new CriticalError('ACCOUNT_LAYOUT', `These bytes are not a ${name}: they begin with ${found || 'nothing'}.`, {
      account: name,
      expected_discriminator: bytesToHex(discriminator),
      discriminator: found,
    });
  }
  if (data.length < bytes || (data.length > bytes && grows !== true))
    throw new CriticalError(
      'ACCOUNT_LAYOUT',
      `This ${name} has ${data.length} bytes, and the layout that we know has ${bytes}: another version of the program wrote it.`,
      { account: name, expected_bytes: bytes, bytes: data.length },
    );
}

/** Reads a structure that is no account of its own. */
export function readFields<F extends FieldTable>(view: DataView, start: number, fields: F): FieldValues<F> {
  const values = Object.entries(fields).map(([name, [at, type]]) => [name, readScalar(view, start + at, type)]);
  return Object.fromEntries(values) as FieldValues<F>;
}

/** A field by its path: `status`, or `orders.3.price`. */
interface PlacedField {
  readonly at: number;
  readonly type: Scalar;
}

/** Where a field stands, and its type; null when the table has no such field. */
function placeOf({ fields, lists }: AccountLayout, path: string): PlacedField | null {
  const [name = '', index, member = ''] = path.split('.');
  const own = fields[name];
  if (own !== undefined && index === undefined) return { at: own[0], type: own[1] };
  const list = lists[name];
  const field = list?.fields[member];
  const number = Number(index);
  if (list === undefined || field === undefined || !(Number.isInteger(number) && number >= 0 && number < list.count))
    return null;
  return { at: list.at + number * list.bytes + field[0], type: field[1] };
}

/** @throws RangeError for a path that the table does not have; CriticalError ACCOUNT_LAYOUT */
export function readPath(layout: AccountLayout, data: Uint8Array, path: string): AnyScalar {
  const { at, type } = knownPlace(layout, path);
  checkAccount(layout, data);
  return readScalar(viewOf(data), at, type);
}

/**
 * The same account with these fields changed; every other byte stays.
 *
 * @throws RangeError for a path that the table does not have, or a value that does not fit; CriticalError ACCOUNT_LAYOUT
 */
export function withFields(
  layout: AccountLayout,
  data: Uint8Array,
  changes: Readonly<Record<string, AnyScalar>>,
): Uint8Array {
  checkAccount(layout, data);
  const changed = Uint8Array.from(data);
  const view = viewOf(changed);
  for (const [path, value] of Object.entries(changes)) {
    const { at, type } = knownPlace(layout, path);
    writeScalar(view, at, type, value);
  }
  return changed;
}

function knownPlace(layout: AccountLayout, path: string): PlacedField {
  const place = placeOf(layout, path);
  if (place === null) throw new RangeError(`${layout.name} has no field ${path}`);
  return place;
}

/** An account of zero bytes, but for its discriminator. */
export function blankAccount({ name, bytes }: AccountLayout): Uint8Array {
  const data = new Uint8Array(bytes);
  data.set(accountDiscriminator(name));
  return data;
}
