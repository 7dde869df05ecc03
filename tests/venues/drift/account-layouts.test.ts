/** Every row of our tables against the SDK: its IDL says where a field stands, its decoder what it holds. */
import { createRequire } from 'node:module';
import { CustomBorshCoder } from '@drift-labs/sdk';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasRecording, RECORDING } from '../../../localnet/tests/support/recording.ts';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import { CriticalError } from '../../../src/lib/errors.ts';
import { decodeDriftAccount } from '../../../src/venues/drift/account-decoder.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER, USER_STATS } from '../../../src/venues/drift/account-layouts.ts';
import type { AccountLayout, FieldTable } from '../../../src/venues/solana-perps/account-layout.ts';
import { accountDiscriminator } from '../../../src/venues/solana-perps/discriminator.ts';
import { bytesOf, type Scalar } from '../../../src/venues/solana-perps/wire-types.ts';
import { recordedAccounts } from '../../support/drift-accounts.ts';

type IdlType = string | { readonly array: readonly [IdlType, number] } | { readonly defined: string };
interface IdlField {
  readonly name: string;
  readonly type: IdlType;
}
interface IdlStruct {
  readonly name: string;
  readonly type: {
    readonly kind: 'struct' | 'enum';
    readonly fields?: readonly IdlField[];
    readonly variants?: readonly { readonly name: string }[];
  };
}
interface Idl {
  readonly accounts: readonly IdlStruct[];
  readonly types: readonly IdlStruct[];
}
const idl = createRequire(import.meta.url)('@drift-labs/sdk/src/idl/drift.json') as Idl;
const coder = new CustomBorshCoder(idl as never);

const SIZES: Readonly<Record<string, number>> = {
  ...{ bool: 1, u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, u128: 16, i128: 16, publicKey: 32 },
};

interface Place {
  readonly at: number;
  readonly path: readonly string[];
  /** A simple type, or the variants of an enum. */
  readonly type: string | readonly string[];
}

const definedAs = (name: string): IdlStruct['type'] => {
  const found = idl.types.find((type) => type.name === name);
  if (found === undefined) throw new Error(`the IDL has no type ${name}`);
  return found.type;
};

/** Where each simple value of a type stands, from `at` on. */
function placesOf(type: IdlType, at: number, path: readonly string[]): { places: Place[]; bytes: number } {
  if (typeof type === 'string') return { places: [{ at, path, type }], bytes: SIZES[type] ?? Number.NaN };
  if ('array' in type) {
    const [of, count] = type.array;
    if (of === 'u8') return { places: [{ at, path, type: `bytes${count}` }], bytes: count };
    const parts = Array.from({ length: count }, (_, index) => ({ name: `${index}`, type: of }));
    return placesIn(parts, at, path);
  }
  const { kind, fields = [], variants = [] } = definedAs(type.defined);
  if (kind === 'struct') return placesIn(fields, at, path);
  return { places: [{ at, path, type: variants.map(({ name }) => lowerFirst(name)) }], bytes: 1 };
}

function placesIn(fields: readonly IdlField[], at: number, path: readonly string[]) {
  const places: Place[] = [];
  let bytes = 0;
  for (const { name, type } of fields) {
    const inner = placesOf(type, at + bytes, [...path, name]);
    places.push(...inner.places);
    bytes += inner.bytes;
  }
  return { places, bytes };
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const TYPES: Readonly<Record<string, string>> = { address: 'publicKey', text32: 'bytes32' };

/** Whether our type reads what the IDL says is there; a number may stand for an enum. */
const fits = (ours: Scalar, theirs: Place['type']): boolean => {
  if (typeof theirs !== 'string') return ours === 'u8' || (typeof ours !== 'string' && `${ours}` === `${theirs}`);
  return typeof ours === 'string' && (TYPES[ours] ?? ours) === theirs;
};

const LAYOUTS: readonly AccountLayout[] = [USER, USER_STATS, PERP_MARKET, SPOT_MARKET, STATE];

interface AccountPlaces {
  readonly bytes: number;
  readonly places: ReadonlyMap<number, Place>;
}
const known = new Map<string, AccountPlaces>();

function accountPlaces(name: string): AccountPlaces {
  const found = known.get(name) ?? placesOfAccount(name);
  known.set(name, found);
  return found;
}

function placesOfAccount(name: string): AccountPlaces {
  const account = idl.accounts.find((each) => each.name === name);
  if (account === undefined) throw new Error(`the IDL has no account ${name}`);
  const { places, bytes } = placesIn(account.type.fields ?? [], 8, []);
  return { bytes: bytes + 8, places: new Map(places.map((place) => [place.at, place])) };
}

/** Our rows with the offset of each in the whole account. */
function rowsOf({ fields, lists }: AccountLayout): readonly { name: string; at: number; type: Scalar }[] {
  const rows = (table: FieldTable, from: number, prefix: string) =>
    Object.entries(table).map(([name, [at, type]]) => ({ name: prefix + name, at: from + at, type }));
  const inLists = Object.entries(lists).flatMap(([name, { at, count, bytes, fields: table }]) =>
    Array.from({ length: count }, (_, index) => rows(table, at + index * bytes, `${name}.${index}.`)).flat(),
  );
  return [...rows(fields, 0, ''), ...inLists];
}

/** Bytes that the SDK can decode: an enum has a variant, a bool is 0 or 1, and every order is open. */
function sound(name: string, noise: Uint8Array): Buffer {
  const data = Buffer.from(noise);
  for (const { at, type, path } of accountPlaces(name).places.values()) {
    if (type === 'bool') data[at] = (data[at] ?? 0) & 1;
    if (typeof type !== 'string') data[at] = (data[at] ?? 0) % type.length;
    if (path[0] === 'orders' && path.at(-1) === 'status') data[at] = 1;
  }
  data.set(accountDiscriminator(name));
  return data;
}

type Decoded = Readonly<Record<string, unknown>>;

/** Anchor writes some letters after digits large, so letters are compared small. */
const within = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => {
    const found = Object.keys(inner as Decoded).find((each) => each.toLowerCase() === key.toLowerCase());
    return found === undefined ? undefined : (inner as Decoded)[found];
  }, value);

