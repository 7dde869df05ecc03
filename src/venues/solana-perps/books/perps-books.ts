/**
 * Keeps the books of one account: `keep` writes what is finalized; `figures` computes the figures of a read and applies
 * the confirmed transactions in between in memory. Cases: docs/architecture/books.md.
 */

import { type ReadCommitment, readCount } from '../../../chain/rpc-methods.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { type Alert, type AlertDraft, newAlert, raised } from '../../../domain/alerts/alert.ts';
import { NO_SOURCES } from '../../../domain/figures/equity-sources.ts';
import { lamports, microUsd } from '../../../domain/money/units.ts';
import type { Journal } from '../../../journal/journal.ts';
import type { FundingRecord, TradeRecord } from '../../../journal/records.ts';
import { BoundedMap } from '../../../lib/bounded.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type ErrorDetails, TransientError } from '../../../lib/errors.ts';
import { within } from '../../../lib/within.ts';
import type { PerpsDeployment } from '../deployment.ts';
import type { PeriodRate } from '../read/funding-memory.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import type { PerpsReader } from '../read/perps-reader.ts';
import type { BookFigures } from '../read/perps-snapshot.ts';
import type { SignatureRow } from '../signature-rows.ts';
import { applyTransactions, type BooksOf } from './apply.ts';
import { type ChainTransaction, signaturesOf, transactionOf } from './chain-record.ts';
import { type BooksDifference, concluded, type Proof, prove, withPeriod } from './prove.ts';
import { type AccountStanding, periodOf, standingOf } from './standing.ts';
import type { BooksState } from './state.ts';
import { BooksStore, type BooksWrite, type StoredBooks } from './store.ts';
import { equityRecord, worthOf } from './value.ts';

interface PerpsBooksOptions {
  readonly engineId: string;
  readonly journal: Journal;
  readonly pool: RpcPool;
  readonly deployment: PerpsDeployment;
  readonly clock: Clock;
  /** How long a transaction of our wallet may be missing in the journal before it counts as foreign. */
  readonly patienceMs?: number;
  /** How often the books are written when there are only prices and interest to book. */
  readonly idleMs?: number;
}

const PATIENCE_MS = 30_000;
/** Snapshots have the same figures in any case, and the document is some tens of kilobytes. */
const IDLE_MS = 60_000;
/** Figures of the books that take longer are unknown at that read. */
const SILENT_AFTER_MS = 5_000;
/** Steps without an explanation before a difference is concluded. */
const MAX_DOUBTS = 3;
/** The most chain transactions in one database transaction. */
const MAX_STEP = 200;
/** Signatures looked up in the journal at once: a step, and a crowded slot at its end. */
const MAX_ASKED = 5_000;
const MAX_CACHED = 1_000;
/** Transactions between the books and a read. With more, the books are behind and the read does not wait for them. */
const MAX_AHEAD = 50;

/** How many of the newest transactions from before the books are read back, and how many at once. */
const MAX_PAST = 300;
const PAST_AT_ONCE = 4;

/** What the chain still has of an account from before its books. */
interface Past {
  readonly state: BooksState;
  readonly trades: readonly TradeRecord[];
  readonly funding: readonly FundingRecord[];
  /** The history begins at this slot; null: there was nothing to ask for. */
  readonly fromSlot: number | null;
  readonly readBack: number;
  /** The signature is known, but the transaction could not be read or was not asked for. */
  readonly lost: number;
}

interface BooksStep {
  readonly state: BooksState;
  readonly trades: readonly TradeRecord[];
  readonly funding: readonly FundingRecord[];
  /** Everything up to the requested slot is included. */
  readonly complete: boolean;
  /** No node has returned this transaction so far. */
  readonly missing: string | null;
}

export class PerpsBooks {
  readonly #options: PerpsBooksOptions;
  readonly #store: BooksStore;
  readonly #transactions = new BoundedMap<string, ChainTransaction>(MAX_CACHED);
  /** When a transaction of our wallet that the journal does not know was first seen (wall time). */
  readonly #strange = new BoundedMap<string, number>(MAX_CACHED);
  #doubts = 0;

