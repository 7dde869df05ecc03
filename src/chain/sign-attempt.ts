/** Builds and signs; sends nothing. What comes out is the write-ahead record: all that sending and proving need. */
import { createPublicKey, verify } from 'node:crypto';
import type { PublicKey, VersionedTransaction } from '@solana/web3.js';
import type { SignedAttempt } from '../domain/transaction/attempt.ts';
import { toBase58 } from '../lib/base58.ts';
import { CriticalError } from '../lib/errors.ts';
import { recentBlockhash } from './blockhash.ts';
import { MAX_COMPUTE_UNITS } from './compute-limit.ts';
import { type Budget, compile, type Draft } from './draft.ts';
import type { RpcPool } from './rpc-pool.ts';
import type { Signer } from './signer.ts';

interface SigningContext {
  readonly pool: RpcPool;
  readonly signer: Signer;
  readonly draft: Draft;
  readonly budget: Budget;
  /** As `Signer` takes it. */
  readonly attempt?: string | undefined;
  readonly nowMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** @throws TransientError when no node gives a blockhash; CriticalError SIGNATURE_INVALID, SIGNER_IS_NOT_PAYER */
export async function signAttempt(signing: SigningContext): Promise<SignedAttempt> {
  const { pool, signer, draft } = signing;
  if (!draft.payer.equals(signer.publicKey)) {
    throw new CriticalError('SIGNER_IS_NOT_PAYER', 'The key does not belong to the account that pays.', {
      payer: draft.payer.toBase58(),
      signer: signer.publicKey.toBase58(),
    });
  }
  const { slot, blockhash, lastValidBlockHeight } = await recentBlockhash(pool);
  const transaction = compile(draft, salted(signing.budget, signing.randomBytes), blockhash);
  const signature = await signWith(signer, transaction, signing.attempt);
  return {
    signature: toBase58(signature),
    wire: Buffer.from(transaction.serialize()).toString('base64'),
    lastValidBlockHeight,
    slot,
    signedAtMs: signing.nowMs(),
  };
}

async function signWith(signer: Signer, transaction: VersionedTransaction, attempt?: string): Promise<Uint8Array> {
  const message = transaction.message.serialize();
  const signature = await signer.sign(message, attempt);
  // A signer may be another program: bytes that no node takes must not become a record.
  if (!isSignature(signature, message, signer.publicKey)) {
    throw new CriticalError(
      'SIGNATURE_INVALID',
      'The signer returned a signature that does not match its key and this message.',
    );
  }
  transaction.addSignature(signer.publicKey, signature);
  return signature;
}

/**
 * Two intents may ask for the same transfer within one blockhash, and equal bytes are one transaction: they would share
 * one effect. Some units and micro-lamports more, drawn anew, make each signing another; they cost under 10 lamports.
 */
function salted(budget: Budget, randomBytes: SigningContext['randomBytes']): Budget {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  return {
    ...budget,
    computeUnits: Math.min(budget.computeUnits + a, MAX_COMPUTE_UNITS),
    price: budget.price + ((b << 4) | (c & 0x0f)),
  };
}

/** RFC 8410: the fixed head of an ed25519 SubjectPublicKeyInfo. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

function isSignature(signature: Uint8Array, message: Uint8Array, publicKey: PublicKey): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey.toBuffer()]), format: 'der', type: 'spki' });
  return signature.length === 64 && verify(null, message, key, signature);
}
