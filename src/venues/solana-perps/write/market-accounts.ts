/** The accounts that an instruction needs besides its named ones: every market in which the account has a position, and oracles. */
import { type AccountMeta, PublicKey } from '@solana/web3.js';
import type { PerpsRead } from '../read/perps-read.ts';

export interface Written {
  readonly perps?: readonly number[];
  readonly spot?: readonly number[];
}

/**
 * All markets of the read are included, not only those of this instruction: the program computes the margin of the whole
 * account, and a position opened between the read and the landing needs its accounts too.
 */
export function marketAccounts(read: PerpsRead, written: Written = {}): readonly AccountMeta[] {
  const oracles = new Map<string, AccountMeta>();
  const oracle = (pubkey: PublicKey) => {
    // The quote asset may have none; it counts as 1 USD.
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
