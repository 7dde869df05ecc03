/** The result of one read of the chain: every account comes from one answer, of one slot. */
import type { PublicKey } from '@solana/web3.js';
import type { PerpMarket, SpotMarket } from '../../../domain/account/account.ts';
import type { Lamports, MicroUsd } from '../../../domain/money/units.ts';
import type { AccountsView, DecodedAccounts, ProgramAccounts } from '../program-accounts.ts';
import type { WalletHolder } from './wallet-holder.ts';

/** The wallet's associated token account of an asset. */
export interface TokenAccountRead {
  readonly address: PublicKey;
  readonly mint: PublicKey;
  /** The token program of the mint. */
  readonly tokenProgram: PublicKey;
  readonly exists: boolean;
  /** Base units; 0 when it does not exist. */
  readonly amount: bigint;
  /** Who may spend from it beside the wallet: `tokenSpenders`. Absent: it does not exist. */
  readonly spenders?: string;
}

interface WalletRead {
  readonly sol: Lamports;
  /** Of the quote asset, in its associated token account. */
  readonly quote: MicroUsd;
  readonly tokens: { readonly base: TokenAccountRead; readonly quote: TokenAccountRead };
  /** Only where the address is no wallet, but an account of a program. */
  readonly heldBy?: WalletHolder;
}

/** The configured perp market and the spot markets of its base and quote assets. */
export interface HedgeMarkets {
  readonly perp: PerpMarket;
  readonly base: SpotMarket;
  readonly quote: SpotMarket;
}

/** The program's own accounts, and what they mean. Shared code reads only what they mean. */
export interface PerpsRead<T extends ProgramAccounts = ProgramAccounts> extends DecodedAccounts<T>, AccountsView {
  readonly commitment: 'confirmed' | 'finalized';
  /** Wall clock when the read began, or when this slot was first read. */
  readonly takenAtMs: number;
  /** Nodes that deny the account that this one has, in words; null: none of those asked does. */
  readonly disagreement: string | null;
  readonly hedge: HedgeMarkets;
  readonly wallet: WalletRead;
}
