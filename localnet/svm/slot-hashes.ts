import type { Block } from '../ledger/block.ts';

/** Entries of the SlotHashes sysvar. */
const ENTRIES = 512;
const ENTRY_BYTES = 40;
const COUNT_BYTES = 8;
/** Programs read it whole at this size, so a young chain's is filled up with zeros, as on a validator. */
const SYSVAR_BYTES = COUNT_BYTES + ENTRIES * ENTRY_BYTES;

/** The sysvar that lookup tables and some programs read: (slot, hash) of a fork's last 512 blocks, newest first. */
export class SlotHashes {
  #parent: Block | null = null;
  #count = 0;
  #data = Buffer.alloc(SYSVAR_BYTES);

  upTo(parent: Block): Uint8Array {
    if (parent === this.#parent) return this.#data;
    if (parent.parent !== null && parent.parent === this.#parent) this.#prepend(parent);
    else this.#rebuild(parent);
    this.#data.writeBigUInt64LE(BigInt(this.#count));
    this.#parent = parent;
    return this.#data;
  }

  #prepend(block: Block): void {
    this.#data.copyWithin(COUNT_BYTES + ENTRY_BYTES, COUNT_BYTES, SYSVAR_BYTES - ENTRY_BYTES);
    this.#write(0, block);
    this.#count = Math.min(this.#count + 1, ENTRIES);
  }

  #rebuild(newest: Block): void {
    this.#data.fill(0);
    this.#count = 0;
    for (let at: Block | null = newest; at !== null && this.#count < ENTRIES; at = at.parent) {
      this.#write(this.#count, at);
      this.#count++;
    }
  }

  #write(index: number, block: Block): void {
    const at = COUNT_BYTES + index * ENTRY_BYTES;
    this.#data.writeBigUInt64LE(BigInt(block.slot), at);
    this.#data.set(block.hash, at + 8);
  }
}
