/** Reads a Solana wire format from front to back. Runs out: throws a RangeError, which the caller turns into its answer. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new RangeError('the bytes end too early');
    this.#at++;
    return value;
  }

  bytes(count: number): Uint8Array {
    if (count > this.left) throw new RangeError('the bytes end too early');
    const part = this.#bytes.slice(this.#at, this.#at + count);
    this.#at += count;
    return part;
  }

  /** Solana's "compact-u16": seven bits a byte, low ones first, three bytes at most. */
  compactLength(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new RangeError('a length of more than three bytes');
  }

  many<T>(read: () => T): T[] {
    return Array.from({ length: this.compactLength() }, read);
  }
}