  constructor(options: PerpsBooksOptions) {
    this.#options = options;
    this.#store = new BooksStore(options.journal.db, options.engineId);
  }

  /** Books everything finalized since the last step. @throws TransientError; then nothing is written */
  async keep(reader: Pick<PerpsReader, 'read'>): Promise<void> {
    const read = await reader.read('finalized');
    const kept = await this.#store.load();
    if (kept === null) {
      await this.#begin(read);
      return;
    }
    if (read.slot <= kept.state.slot) return;
    const standing = standingOf(read);
    const rests = this.#mayRest(kept, read, standing);
    // The account is as the books have it: what happened, if anything, is asked for with the next write.
    if (rests && standing !== null) return;
    const rows = await this.#gather(read, { after: kept.state.slot, upTo: read.slot, commitment: 'finalized' });
    if (rows.length === 0 && rests) return;
    let current: StoredBooks = kept;
    while (read.slot > current.state.slot) {
      const next = await this.#step(current, read, rows);
      if (next === null) return;
      current = next;
    }
  }

  /** Null sources: what happened between the books and this read is unknown (so far). No response is not an error here. */
  async figures(read: PerpsRead): Promise<BookFigures> {
    return await orWhenSilent(UNKNOWN, this.#figures(read));
  }

  async #figures(read: PerpsRead): Promise<BookFigures> {
    const kept = await this.#store.load();
    if (kept === null || read.slot < kept.state.slot) return UNKNOWN;
    const standing = standingOf(read);
    const { state } = kept;
    if (standing === null)
      return { ...UNKNOWN, equityBaseline: state.baseline, lastLiquidationMs: state.lastLiquidationMs };
    const quiet = prove(state, standing);
    if (quiet.clean) return figuresOf(quiet.state);
    const rows = await this.#gather(read, { after: state.slot, upTo: read.slot, commitment: 'confirmed' });
    if (rows.length > MAX_AHEAD) return { ...UNKNOWN, equityBaseline: state.baseline };
    const step = await this.#fold(state, read, rows, 'confirmed');
    const proof = prove(step.state, standing);
    if (step.complete && proof.clean) return figuresOf(proof.state);
    return { ...UNKNOWN, equityBaseline: state.baseline, lastLiquidationMs: step.state.lastLiquidationMs };
  }

  /** Periods that the books saw, oldest first. */
  async fundingRates(): Promise<readonly PeriodRate[]> {
    const kept = await orWhenSilent(null, this.#store.load());
    return kept?.state.periods.map(({ tsMs, rate }) => ({ tsMs, rate })) ?? [];
  }

  /** Only prices moved and interest grew. */
  #mayRest({ state, updatedAtMs }: StoredBooks, read: PerpsRead, standing: AccountStanding | null): boolean {
    const { clock, idleMs = IDLE_MS } = this.#options;
    if (clock.nowMs() - updatedAtMs >= idleMs || state.unclaimed.length > 0) return false;
    if (withPeriod(state.periods, periodOf(read)) !== state.periods) return false;
    return standing === null || prove(state, standing).clean;
  }

