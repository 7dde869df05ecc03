/** The position of a field in the bytes of a Drift account, to read and write it without decoding the account. */
import { ValidationError } from '../../src/lib/errors.ts';
import type { ChainAccount } from '../account.ts';
import { coder } from './coder.ts';

type Type = string | { readonly array: readonly [Type, number] } | { readonly defined: string };
interface Field {
  readonly name: string;
  readonly type: Type;
}
interface Definition {
  readonly name: string;
  readonly type: { readonly kind: string; readonly fields?: readonly Field[]; readonly variants?: readonly Field[] };
}

/** Before an account's first field. */
const KIND_BYTES = 8;
const BYTES: Readonly<Record<string, number>> = {
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
  publicKey: 32,
};

const definitions = [...(coder.idl.accounts ?? []), ...(coder.idl.types ?? [])] as unknown as readonly Definition[];
const definitionOf = (name: string): Definition => {
  const found = definitions.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`Drift has no type ${name}`);
  return found;
};

function bytesOf(type: Type): number {
  if (typeof type === 'string') return BYTES[type] ?? 0;
  if ('array' in type) return bytesOf(type.array[0]) * type.array[1];
  const { kind, fields = [] } = definitionOf(type.defined).type;
  return kind === 'enum' ? 1 : fields.reduce((sum, field) => sum + bytesOf(field.type), 0);
}

interface FieldPlace {
  readonly at: number;
  readonly type: Type;
}

/** The fields of a struct, or the elements of an array, which are named by their index. */
function membersOf(type: Type): readonly Field[] {
  if (typeof type === 'string') return [];
  if ('defined' in type) return definitionOf(type.defined).type.fields ?? [];
  const [element, length] = type.array;
  return Array.from({ length }, (_, index) => ({ name: String(index), type: element }));
}

const places = new Map<string, FieldPlace>();

/** @param path as `amm.lastMarkPriceTwap` or `perpPositions.0.baseAssetAmount`; case does not matter; @throws ValidationError LOCALNET_FIELD */
function placeOf(account: string, path: string): FieldPlace {
  const name = `${account}.${path}`;
  const known = places.get(name);
  if (known !== undefined) return known;
  let at = KIND_BYTES;
  let type: Type = { defined: account };
  for (const word of path.split('.')) {
    const fields = membersOf(type);
    const index = fields.findIndex((field) => field.name.toLowerCase() === word.toLowerCase());
    if (index < 0)
      throw new ValidationError('LOCALNET_FIELD', `${account} of Drift has no field ${path}.`, {
        known: fields.map((field) => field.name).join(' '),
      });
    at += fields.slice(0, index).reduce((sum, field) => sum + bytesOf(field.type), 0);
    type = (fields[index] as Field).type;
  }
  const place = { at, type };
  places.set(name, place);
  return place;
}

/** Whole numbers, booleans (0 and 1) and enums (the variant's number). */
export function readField(account: ChainAccount, kind: string, path: string): bigint {
  const { at, type } = placeOf(kind, path);
  const bytes = bytesOf(type);
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(account.data[at + i] ?? 0);
  return typeof type === 'string' && type.startsWith('i') ? BigInt.asIntN(bytes * 8, value) : value;
}

/** The same account with this field changed. @throws ValidationError LOCALNET_FIELD when it does not fit */
export function withField(account: ChainAccount, kind: string, path: string, value: bigint | string): ChainAccount {
  const { at, type } = placeOf(kind, path);
  const bytes = bytesOf(type);
  const whole = typeof value === 'bigint' ? value : numberOf(type, value);
  const signed = typeof type === 'string' && type.startsWith('i');
  const fits = signed ? BigInt.asIntN(bytes * 8, whole) === whole : BigInt.asUintN(bytes * 8, whole) === whole;
  if (!fits || bytes > 16)
    throw new ValidationError('LOCALNET_FIELD', `${path} of ${kind} does not hold ${value}.`, { bytes });
  const data = Uint8Array.from(account.data);
  let left = BigInt.asUintN(bytes * 8, whole);
  for (let i = 0; i < bytes; i++, left >>= 8n) data[at + i] = Number(left & 0xffn);
  return { ...account, data };
}

/** A variant by its name, as `reduceOnly`, or a whole number. */
function numberOf(type: Type, text: string): bigint {
  if (typeof type === 'object' && 'defined' in type) {
    const variants = definitionOf(type.defined).type.variants ?? [];
    const index = variants.findIndex(({ name }) => name.toLowerCase() === text.toLowerCase());
    if (index >= 0) return BigInt(index);
  }
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw new ValidationError('LOCALNET_FIELD', `${text} is neither a whole number nor a name that this field knows.`);
}
