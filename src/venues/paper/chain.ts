/** The paper chain: slots from the wall clock, transactions as bytes, and how long a blockhash lives. */

import type { Intent } from '../../domain/order/intent.ts';
import { toBase58 } from '../../lib/base58.ts';
import { ValidationError } from '../../lib/errors.ts';
import type { SignedAttempt } from '../venue.ts';

export interface ChainTuning {
  readonly slotMs: number;
  /** A blockhash is valid for this many blocks; here each slot has a block. */
  readonly blockhashLife: number;
  /** Slots from landing to finalized, and from the blockhash's end until absence is proven. */
  readonly finalitySlots: number;
}

/** Solana's. */
export const DEFAULT_CHAIN: ChainTuning = { slotMs: 400, blockhashLife: 150, finalitySlots: 32 };

/** Counted from the epoch, so no slot needs to be stored and a restart continues the count. */
export const slotAt = (nowMs: number, { slotMs }: ChainTuning): number => Math.floor(nowMs / slotMs);

export const blockTimeOf = (slot: number, { slotMs }: ChainTuning): number => slot * slotMs;

const SIGNATURE_BYTES = 64;

interface Wire {
  readonly engineId: string;
  readonly signature: string;
  readonly lastValidBlockHeight: number;
  readonly intent: Intent;
}

interface PaperSigning {
  readonly engineId: string;
  readonly intent: Intent;
  readonly slot: number;
  readonly nowMs: number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly tuning: ChainTuning;
}

export function signIntent({ engineId, intent, slot, nowMs, randomBytes, tuning }: PaperSigning): SignedAttempt {
  const signature = toBase58(randomBytes(SIGNATURE_BYTES));
  const lastValidBlockHeight = slot + tuning.blockhashLife;
  const wire: Wire = { engineId, signature, lastValidBlockHeight, intent };
  return {
    signature,
    wire: Buffer.from(JSON.stringify(wire), 'utf8').toString('base64'),
    lastValidBlockHeight,
    slot,
    signedAtMs: nowMs,
  };
}

/** Reads only the bytes, not the data next to them. @throws ValidationError when they are not this account's. */
export function decodeWire(attempt: Pick<SignedAttempt, 'wire' | 'signature'>, engineId: string): Wire {
  let wire: Wire;
  try {
    wire = JSON.parse(Buffer.from(attempt.wire, 'base64').toString('utf8')) as Wire;
  } catch (error) {
    throw new ValidationError('TRANSACTION_INVALID', 'The bytes are not a paper transaction.', {}, { cause: error });
  }
  if (wire.signature !== attempt.signature || wire.engineId !== engineId) {
    throw new ValidationError('TRANSACTION_INVALID', 'The bytes were not signed by this account for this signature.', {
      signature: attempt.signature,
      engineId,
    });
  }
  return wire;
}