  async #begin(read: PerpsRead): Promise<void> {
    const standing = standingOf(read);
    if (standing === null) return;
    const past = await this.#past(read, beginning(standing));
    const { state, trades, funding } = past;
    await this.#store.write(null, {
      ...this.#nothing(state),
      ...{ trades, funding },
      equity: this.#equity(state, standing.blockTimeMs),
      alerts: read.user === null ? [] : [this.#begun(past, standing)],
    });
  }

  /**
   * The account is older than its books: the journal is new, or was lost. Trades and funding are read back from the chain as
   * far as possible. Their value at that time is unknown, so equity and its sources begin now.
   */
  async #past(read: PerpsRead, begun: BooksState): Promise<Past> {
    const none: Past = { state: begun, trades: [], funding: [], fromSlot: null, readBack: 0, lost: 0 };
    if (read.user === null) return none;
    const { pool } = this.#options;
    const of = booksOf(this.#options, read);
    const all = await this.#gather(read, { after: 0, upTo: read.slot, commitment: 'finalized' });
    const rows = all.slice(-MAX_PAST);
    const operations = await this.#store.operationsOf(rows.map(({ signature }) => signature));
    const perp = { base: lamports(0n), quote: microUsd(0n) };
    const before: BooksState = { ...begun, slot: 0, perp, periods: [] };
    const transactions: ChainTransaction[] = [];
    for (let from = 0; from < rows.length; from += PAST_AT_ONCE) {
      const asked = rows.slice(from, from + PAST_AT_ONCE);
      const found = await Promise.all(asked.map(async (row) => await this.#transaction(row, 'finalized')));
      transactions.push(...found.filter((each) => each !== null));
    }
    const { state, trades, funding } = applyTransactions(before, transactions, of, operations);
    const first = await pool.read('getFirstAvailableBlock', [], readCount);
    const fromSlot = rows.length < all.length ? (rows[0]?.slot ?? null) : first;
    const { orders, unclaimed, paidPeriods } = state;
    return {
      ...{ state: { ...begun, orders, unclaimed, paidPeriods }, trades, funding, fromSlot },
      ...{ readBack: transactions.length, lost: all.length - transactions.length },
    };
  }

  /** Null: this step cannot continue now. */
  async #step(kept: StoredBooks, read: PerpsRead, rows: readonly SignatureRow[]): Promise<StoredBooks | null> {
    const step = await this.#fold(kept.state, read, rows, 'finalized');
    const claims = await this.#claims(step.state);
    const written = {
      ...this.#nothing(claims.state),
      trades: step.trades,
      funding: step.funding,
      claims: claims.found,
    };
    if (!step.complete) {
      if (step.missing !== null && step.state.slot === kept.state.slot) this.#doubts += 1;
      if (step.state.slot === kept.state.slot) return null;
      return await this.#write(kept, written);
    }
    const standing = standingOf(read);
    if (standing === null) return await this.#write(kept, { ...written, state: { ...claims.state, slot: read.slot } });
    const proof = prove(claims.state, standing);
    if (!proof.clean) {
      this.#doubts += 1;
      if (this.#doubts < MAX_DOUBTS) return null;
    }
    const { state, alert } = await this.#conclude(kept, proof, standing);
    this.#doubts = 0;
    return await this.#write(kept, {
      ...written,
      state,
      equity: this.#equity(state, standing.blockTimeMs),
      alerts: alert === null ? [] : [alert],
    });
  }

  async #conclude(
    kept: StoredBooks,
    proof: Proof,
    standing: AccountStanding,
  ): Promise<{ readonly state: BooksState; readonly alert: Alert | null }> {
    if (proof.clean) return { state: concluded(proof, standing, 'unexplained'), alert: null };
    const from = kept.state.slot + 1;
    if (proof.state.since.liquidated) return { state: concluded(proof, standing, 'external'), alert: null };
    const first = await this.#options.pool.read('getFirstAvailableBlock', [], readCount);
    if (first > from) {
      return {
        state: concluded(proof, standing, 'baseline'),
        alert: this.#gap(from, standing, first, proof.difference),
      };
    }
    const state = concluded(proof, standing, 'unexplained');
    const ledger = { ...state.ledger, unexplained: state.ledger.unexplained + 1 };
    return { state: { ...state, ledger }, alert: this.#unexplained(from, standing, proof) };
  }

  async #write(kept: StoredBooks, change: BooksWrite): Promise<StoredBooks | null> {
    const written = await this.#store.write(kept.sequence, change);
    return written ? { state: change.state, sequence: kept.sequence + 1, updatedAtMs: change.atMs } : null;
  }

  /** Applies all transactions after the state and up to the read; finalized ones at most `MAX_STEP` at a time. */
  async #fold(
    state: BooksState,
    read: PerpsRead,
    gathered: readonly SignatureRow[],
    commitment: ReadCommitment,
  ): Promise<BooksStep> {
    const of = booksOf(this.#options, read);
    const rows = gathered.filter(({ slot }) => slot > state.slot);
    const all = rows.slice(0, MAX_ASKED).map(({ signature }) => signature);
    const placements = state.orders.map(({ signature }) => signature);
    const operations = await this.#store.operationsOf([...all, ...placements]);
    const transactions: ChainTransaction[] = [];
    let last = 0;
    let stopped: { readonly slot: number; readonly missing: string | null } | null = null;
    for (const row of rows) {
      const transaction = await this.#transaction(row, commitment);
      if (transaction === null && this.#doubts >= MAX_DOUBTS) continue;
      if (transaction === null) stopped = { slot: row.slot, missing: row.signature };
      else if (commitment === 'finalized' && this.#mustWait(transaction, of, operations)) {
        stopped = { slot: row.slot, missing: null };
      } else if (commitment === 'finalized' && transactions.length >= MAX_STEP && row.slot > last) {
        stopped = { slot: row.slot, missing: null };
      }
      if (stopped !== null || transaction === null) break;
      transactions.push(transaction);
      last = row.slot;
    }
    const end = stopped;
    // A slot is applied as a whole or not at all, because the cursor counts slots.
    const whole = end === null ? transactions : transactions.filter(({ slot }) => slot < end.slot);
    // A period that has just ended may be paid in what follows.
    const due = { ...state, periods: withPeriod(state.periods, periodOf(read)) };
    const folded = applyTransactions(due, whole, of, operations);
    const slot = end === null ? Math.max(state.slot, folded.state.slot) : Math.max(state.slot, end.slot - 1);
    return {
      ...folded,
      state: { ...folded.state, slot },
      complete: end === null,
      missing: end?.missing ?? null,
    };
  }

  /** In the order of the chain; each address's own order is kept. */
  async #gather(
    read: PerpsRead,
    span: { readonly after: number; readonly upTo: number; readonly commitment: ReadCommitment },
  ): Promise<readonly SignatureRow[]> {
    const { pool } = this.#options;
    const of = booksOf(this.#options, read);
    const most = span.commitment === 'confirmed' ? MAX_AHEAD : Number.POSITIVE_INFINITY;
    const lists = await Promise.all(
      [of.user, of.authority, of.quoteTokenAccount].map((address) => signaturesOf(pool, address, { ...span, most })),
    );
    // A failed transaction that our wallet did not pay for changed nothing and cost us nothing.
    const ours = new Set(lists[1]?.map(({ signature }) => signature));
    const rows: SignatureRow[] = [];
    const known = new Set<string>();
    for (const row of lists.flat()) {
      if (known.has(row.signature) || (row.failed && !ours.has(row.signature))) continue;
      known.add(row.signature);
      rows.push(row);
    }
    // The sort is stable: within a slot the account's own order stays, because fills and settles depend on it.
    return rows.sort((a, b) => a.slot - b.slot);
  }

  async #transaction(row: SignatureRow, commitment: ReadCommitment): Promise<ChainTransaction | null> {
    const known = this.#transactions.get(row.signature);
    // After a fork the same bytes may stand in another slot.
    if (known !== undefined && known.slot === row.slot) return known;
    const transaction = await transactionOf(this.#options.pool, row.signature, commitment);
    if (transaction === null) return null;
    this.#transactions.set(row.signature, transaction);
    return transaction;
  }

  /** Our wallet signed it, but the journal does not know it yet; a moment later it may. */
  #mustWait({ signature, signers }: ChainTransaction, of: BooksOf, operations: ReadonlyMap<string, string>): boolean {
    if (!signers.includes(of.authority) || operations.has(signature)) {
      this.#strange.delete(signature);
      return false;
    }
    const nowMs = this.#options.clock.nowMs();
    const since = this.#strange.get(signature) ?? nowMs;
    this.#strange.set(signature, since);
    return nowMs - since < (this.#options.patienceMs ?? PATIENCE_MS);
  }

  async #claims(state: BooksState): Promise<{ readonly state: BooksState; readonly found: BooksWrite['claims'] }> {
    if (state.unclaimed.length === 0) return { state, found: [] };
    const operations = await this.#store.operationsOf(state.unclaimed.map(({ placedBy }) => placedBy));
    const found = state.unclaimed.flatMap(({ signature, index, placedBy }) => {
      const operationId = operations.get(placedBy);
      return operationId === undefined ? [] : [{ signature, index, operationId }];
    });
    return {
      state: { ...state, unclaimed: state.unclaimed.filter(({ placedBy }) => !operations.has(placedBy)) },
      found,
    };
  }

  #equity(state: BooksState, marketTimeMs: number) {
    return equityRecord(this.#options.engineId, state, { tsMs: this.#options.clock.nowMs(), marketTimeMs });
  }

  #nothing(state: BooksState): BooksWrite {
    const atMs = this.#options.clock.nowMs();
    return { state, trades: [], funding: [], equity: null, alerts: [], claims: [], atMs };
  }

  #gap(from: number, { slot }: AccountStanding, first: number, difference: BooksDifference): Alert {
    const gap = { from_slot: from, to_slot: slot, first_available: first };
    return this.#alert(raised('HISTORY_GAP', gap), slot, inFigures(difference));
  }

  #begun({ fromSlot, readBack, lost, trades, funding }: Past, { slot }: AccountStanding): Alert {
    const back = { transactions: readBack, lost, fills: trades.length, payments: funding.length };
    return this.#alert(raised('BOOKS_BEGUN', { slot, from_slot: fromSlot, ...back }), slot);
  }

  #unexplained(from: number, { slot }: AccountStanding, { difference, state }: Proof): Alert {
    const context = { unclear: state.since.unclear, ...inFigures(difference) };
    return this.#alert(raised('BOOKS_UNEXPLAINED', { from_slot: from, to_slot: slot }), slot, context);
  }

  #alert(draft: AlertDraft, slot: number, context: ErrorDetails = {}): Alert {
    const { engineId, clock } = this.#options;
    const id = `${draft.code.toLowerCase()}:${engineId}:${slot}`;
    return newAlert({ id, engineId, tsMs: clock.nowMs(), draft, context });
  }
}

