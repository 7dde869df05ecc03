import type { Block } from '../ledger/block.ts';

/** Entries of the SlotHashes sysvar. */
const ENTRIES = 512;
const ENTRY_BYTES = 40;

/** The sysvar that lookup tables and some programs read: (slot, hash) of a fork's last 512 blocks, newest first. */
export class SlotHashes {
  #parent: Block | null = null;
  #data = Buffer.alloc(8);

  upTo(parent: Block): Uint8Array {
    if (parent === this.#parent) return this.#data;
    const kept =
      parent.parent !== null && parent.parent === this.#parent ? this.#data.subarray(8) : entries(parent.parent);
    const head = Buffer.alloc(8 + ENTRY_BYTES);
    writeEntry(head, 8, parent);
    this.#data = Buffer.concat([head, kept.subarray(0, (ENTRIES - 1) * ENTRY_BYTES)]);
    this.#data.writeBigUInt64LE(BigInt((this.#data.length - 8) / ENTRY_BYTES));
    this.#parent = parent;
    return this.#data;
  }
}

function entries(newest: Block | null): Buffer {
  const blocks: Block[] = [];
  for (let at = newest; at !== null && blocks.length < ENTRIES; at = at.parent) blocks.push(at);
  const data = Buffer.alloc(blocks.length * ENTRY_BYTES);
  for (const [index, block] of blocks.entries()) writeEntry(data, index * ENTRY_BYTES, block);
  return data;
}

function writeEntry(into: Buffer, at: number, block: Block): void {
  into.writeBigUInt64LE(BigInt(block.slot), at);
  into.set(block.hash, at + 8);
}
