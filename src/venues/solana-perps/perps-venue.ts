/** A program of this family as a venue: reading, writing, books and the chain together. */
import { type ChainAge, chainAge, localChainAge } from '../../chain/chain-time.ts';
import type { SolanaChain } from '../../chain/solana-chain.ts';
import type { Snapshot } from '../../domain/account/snapshot.ts';
import { lamports } from '../../domain/money/units.ts';
import type { Intent } from '../../domain/order/intent.ts';
import type { Clock } from '../../lib/clock.ts';
import { type ErrorReport, ValidationError } from '../../lib/errors.ts';
import type { LiveVenueName } from '../../lib/ids.ts';
import type { OrderReport, PastPeriod, SharedPolls, Sighting, SignedAttempt, Simulation, Venue } from '../venue.ts';
import { type BuildWatch, pausesUnder, refusedUnder } from './deployed-program.ts';
import type { PerpsDeployment } from './deployment.ts';
import { refuseMissingUser } from './missing-account.ts';
import type { AccountPolls } from './read/account-polls.ts';
import { FundingMemory, type PeriodRate } from './read/funding-memory.ts';
import type { PerpsRead } from './read/perps-read.ts';
import { PerpsReader } from './read/perps-reader.ts';
import { type BookFigures, NO_BOOKS, snapshotOf } from './read/perps-snapshot.ts';
import { TOKEN_ACCOUNT_RENT } from './write/token-accounts.ts';

export type LivePermissions = 'read-only' | 'capital' | 'trading';

/** The account's history in the journal: `books/`. */
export interface PerpsBookkeeping {
  /** The figures of a read; unknown if the books have not caught up with it. */
  figures(read: PerpsRead): Promise<BookFigures>;
  /** Writes what was finalized since the last call. @throws TransientError */
  keep(reader: Pick<PerpsReader, 'read'>): Promise<void>;
  /** Funding periods that an earlier process saw. */
  fundingRates(): Promise<readonly PeriodRate[]>;
}

/** From intents to landed effects: `write/`. */
export interface PerpsWriting {
  /** @param read a `confirmed` read made just before; absent: it is read again */
  simulate(intent: Intent, read?: PerpsRead): Promise<Simulation>;
  sign(intent: Intent, attempt?: string): Promise<SignedAttempt>;
  submit(attempt: SignedAttempt, tryNumber: number): Promise<void>;
  status(attempt: SignedAttempt): Promise<Sighting>;
  order(attempt: SignedAttempt): Promise<OrderReport>;
}

interface PerpsVenueOptions {
  readonly engineId: string;
  readonly deployment: PerpsDeployment;
  readonly chain: SolanaChain;
  readonly clock: Clock;
  readonly permissions: LivePermissions;
  /** Null: there are only the accounts' present figures. */
  readonly books: PerpsBookkeeping | null;
  readonly writing: (reader: PerpsReader) => PerpsWriting;
  /** Which build of the program runs. Absent: builds are not told apart. */
  readonly build?: Pick<BuildWatch, 'verdict' | 'verdictNow'>;
  /** CARRY_WINDOW_HOURS. Absent: snapshots have no window of past funding. */
  readonly carryWindowHours?: number;
  readonly explorerUrl?: (signature: string) => string | null;
  /** With the venues of other engines on the same nodes; absent: it polls alone. */
  readonly polls?: AccountPolls;
  /** Absent: the chain is this venue's own, and closed with it. */
  readonly release?: () => void;
}

/** Compute units of an order with everything it needs: the most that our transactions use, and the basis of the cost estimate. */
const TYPICAL_COMPUTE_UNITS = 300_000;
/** A rate is a fraction in 1e-9, the past one in 1e-14. */
const FRACTION_PER_RATE = 100_000;
/** What is finalized is many seconds old in any case: one read serves the books of engines that take turns within this. */
const BOOKS_TOGETHER_MS = 1_250;

export class PerpsVenue implements Venue {
  readonly kind: LiveVenueName;
  readonly deployment: PerpsDeployment;
  readonly reader: PerpsReader;
  readonly shared: SharedPolls;
  readonly #options: PerpsVenueOptions;
  readonly #writing: PerpsWriting;
  readonly #funding: FundingMemory;
  /** The read behind each confirmed snapshot, for as long as the snapshot is referenced. */
  readonly #reads = new WeakMap<Snapshot, PerpsRead>();
  #remembered = false;

