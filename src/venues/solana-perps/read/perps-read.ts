/** The result of one read of the chain: every account comes from one answer, of one slot. */
import type { StateAccount, UserAccount, UserStatsAccount } from '@drift-labs/sdk';
import type { PublicKey } from '@solana/web3.js';
import type { Account, Markets } from '../../../domain/account/account.ts';
import type { VenuePauses } from '../../../domain/account/snapshot.ts';
import type { Lamports, MicroUsd } from '../../../domain/money/units.ts';
import type { PerpMarketRead, SpotMarketRead } from '../../drift/decode.ts';

export type { PerpMarketRead, SpotMarketRead } from '../../drift/decode.ts';

/** The wallet's associated token account of an asset. */
export interface TokenAccountRead {
  readonly address: PublicKey;
  /** The token program of the mint. */
  readonly tokenProgram: PublicKey;
  readonly exists: boolean;
  /** Base units; 0 when it does not exist. */
  readonly amount: bigint;
}

interface WalletRead {
  readonly sol: Lamports;
  /** Of the quote asset, in its associated token account. */
  readonly usdc: MicroUsd;
  readonly tokens: { readonly base: TokenAccountRead; readonly quote: TokenAccountRead };
}

export interface PerpsRead {
  readonly commitment: 'confirmed' | 'finalized';
  readonly slot: number;
  /** Wall clock when the read began, or when this slot was first read. */
  readonly takenAtMs: number;
  /** The chain's clock at that slot. */
  readonly blockTimeMs: number;
  /** Nodes that deny the account that this one has, in words; null: none of those asked does. */
  readonly disagreement: string | null;
  readonly state: StateAccount;
  /** Null: not initialised. */
  readonly user: UserAccount | null;
  readonly userStats: UserStatsAccount | null;
  /** The configured perp market, and the spot markets of its base and quote assets. */
  readonly market: PerpMarketRead;
  readonly base: SpotMarketRead;
  readonly quote: SpotMarketRead;
  /** Those and all others in which the user has a position, each once, ascending by index. */
  readonly perps: readonly PerpMarketRead[];
  readonly spot: readonly SpotMarketRead[];
  /** The same in our types. */
  readonly account: Account | null;
  readonly markets: Markets;
  readonly pauses: VenuePauses;
  readonly wallet: WalletRead;
}
