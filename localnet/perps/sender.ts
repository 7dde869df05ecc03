import { ComputeBudgetProgram, PublicKey, type TransactionInstruction, TransactionMessage } from '@solana/web3.js';
import { ValidationError } from '../../src/lib/errors.ts';
import type { Chain } from '../chain/chain.ts';
import type { BlockTransaction } from '../ledger/block.ts';
import { BLOCKHASH_LIFE_BLOCKS } from '../ledger/ledger.ts';
import type { SimulatedExecution } from '../svm/svm.ts';
import { type KeyPair, keyPairFrom, signWith } from '../wire/ed25519.ts';
import { type ParsedTransaction, parseTransaction } from '../wire/transaction.ts';

const MAX_UNITS = 1_400_000;
const SERIALS = 100_000;

/** A key and its SOL; `secretKey` as `solana-keygen` writes it: 32 bytes of seed, 32 of public key. */
export interface FundedWallet extends KeyPair {
  readonly secretKey: Uint8Array;
}

export function walletFrom(seed: Uint8Array): FundedWallet {
  const pair = keyPairFrom(seed.slice(0, 32));
  return { ...pair, secretKey: Uint8Array.from([...seed.slice(0, 32), ...pair.publicKey]) };
}

/** Signs and submits straight to the chain's queue, without nodes or faults. */
export class Sender {
  readonly #chain: Chain;
  #serial = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /**
   * @param microLamports price per unit, in addition to the fee; higher prices come earlier in the block
   * @returns the signature; what becomes of it says `landing`
   */
  send(payer: KeyPair, instructions: readonly TransactionInstruction[], microLamports = 0): string {
    const transaction = this.#signed(payer, instructions, microLamports);
    this.#chain.submit(transaction);
    return transaction.signatures[0] as string;
  }

  /** What it would do on the newest block. */
  simulate(payer: KeyPair, instructions: readonly TransactionInstruction[]): SimulatedExecution {
    return this.#chain.bank.simulateAt(this.#chain.head, this.#signed(payer, instructions, 0), false);
  }

  /** Whether it would go through on the newest block. */
  wouldLand(payer: KeyPair, instructions: readonly TransactionInstruction[]): boolean {
    return this.simulate(payer, instructions).error === null;
  }

  #signed(payer: KeyPair, instructions: readonly TransactionInstruction[], microLamports: number): ParsedTransaction {
    // Else the same wish within one blockhash would be the same transaction.
    this.#serial = (this.#serial + 1) % SERIALS;
    const budget = [ComputeBudgetProgram.setComputeUnitLimit({ units: MAX_UNITS - this.#serial })];
    if (microLamports > 0) budget.push(ComputeBudgetProgram.setComputeUnitPrice({ microLamports }));
    const message = new TransactionMessage({
      payerKey: new PublicKey(payer.publicKey),
      recentBlockhash: this.#chain.head.blockhash,
      instructions: [...budget, ...instructions],
    }).compileToV0Message();
    const bytes = message.serialize();
    const transaction = parseTransaction(Buffer.concat([Uint8Array.of(1), signWith(payer, bytes), bytes]));
    if (transaction === null) throw new RangeError('a transaction of ours is none');
    return transaction;
  }

  /** Null: not in a block of the main fork. */
  landing(signature: string): BlockTransaction | null {
    return this.#chain.ledger.landingOn(signature, this.#chain.head)?.landed ?? null;
  }

  /**
   * Resolves when it stands in a block, not waiting longer than its blockhash may live.
   *
   * @throws ValidationError LOCALNET_ACTOR with the logs when it failed there
   */
  done(signature: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const landed = this.landing(signature);
        if (landed === null) return false;
        if (landed.error === null) resolve();
        else reject(failed(landed));
        return true;
      };
      if (look()) return;
      const { height } = this.#chain.head;
      const stop = this.#chain.onChange(() => {
        const isDead = this.#chain.head.height > height + BLOCKHASH_LIFE_BLOCKS;
        if (isDead) reject(new ValidationError('LOCALNET_ACTOR', 'The transaction has never landed.'));
        if (isDead || look()) stop();
      });
    });
  }
}

function failed({ error, logs }: BlockTransaction): ValidationError {
  const told = logs.filter((line) => !line.startsWith('Program data')).slice(-8);
  return new ValidationError('LOCALNET_ACTOR', 'The transaction has failed.', {
    error: JSON.stringify(error),
    logs: told.join('\n'),
  });
}
