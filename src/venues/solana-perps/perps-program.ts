/**
 * What one program of this family provides. Everything else about a venue (reading with one request, books, the life of an
 * order, what landed) is written once against this interface and knows no program. docs/architecture/adding-a-venue.md
 * leads through it.
 */
import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { OrderIntent, Side } from '../../domain/order/intent.ts';
import type { LiveVenueName } from '../../lib/ids.ts';
import type { PerpsAddresses } from './addresses.ts';
import type { ClusterName } from './clusters.ts';
import type { PerpsEvents } from './perps-event.ts';
import type {
  AccountsView,
  DecodedAccounts,
  PerpMarketLinks,
  ProgramAccountName,
  ProgramAccounts,
  SpotMarketLinks,
} from './program-accounts.ts';
import type { PerpsRead, TokenAccountRead } from './read/perps-read.ts';

/** Tokens between the wallet and the account. */
export interface CapitalMove {
  readonly kind: 'deposit' | 'withdraw';
  readonly marketIndex: number;
  readonly amount: bigint;
  /** The account that tokens come from or go to: the wallet's own, or SOL wrapped for this transaction. */
  readonly tokenAccount: PublicKey;
  readonly token: TokenAccountRead;
}

/** The instructions of an intent. The same read that sized it provides what they must name. */
export interface ProgramInstructions<T extends ProgramAccounts = ProgramAccounts> {
  /** Opens the account; none once it exists. */
  open(read: PerpsRead<T>, at: PerpsAddresses): readonly TransactionInstruction[];
  move(move: CapitalMove, read: PerpsRead<T>, at: PerpsAddresses): readonly TransactionInstruction[];
  place(order: OrderIntent, read: PerpsRead<T>, at: PerpsAddresses): readonly TransactionInstruction[];
  /** Every open order of the configured market. */
  cancel(read: PerpsRead<T>, at: PerpsAddresses): readonly TransactionInstruction[];
  /** Funding, then PnL as far as the market can pay it. */
  settle(read: PerpsRead<T>, at: PerpsAddresses): readonly TransactionInstruction[];
}

/** What signed bytes ask the program for. */
export interface SignedContent {
  /** Null: they place no order, or one that has no end. */
  readonly order: { readonly side: Side; readonly size: bigint; readonly maxTsMs: number } | null;
  readonly settles: boolean;
  readonly opensAccount: boolean;
}

export interface PerpsProgram<T extends ProgramAccounts = ProgramAccounts> {
  readonly kind: LiveVenueName;
  /** In sentences. */
  readonly name: string;
  /** Begins the codes of the errors that only reading this program can raise, such as `DRIFT_NOT_FOUND`. */
  readonly errorPrefix: string;
  /** Where the program stands on mainnet. */
  readonly programId: string;
  /**
   * Hashes of the builds that our tests ran on (`codeHash`): on another one only reductions are sent. Empty: builds are not
   * told apart.
   */
  readonly testedBuilds: readonly string[];
  /** Of the program's own signer, which owns the vaults. */
  readonly signerSeed: string;

  /** @throws CriticalError when the bytes are another account's, or of another version of the program */
  decode<N extends ProgramAccountName>(name: N, bytes: Buffer): T[N];
  /** Null: the account is missing, or this kind of oracle did not write its bytes. */
  perpOracle(market: T['PerpMarket'], bytes: Buffer | null): T['Oracle'] | null;
  spotOracle(market: T['SpotMarket'], bytes: Buffer | null): T['Oracle'] | null;
  marketCounts(state: T['State']): { readonly perps: number; readonly spot: number };
  perpLinks(market: T['PerpMarket']): PerpMarketLinks;
  spotLinks(market: T['SpotMarket']): SpotMarketLinks;
  /** The indexes of the markets in which the user holds something or has orders. */
  marketsOf(user: T['User']): { readonly perps: readonly number[]; readonly spot: readonly number[] };
  view(accounts: DecodedAccounts<T>): AccountsView;
  /** Who may act for the account, and the margin rules that its owner has set, as one text: no intent of ours changes them. */
  controls(user: T['User']): string;

  readonly instructions: ProgramInstructions<T>;
  /** The program's public lookup tables, base58. */
  lookupTables(cluster: ClusterName): readonly string[];

  /** @param logs of a transaction that succeeded (one that failed changed nothing, whatever it logged) */
  events(logs: readonly string[], programId: string): PerpsEvents;
  /** @param wire base64 */
  signedContent(wire: string, programId: string): SignedContent;
  /** The program's name of an error; null for a number that is not its own. */
  error(number: number): { readonly name: string; readonly text: string } | null;
}
