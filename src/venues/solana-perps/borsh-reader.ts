/** Reads borsh, little endian, from the front. Past the end it throws a RangeError: the layout differs. */
import { toBase58 } from '../../lib/base58.ts';

const BITS_PER_BYTE = 8n;
const ADDRESS_BYTES = 32;

export class BorshReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Nothing is left, so fields that later layouts append are absent. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) {
      throw new RangeError(`${count} bytes are wanted at ${this.#at} of ${this.#bytes.length}`);
    }
    const read = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return read;
  }

  unsigned(byteCount: number): bigint {
    let value = 0n;
    for (const byte of this.bytes(byteCount).toReversed()) value = (value << BITS_PER_BYTE) | BigInt(byte);
    return value;
  }

  signed(byteCount: number): bigint {
    return BigInt.asIntN(byteCount * 8, this.unsigned(byteCount));
  }

  readonly u8 = (): number => Number(this.unsigned(1));
  readonly u16 = (): number => Number(this.unsigned(2));
  readonly u32 = (): number => Number(this.unsigned(4));
  readonly i32 = (): number => Number(this.signed(4));
  readonly u64 = (): bigint => this.unsigned(8);
  readonly i64 = (): bigint => this.signed(8);
  readonly u128 = (): bigint => this.unsigned(16);
  readonly i128 = (): bigint => this.signed(16);
  readonly bool = (): boolean => this.u8() !== 0;
  readonly address = (): string => toBase58(this.bytes(ADDRESS_BYTES));
  /** Seconds on the chain, as milliseconds. */
  readonly seconds = (): number => Number(this.i64()) * 1_000;

  /** An enum without fields, as the name of its variant; `unknown` for one that a later program version added. */
  variant<const Names extends readonly string[]>(names: Names): Names[number] | 'unknown' {
    return names[this.u8()] ?? 'unknown';
  }

  optional<T>(read: () => T): T | null {
    return this.bool() ? read() : null;
  }

  list<T>(read: () => T): readonly T[] {
    return Array.from({ length: this.u32() }, read);
  }

  /** A field that earlier program versions do not log. */
  trailing<T>(read: () => T): T | null {
    return this.done ? null : read();
  }
}