  constructor(options: PerpsVenueOptions) {
    const { deployment, chain, clock, polls } = options;
    this.#options = options;
    this.kind = deployment.program.kind;
    this.#funding = new FundingMemory(options.carryWindowHours ?? null);
    this.deployment = deployment;
    const { pool, cluster } = chain;
    this.reader = new PerpsReader({ pool, deployment, clock, cluster, ...(polls === undefined ? {} : { polls }) });
    this.#writing = options.writing(this.reader);
    this.shared = { turn: this.reader.turn, poll: async (sinceMs) => await this.#read('confirmed', sinceMs) };
  }

  explorerUrl(signature: string): string | null {
    return this.#options.explorerUrl?.(signature) ?? null;
  }

  /**
   * @throws TransientError; CriticalError as the reader's, BAD_SUB_ACCOUNT, and
   * USER_NOT_INITIALISED where only reading is permitted
   */
  async read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot> {
    return await this.#read(commitment, null);
  }

  async #read(commitment: 'confirmed' | 'finalized', sinceMs: number | null): Promise<Snapshot> {
    const { engineId, chain, books, permissions, build } = this.#options;
    const [read, transactionCost, verdict] = await Promise.all([
      this.reader.read(commitment, sinceMs),
      chain.typicalCostLamports(this.reader.writtenMarkets, TYPICAL_COMPUTE_UNITS),
      build?.verdict(),
    ]);
    if (read.user === null) refuseMissingUser(read, this.deployment, permissions !== 'read-only');
    if (!this.#remembered && books !== null) {
      this.#funding.remember(await books.fundingRates());
      this.#remembered = true;
    }
    const { openingCost, hedge } = read;
    const snapshot = snapshotOf({
      engineId,
      deployment: this.deployment,
      read:
        verdict === undefined
          ? read
          : { ...read, pauses: pausesUnder(verdict, read.pauses, this.deployment.program.name) },
      age: this.#ageOf(read),
      funding: this.#funding.outlook(hedge.perp, read.funding, read.blockTimeMs),
      books: books === null ? NO_BOOKS : await books.figures(read),
      rpcLatencyMs: chain.pool.latencyMs(),
      transactionCostLamports: lamports(BigInt(transactionCost)),
      openingCostLamports: openingCost === 0n ? null : lamports(openingCost),
      boundByDepositLamports: lamports(TOKEN_ACCOUNT_RENT),
    });
    if (commitment === 'confirmed') this.#reads.set(snapshot, read);
    return snapshot;
  }

  /** What the books and this process saw: nodes keep no history of funding. */
  async fundingPast(): Promise<readonly PastPeriod[]> {
    return this.#funding.past.map(({ tsMs, rate }) => ({ tsMs, fraction: Number(rate) * FRACTION_PER_RATE }));
  }

  #ageOf({ blockTimeMs, takenAtMs }: PerpsRead): ChainAge {
    const judge = this.deployment.env === 'localnet' ? localChainAge : chainAge;
    return judge(blockTimeMs - takenAtMs, this.#options.chain.time.nodes);
  }

  /** A fill, a settle or a transfer by anyone. Price changes do not count: they happen in every slot and are polled. */
  async changed(afterSlot: number, withinMs: number): Promise<void> {
    await this.#options.chain.accountChanged(this.deployment.user.toBase58(), afterSlot, withinMs);
  }

  async keepBooks(): Promise<void> {
    const { books, clock } = this.#options;
    const read: PerpsReader['read'] = (commitment) => this.reader.read(commitment, clock.nowMs() - BOOKS_TOGETHER_MS);
    await books?.keep({ read });
  }

  async simulate(intent: Intent, seen?: Snapshot): Promise<Simulation> {
    const error = await this.#refusedByBuild(intent, 'verdict');
    if (error !== null) return { ok: false, error };
    return await this.#writing.simulate(intent, seen && this.#reads.get(seen));
  }

  /** @throws ValidationError VENUE_PAUSED where the program is a build that nobody tested or accepted, and this adds risk */
  async sign(intent: Intent, attempt?: string): Promise<SignedAttempt> {
    const error = await this.#refusedByBuild(intent, 'verdictNow');
    if (error !== null) throw new ValidationError(error.code, error.message, error.details);
    return await this.#writing.sign(intent, attempt);
  }

  /** The gates ask the snapshot; this asks the chain again, for a build may be exchanged between the two. */
  async #refusedByBuild(intent: Intent, look: 'verdict' | 'verdictNow'): Promise<ErrorReport | null> {
    const verdict = await this.#options.build?.[look]();
    return verdict === undefined ? null : refusedUnder(verdict, intent, this.deployment.program.name);
  }

  async submit(attempt: SignedAttempt, tryNumber: number): Promise<void> {
    await this.#writing.submit(attempt, tryNumber);
  }

  status = async (attempt: SignedAttempt): Promise<Sighting> => await this.#writing.status(attempt);

  order = async (attempt: SignedAttempt): Promise<OrderReport> => await this.#writing.order(attempt);

  async close(): Promise<void> {
    const { chain, release } = this.#options;
    this.reader.leave();
    if (release === undefined) return chain.close();
    chain.forgetAccount(this.deployment.user.toBase58());
    release();
  }
}