/** A value of the SDK as ours reads it. */
function asOurs(value: unknown, type: Scalar, place: Place): string {
  if (type === 'text32')
    return Buffer.from(value as number[])
      .toString('latin1')
      .replaceAll('\0', '')
      .trim();
  if (typeof place.type === 'string') return String(value);
  const variant = Object.keys(value as object)[0] ?? '';
  return type === 'u8' ? `${place.type.indexOf(variant)}` : variant;
}

/** Field by field. */
function compare(layout: AccountLayout, data: Buffer): void {
  const theirs = coder.accounts.decodeUnchecked(layout.name, data) as unknown;
  const ours = decodeDriftAccount(layout.name as 'User', data);
  const { places } = accountPlaces(layout.name);
  const differing = rowsOf(layout).flatMap(({ name, at, type }) => {
    const place = places.get(at);
    const value = within(ours, name.split('.'));
    if (place === undefined) return [`${name}: the IDL has nothing at ${at}`];
    // A list that keeps open orders only has no others.
    if (value === undefined && name.startsWith('orders.')) return [];
    const expected = asOurs(within(theirs, place.path), type, place);
    return `${value}` === expected ? [] : [`${name} is ${value}, not ${expected}`];
  });
  expect(differing).toEqual([]);
}

describe.each(LAYOUTS.map((layout) => [layout.name, layout] as const))('%s', (_name, layout) => {
  it('has the length of the IDL, and each row where the IDL has a field of its type', () => {
    const { bytes, places } = accountPlaces(layout.name);
    expect(layout.bytes).toBe(bytes);
    const wrong = rowsOf(layout).filter(({ at, type }) => !fits(type, places.get(at)?.type ?? ''));
    expect(wrong).toEqual([]);
    expect(rowsOf(layout).every(({ at, type }) => at + bytesOf(type) <= bytes)).toBe(true);
  });

  it('reads any bytes as the SDK’s decoder does (property)', () => {
    const noise = fc.uint8Array({ minLength: layout.bytes, maxLength: layout.bytes });
    fc.assert(
      fc.property(noise, (bytes) => compare(layout, sound(layout.name, bytes))),
      { numRuns: 8 },
    );
  });

  it('is refused by its name when it is shorter, longer or of another kind', () => {
    const data = sound(layout.name, new Uint8Array(layout.bytes));
    for (const spoilt of [data.subarray(1), data.subarray(0, -1), Buffer.concat([data, Buffer.alloc(8)])])
      expect(() => decodeDriftAccount(layout.name as 'User', spoilt)).toThrow(CriticalError);
  });
});

itUnless(!hasRecording() && `no recording at ${RECORDING}`)('accounts of mainnet read as the SDK reads them', () => {
  const accounts = recordedAccounts();
  expect(accounts.map(({ name }) => name).sort()).toEqual(['PerpMarket', 'SpotMarket', 'SpotMarket', 'State']);
  for (const { name, data } of accounts) compare(LAYOUTS.find((layout) => layout.name === name) ?? STATE, data);
});