const UNKNOWN: BookFigures = { equityBaseline: null, sources: null, lastLiquidationMs: null, ledger: null };

/** A read waits no longer for a journal that hangs than for one that is away. */
async function orWhenSilent<T>(otherwise: T, answer: Promise<T>): Promise<T> {
  const waited = await within(SILENT_AFTER_MS, () => answer);
  if (waited.kind === 'value') return waited.value;
  if (waited.kind === 'failed' && !(waited.error instanceof TransientError)) throw waited.error;
  return otherwise;
}

const figuresOf = ({ baseline, sources, lastLiquidationMs, ledger }: BooksState): BookFigures => ({
  equityBaseline: baseline,
  sources,
  lastLiquidationMs,
  ledger,
});

const inFigures = (difference: BooksDifference) =>
  Object.fromEntries(Object.entries(difference).map(([name, amount]) => [name, amount.toString()]));

function beginning(standing: AccountStanding): BooksState {
  const { slot, wallet, base, quote, perp, other, prices, premium, period } = standing;
  const state: BooksState = {
    version: 2,
    slot,
    wallet,
    base,
    quote,
    perp,
    other,
    prices,
    premium,
    baseline: 0n,
    sources: NO_SOURCES,
    ledger: {
      own: 0n as BooksState['ledger']['own'],
      foreign: perp.base,
      liquidated: 0n as BooksState['ledger']['own'],
      unexplained: 0,
    },
    lastLiquidationMs: null,
    since: { liquidated: false, unclear: [] },
    orders: [],
    unclaimed: [],
    periods: period === null ? [] : [period],
    paidPeriods: [],
  };
  return { ...state, baseline: worthOf(state) };
}

function booksOf(
  { engineId, deployment }: Pick<PerpsBooksOptions, 'engineId' | 'deployment'>,
  read: PerpsRead,
): BooksOf {
  const { perp, base, quote } = read.hedge;
  return {
    engineId,
    program: deployment.program,
    programId: deployment.programId.toBase58(),
    user: deployment.user.toBase58(),
    userStats: deployment.userStats.toBase58(),
    authority: deployment.authority.toBase58(),
    quoteTokenAccount: read.wallet.tokens.quote.address.toBase58(),
    market: deployment.market,
    perpIndex: perp.marketIndex,
    baseIndex: base.marketIndex,
    quoteIndex: quote.marketIndex,
    fundingPeriodMs: perp.fundingPeriodMs,
    oneOracle: perp.oracleId === base.oracleId,
  };
}
