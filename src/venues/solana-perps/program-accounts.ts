/** The accounts of a program, decoded: the program's own form of them, and what they mean in types that every venue shares. */
import type { PublicKey } from '@solana/web3.js';
import type { Account, Markets } from '../../domain/account/account.ts';
import type { FundingOutlook, VenuePauses } from '../../domain/account/snapshot.ts';
import type { Price } from '../../domain/money/units.ts';

/** The program's own decoded accounts. Shared code passes them on and never looks into them. */
export interface ProgramAccounts {
  readonly State: unknown;
  readonly User: unknown;
  readonly UserStats: unknown;
  readonly PerpMarket: unknown;
  readonly SpotMarket: unknown;
  readonly Oracle: unknown;
}
export type ProgramAccountName = Exclude<keyof ProgramAccounts, 'Oracle'>;

export interface PerpMarketRead<T extends ProgramAccounts = ProgramAccounts> {
  readonly market: T['PerpMarket'];
  /** Null: the oracle could not be read. */
  readonly oracle: T['Oracle'] | null;
}
export interface SpotMarketRead<T extends ProgramAccounts = ProgramAccounts> {
  readonly market: T['SpotMarket'];
  readonly oracle: T['Oracle'] | null;
}

/** The accounts of one slot. */
export interface DecodedAccounts<T extends ProgramAccounts = ProgramAccounts> {
  readonly slot: number;
  /** The chain's clock at that slot. */
  readonly blockTimeMs: number;
  readonly state: T['State'];
  /** Null: not initialised. */
  readonly user: T['User'] | null;
  readonly userStats: T['UserStats'] | null;
  /** The configured perp market, and the spot markets of its base and quote assets. */
  readonly market: PerpMarketRead<T>;
  readonly base: SpotMarketRead<T>;
  readonly quote: SpotMarketRead<T>;
  /** Those and all others in which the user has a position, each once, ascending by index. */
  readonly perps: readonly PerpMarketRead<T>[];
  readonly spot: readonly SpotMarketRead<T>[];
}

/** Which further accounts a market leads to. Addresses are base58. */
interface MarketLinks {
  /** As the chain names it, such as `SOL-PERP` or `SOL`. */
  readonly name: string;
  readonly marketIndex: number;
  readonly oracle: string;
}
export interface PerpMarketLinks extends MarketLinks {
  readonly quoteIndex: number;
}
export interface SpotMarketLinks extends MarketLinks {
  /** Base58. */
  readonly mint: string;
  readonly decimals: number;
  readonly tokenProgram: PublicKey;
}

/** The configured market's funding, as far as its account tells. Rates are those of a short, fractions of the TWAP at 1e9. */
export interface MarketFunding {
  /** Null before the market's first period. */
  readonly lastRate: bigint | null;
  /** The same as the account has it, exact: 1e-9 USD per unit of the base asset. */
  readonly lastRateUsd: bigint | null;
  /** The market's own mean of 24 hours. */
  readonly dayMeanRate: bigint | null;
  /** The oracle's TWAP against which the last rate was measured. */
  readonly oracleTwap: Price;
  /** The program's own formula for the running period. Absent: not estimated. */
  readonly nextRate?: bigint | null;
  /** What a trade of the account's would do to the rate: FundingOutlook.afterTrade. Absent: nothing. */
  readonly afterTrade?: FundingOutlook['afterTrade'];
}

/** What the decoded accounts mean, in types that every venue shares. */
export interface AccountsView {
  /** Null: there is no account yet. */
  readonly account: Account | null;
  readonly markets: Markets;
  readonly pauses: VenuePauses;
  readonly funding: MarketFunding;
  /** Lamports that the first deposit pays to open the account; 0 once it exists. */
  readonly openingCost: bigint;
  /** The number of the sub-account that the program would open next. */
  readonly nextSubAccount: number;
  /** Whether `account.orders` holds every order that the account counts as open: another place for orders would show here. */
  readonly listsAllOrders: boolean;
}
