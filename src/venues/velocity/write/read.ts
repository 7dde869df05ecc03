/** What instructions are built from: one read of the chain, and whose account it is. */
import type { PublicKey } from '@solana/web3.js';
import type { Markets } from '../../../domain/account/account.ts';
import type { DecodedAccount } from '../../solana-perps/account-layout.ts';
import type { PERP_MARKET, SPOT_MARKET, STATE, USER, USER_STATS } from '../program/accounts.ts';

interface ReadPerp {
  readonly market: DecodedAccount<typeof PERP_MARKET>;
}
interface ReadSpot {
  readonly market: DecodedAccount<typeof SPOT_MARKET>;
}

export interface VelocityRead {
  /** The chain's clock at the read. */
  readonly blockTimeMs: number;
  readonly state: DecodedAccount<typeof STATE>;
  /** Null: not initialised. */
  readonly user: DecodedAccount<typeof USER> | null;
  readonly userStats: DecodedAccount<typeof USER_STATS> | null;
  /** The configured perp market, and the spot market of the quote asset. */
  readonly market: ReadPerp;
  readonly quote: ReadSpot;
  /** Those and all others in which the account has a position, each once, ascending by index. */
  readonly perps: readonly ReadPerp[];
  readonly spot: readonly ReadSpot[];
  /** The same in our types. */
  readonly markets: Markets;
}

export interface VelocityOwner {
  readonly authority: PublicKey;
  readonly subAccount: number;
  readonly user: PublicKey;
  readonly userStats: PublicKey;
}
