import { createHash } from 'node:crypto';
import { BoundedMap } from '../../src/lib/bounded.ts';
import { type ParsedTransaction, signatureOf } from '../wire/transaction.ts';
import type { BlockMaker } from './block-maker.ts';

/** Slots in which a bundle is tried before it has failed. */
const BUNDLE_SLOTS = 10;
/** The most that are remembered. */
const MAX_BUNDLES = 20_000;

export interface Bundle {
  readonly id: string;
  readonly transactions: readonly ParsedTransaction[];
  state: 'pending' | 'landed' | 'failed';
  readonly notBefore: number;
  lastSlot: number | null;
}

/** Bundles of the Jito endpoint: all transactions of one in one block and in order, or none. */
export class Bundles {
  readonly #bundles = new BoundedMap<string, Bundle>(MAX_BUNDLES);

  /** Jito's id of a bundle: SHA-256 of its signatures, in hex. Sending it again is the same bundle. */
  add(transactions: readonly ParsedTransaction[], notBefore: number, never: boolean): Bundle {
    const id = createHash('sha256').update(transactions.map(signatureOf).join(',')).digest('hex');
    const known = this.#bundles.get(id);
    if (known !== undefined && known.state !== 'failed') return known;
    const bundle: Bundle = { id, transactions, state: never ? 'failed' : 'pending', notBefore, lastSlot: null };
    this.#bundles.set(id, bundle);
    return bundle;
  }

  find(id: string): Bundle | null {
    return this.#bundles.get(id) ?? null;
  }

  include(maker: BlockMaker, slot: number): void {
    for (const bundle of this.#bundles.values()) {
      if (bundle.state !== 'pending' || bundle.notBefore > slot) continue;
      bundle.lastSlot ??= slot + BUNDLE_SLOTS;
      if (maker.includeAll(bundle.transactions).kind === 'landed') bundle.state = 'landed';
      else if (slot >= bundle.lastSlot) bundle.state = 'failed';
    }
  }
}
