/** The accounts that an instruction needs beyond its named ones: every market that the account stands in, and oracles. */
import { type AccountMeta, PublicKey } from '@solana/web3.js';
import type { DriftRead } from '../drift-read.ts';

export interface Written {
  readonly perps?: readonly number[];
  readonly spot?: readonly number[];
}

/**
 * All markets of the read are named, not only those that this instruction is about: the program works out the margin of
 * the whole account, and what is opened between the read and the landing finds its accounts.
 */
export function marketAccounts(read: DriftRead, written: Written = {}): readonly AccountMeta[] {
  const oracles = new Map<string, AccountMeta>();
  const oracle = (pubkey: PublicKey) => {
    // The quote asset may have none: it stands for 1 USD.
    if (!pubkey.equals(PublicKey.default)) {
      oracles.set(pubkey.toBase58(), { pubkey, isSigner: false, isWritable: false });
    }
  };
  const spot = read.spot.map(({ market }): AccountMeta => {
    oracle(market.oracle);
    return { pubkey: market.pubkey, isSigner: false, isWritable: written.spot?.includes(market.marketIndex) ?? false };
  });
  const perps = read.perps.map(({ market }): AccountMeta => {
    oracle(market.amm.oracle);
    return { pubkey: market.pubkey, isSigner: false, isWritable: written.perps?.includes(market.marketIndex) ?? false };
  });
  return [...oracles.values(), ...spot, ...perps];
}
