/**
 * The paper venue behaves like a chain with one account on it. Its state is in the journal's database and only future
 * faults are in memory, so a restart at any moment continues from the last commit.
 */
import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Snapshot } from '../../domain/account/snapshot.ts';
import { fractionUnits } from '../../domain/carry/rate-history.ts';
import { MS_PER_HOUR } from '../../domain/money/units.ts';
import type { Fill, Intent } from '../../domain/order/intent.ts';
import { forgetAccount } from '../../journal/forget-account.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Tx } from '../../journal/writes.ts';
import type { Clock } from '../../lib/clock.ts';
import { CriticalError, TransientError, UnknownStateError } from '../../lib/errors.ts';
import type { MarketFeed } from '../../market-data/feed.ts';
import type {
  LandedEffect,
  MarketAdvance,
  NodeTestimony,
  OrderReport,
  PastPeriod,
  Sighting,
  SignedAttempt,
  Simulation,
  Venue,
} from '../venue.ts';
import { marketsOf, withOrders } from './account-view.ts';
import { blockTimeOf, type ChainTuning, DEFAULT_CHAIN, decodeWire, signIntent, slotAt } from './chain.ts';
import { ChangeInProgress } from './change.ts';
import { countPrice, equityRecord } from './equity.ts';
import { PaperFaults, type SubmitFault } from './faults.ts';
import { accrueInterest, isLockstep, lockstepTarget, quoteAt, scheduledMs, walk } from './market.ts';
import { refuseOtherPast, withPast } from './market-past.ts';
import { DEFAULT_HOLDINGS, DEFAULT_PARAMETERS, type PaperDefaults, type PaperParameters } from './parameters.ts';
import { type PaperMarket, snapshotOf, viewOf } from './snapshot.ts';
import { newAccount, type PaperState, type RestingOrder, type Speed } from './state.ts';
import { forgetPaperAccount, PaperStore, type PaperTransaction, readPaperState } from './store.ts';
import { type ExecutionContext, feeMoneyMissing, fillOrder, runTransaction, WHOLE_PPM } from './transitions.ts';

const NODE = 'paper';
const AT_ONCE: ExecutionContext['filling'] = { ppm: WHOLE_PPM, afterSlots: 0 };

interface PaperTuning {
  readonly chain?: ChainTuning;
  readonly parameters?: PaperParameters;
}

export interface PaperVenueOptions {
  readonly engineId: string;
  readonly journal: Pick<Journal, 'db'>;
  readonly clock: Clock;
  readonly feed: MarketFeed;
  /** MARKET_SPEED: 1 follows the wall clock; any other speed goes in lockstep with the engine. */
  readonly speed?: Speed;
  /** The funding period that the feed was opened with; for an existing account its own (`accountTerms`). */
  readonly periodMs?: number;
  /** CARRY_WINDOW_HOURS. Absent: snapshots have no window of past funding. */
  readonly carryWindowHours?: number;
  /** Makes the account when there is none. Without it a missing account stays missing, and reads say so. */
  readonly seed?: boolean;
  readonly defaults?: PaperDefaults;
  readonly faults?: PaperFaults;
  readonly tuning?: PaperTuning;
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** A year of hours. */
const PERIODS_OF_PAST = 8_766;

export class PaperVenue implements Venue {
  readonly kind = 'paper';
  readonly engineId: string;
  readonly faults: PaperFaults;
  readonly #store: PaperStore;
  readonly #clock: Clock;
  readonly #market: PaperMarket;
  /** The state behind each confirmed snapshot, for as long as the snapshot is referenced. */
  readonly #states = new WeakMap<Snapshot, PaperState>();
  readonly #chain: ChainTuning;
  /** As the last read found it: another process may have set another speed. */
  #isByTheClock = false;
  readonly #randomBytes: (count: number) => Uint8Array;

  private constructor(options: PaperVenueOptions) {
    const { engineId, journal, clock, feed, tuning = {} } = options;
    this.engineId = engineId;
    this.faults = options.faults ?? new PaperFaults();
    this.#store = new PaperStore(journal.db, engineId);
    this.#clock = clock;
    this.#market = {
      engineId,
      feed,
      periodMs: options.periodMs ?? MS_PER_HOUR,
      parameters: tuning.parameters ?? DEFAULT_PARAMETERS,
      ...(options.carryWindowHours === undefined ? {} : { carryWindowHours: options.carryWindowHours }),
    };
    this.#chain = tuning.chain ?? DEFAULT_CHAIN;
    this.#randomBytes = options.randomBytes ?? systemRandomBytes;
  }

  /**
   * @throws TransientError when the journal cannot be reached; CriticalError when the feed has no first price, or is no longer
   * the one that the account has lived through
   */
  static async open(options: PaperVenueOptions): Promise<PaperVenue> {
    const venue = new PaperVenue(options);
    const { engineId, journal, speed = 1 } = options;
    if (options.seed === true && !(await PaperVenue.accountExists(journal, engineId))) {
      await venue.#seed(options.defaults ?? DEFAULT_HOLDINGS, speed);
    }
    const state = await readPaperState(journal.db, engineId);
    if (state !== null) refuseOtherPast(state, options.feed);
    if (state !== null && state.market.speed !== speed) await venue.#setSpeed(speed);
    return venue;
  }

  /** Up to the account's own market time: the feed may know what comes after it, and nobody may. */
  async fundingPast(): Promise<readonly PastPeriod[]> {
    const { market } = await this.#store.load();
    const known = this.#market.feed.recentPeriods(market.timeMs, PERIODS_OF_PAST);
    return known.flatMap(({ tsMs, rate, oracleTwap }) =>
      rate === null ? [] : { tsMs, fraction: fractionUnits(Number(rate), Number(oracleTwap)) },
    );
  }

  static async accountExists({ db }: Pick<Journal, 'db'>, engineId: string): Promise<boolean> {
    const row = await db
      .selectFrom('paper_accounts')
      .select('engine_id')
      .where('engine_id', '=', engineId)
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * The values of PAPER_* and FUNDING_PERIOD_SECONDS when the account was made; null without an account. The start reports
   * a difference. `periodMs` null: an older account has none and follows the settings.
   */
  static async accountTerms(
    { db }: Pick<Journal, 'db'>,
    engineId: string,
  ): Promise<(PaperDefaults & { readonly periodMs: number | null }) | null> {
    const state = await readPaperState(db, engineId);
    return state === null ? null : { ...state.defaults, periodMs: state.periodMs ?? null };
  }

  /** When the account began; null: there is none. A reset account begins anew. */
  static async accountSince({ db }: Pick<Journal, 'db'>, engineId: string): Promise<number | null> {
    const row = await db
      .selectFrom('paper_accounts')
      .select('created_at_ms')
      .where('engine_id', '=', engineId)
      .executeTakeFirst();
    return row === undefined ? null : Number(row.created_at_ms);
  }

  /** `--reset-paper`: the account and its figures in the journal go, in one transaction. */
  static async reset({ db }: Pick<Journal, 'db'>, engineId: string, atMs: number): Promise<void> {
    await db.transaction().execute(async (trx) => {
      await forgetPaperAccount(trx, engineId);
      await forgetAccount(trx, engineId, atMs);
    });
  }

  explorerUrl(): null {
    return null;
  }

  async read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot> {
    const takenAtMs = this.#clock.nowMs();
    if (this.faults.takeReadFailure()) throw new TransientError('VENUE_UNREACHABLE', 'The paper node does not answer.');
    const state = await this.#current();
    const slot = this.#slot(state);
    const common = { takenAtMs, pauses: this.faults.pauses };
    if (commitment === 'confirmed') {
      const snapshot = snapshotOf(this.#market, { ...common, state, slot, commitment });
      this.#states.set(snapshot, state);
      return snapshot;
    }
    const finalizedSlot = slot - this.#chain.finalitySlots;
    const before = state.changedSlot > finalizedSlot ? await this.#store.stateAt(finalizedSlot) : null;
    return snapshotOf(this.#market, { ...common, state: before ?? state, slot: finalizedSlot, commitment });
  }

  async advance(): Promise<MarketAdvance> {
    // By the clock, the market moves with each read.
    if (this.#isByTheClock) return { moved: true, more: false };
    return await this.#change(async (change, { busy }) => {
      const { state } = change;
      if (!isLockstep(state)) return { moved: true, more: false };
      if (busy) return { moved: false, more: false };
      const { targetMs, more } = lockstepTarget(state, change.nowMs, this.#market.feed);
      const moved = targetMs > state.market.timeMs;
      const arrived = !moved || this.#walk(change, targetMs, true);
      return { moved, more: more || !arrived };
    });
  }

  async simulate(intent: Intent, seen?: Snapshot): Promise<Simulation> {
    const state = (seen && this.#states.get(seen)) ?? (await this.#current());
    const { parameters } = this.#market;
    const fault = this.faults.takeSimulation();
    const error = fault ?? feeMoneyMissing(state, parameters);
    if (error !== null) return { ok: false, error };
    const slot = this.#slot(state);
    const present = this.#present(state);
    const run = runTransaction(present, intent, this.#landing(present, slot, 'simulation', AT_ONCE));
    if (run !== null && !run.applied.ok) return { ok: false, error: run.applied.error };
    const logs = [`paper: ${intent.kind} at slot ${slot}`];
    return { ok: true, logs, costLamports: parameters.transactionCost.toString() };
  }

  async sign(intent: Intent): Promise<SignedAttempt> {
    const nowMs = this.#clock.nowMs();
    return signIntent({
      engineId: this.engineId,
      intent,
      slot: slotAt(nowMs, this.#chain),
      nowMs,
      randomBytes: this.#randomBytes,
      tuning: this.#chain,
    });
  }

  /** @throws ValidationError when the bytes are not this account's */
  async submit(attempt: SignedAttempt, _tryNumber: number): Promise<void> {
    const wire = decodeWire(attempt, this.engineId);
    const reply = await this.#change(async (change, { trx }) => {
      if ((await this.#store.transaction(wire.signature, trx)) !== null) return null;
      const slot = this.#slot(change.state);
      if (slot > wire.lastValidBlockHeight) return null;
      const fault = this.faults.takeSubmit();
      if (fault?.kind === 'timeout') return fault;
      const sent: PaperTransaction = {
        signature: wire.signature,
        wire: attempt.wire,
        status: fault?.kind === 'dropped' ? 'dropped' : 'pending',
        slot: slot + (fault?.kind === 'late' ? fault.slots : 0),
        lastValidBlockHeight: wire.lastValidBlockHeight,
        filling: fillingOf(fault),
        error: fault?.kind === 'fails' ? fault.error : null,
        effect: null,
        goneSlot: null,
        sentAtMs: change.nowMs,
      };
      if (sent.status === 'dropped') {
        change.put(sent);
      } else if (sent.slot > slot) {
        change.put(sent);
        const { mempool } = change.state;
        change.state = { ...change.state, mempool: [...mempool, { signature: sent.signature, dueSlot: sent.slot }] };
      } else {
        await this.#land(change, sent, slot, trx);
      }
      return fault;
    });
    if (reply?.kind === 'reply_lost' || reply?.kind === 'timeout') {
      throw new TransientError('SEND_FAILED', 'The send got no reply, so it is not known whether it arrived.');
    }
  }

  async status(attempt: SignedAttempt): Promise<Sighting> {
    if (this.faults.takeSilence()) return { kind: 'unseen', windowClosed: false, nodes: [node('no_answer')] };
    const { row, slot } = await this.#look(attempt.signature);
    if (row?.status === 'landed') {
      return {
        kind: 'landed',
        commitment: this.#commitment(row.slot, slot),
        slot: row.slot,
        error: row.error,
        effect: row.effect,
        nodes: [node('landed')],
      };
    }
    const nodes = [node('never_seen')];
    if (slot > attempt.lastValidBlockHeight + this.#chain.finalitySlots) return { kind: 'absent', nodes };
    return { kind: 'unseen', windowClosed: slot > attempt.lastValidBlockHeight, nodes };
  }

  async order(attempt: SignedAttempt): Promise<OrderReport> {
    const { row, slot } = await this.#look(attempt.signature);
    if (row === null || row.status !== 'landed') {
      throw new TransientError('ORDER_NOT_SEEN', 'The placement of this order has not landed.', {
        signature: attempt.signature,
      });
    }
    const gone = row.goneSlot !== null;
    return {
      gone,
      commitment: gone ? this.#commitment(row.goneSlot, slot) : 'confirmed',
      fills: row.effect?.fills ?? [],
      slot,
    };
  }

  async close(): Promise<void> {}

  /** A transaction and the slot of the query. A finished one needs no account read; it is queried some thirty times until final. */
  async #look(signature: string): Promise<{ readonly row: PaperTransaction | null; readonly slot: number }> {
    const settled = await this.#store.settled(signature);
    if (settled !== null) return { row: settled.row, slot: this.#slot(settled) };
    const slot = this.#slot(await this.#current());
    return { row: await this.#store.transaction(signature), slot };
  }

  #commitment = (landedSlot: number, slot: number): 'confirmed' | 'finalized' =>
    slot >= landedSlot + this.#chain.finalitySlots ? 'finalized' : 'confirmed';

  #slot = (state: Pick<PaperState, 'lastSlot'>, nowMs = this.#clock.nowMs()): number =>
    Math.max(state.lastSlot, slotAt(nowMs, this.#chain));

  async #seed(defaults: PaperDefaults, speed: Speed): Promise<void> {
    const { feed, periodMs } = this.#market;
    const wallMs = this.#clock.nowMs();
    const marketMs = feed.startMs(wallMs);
    const quote = feed.quoteAt(marketMs);
    if (quote === null) throw new CriticalError('FEED_EMPTY', `The feed ${feed.id} has no price at its start.`);
    const slot = slotAt(wallMs, this.#chain);
    const state = newAccount({ defaults, marketMs, wallMs, speed, oracle: quote.oracle, slot, periodMs });
    await this.#store.create(withPast(state, feed), equityRecord(this.engineId, state, wallMs), wallMs);
  }

  /** Changes the speed; what was due at the old speed is settled first. */
  async #setSpeed(speed: Speed): Promise<void> {
    await this.#change(async (change) => {
      const { state, nowMs } = change;
      const anchorMarketMs = scheduledMs(state, nowMs, this.#market.feed) ?? state.market.timeMs;
      change.state = { ...state, market: { ...state.market, anchorMarketMs, anchorWallMs: nowMs, speed } };
      change.dirty = true;
    });
  }

  /** The account now. If something is due, it is brought to now and written first; otherwise it is only read. */
  async #current(): Promise<PaperState> {
    const state = await this.#store.load();
    this.#isByTheClock = !isLockstep(state);
    const nowMs = this.#clock.nowMs();
    if (firstDue(state, this.#slot(state, nowMs), this.#chain) === null) {
      const walked = this.#walkTo(state, this.#readTarget(state, nowMs));
      if (!walked.eventful) return walked.state;
    }
    return await this.#change(async (change) => change.state);
  }

  /** The market time for a read or a transaction: by the clock, or where the watch left it. */
  #readTarget = (state: PaperState, wallMs: number): number =>
    isLockstep(state) ? state.market.timeMs : (scheduledMs(state, wallMs, this.#market.feed) ?? state.market.timeMs);

  /** Locks the account, brings it to now in as many transactions as that takes, then acts in the last one. */
  async #change<T>(
    act: (change: ChangeInProgress, context: { readonly busy: boolean; readonly trx: Tx }) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const done = await this.#store.change(async (state, context) => {
        const nowMs = this.#clock.nowMs();
        const slot = this.#slot(state, nowMs);
        const change = new ChangeInProgress(this.engineId, state, nowMs);
        const arrived = await this.#catchUp(change, slot, context.trx);
        const result = arrived ? { value: await act(change, context) } : null;
        if (change.dirty) change.state = { ...withPast(change.state, this.#market.feed), lastSlot: slot };
        return { change: change.written(slot - this.#chain.finalitySlots), result };
      });
      if (done !== null) return done.value;
    }
  }

  /** False when more is left than one database transaction should hold. */
  async #catchUp(change: ChangeInProgress, slot: number, trx: Tx): Promise<boolean> {
    for (
      let due = firstDue(change.state, slot, this.#chain);
      due !== null;
      due = firstDue(change.state, slot, this.#chain)
    ) {
      if (!this.#walk(change, this.#readTarget(change.state, blockTimeOf(due.slot, this.#chain)), false)) return false;
      if (due.kind === 'landing') await this.#landDue(change, due.signature, due.slot, trx);
      else await this.#fillDue(change, due.order, due.slot, trx);
    }
    return this.#walk(change, this.#readTarget(change.state, change.nowMs), false);
  }

  #walk(change: ChangeInProgress, targetMs: number, keep: boolean): boolean {
    const walked = this.#walkTo(change.state, targetMs);
    change.walked(walked, keep);
    return walked.arrived;
  }

  #walkTo(state: PaperState, targetMs: number) {
    const { feed, parameters } = this.#market;
    return walk(state, targetMs, {
      feed,
      parameters,
      marketsAt: (at, quote) => marketsOf(at, viewOf(this.#market, quote, 0)),
    });
  }

  /** The account with price, interest and funding booked up to its market time, as a transaction needs it. */
  #present(state: PaperState): PaperState {
    const { feed } = this.#market;
    const quote = quoteAt(feed, state.market.timeMs);
    return accrueInterest(countPrice(state, quote.oracle), state.market.timeMs, feed);
  }

  #landing(state: PaperState, slot: number, signature: string, filling: ExecutionContext['filling']): ExecutionContext {
    const quote = quoteAt(this.#market.feed, state.market.timeMs);
    return {
      parameters: this.#market.parameters,
      quote,
      markets: (at) => marketsOf(at, viewOf(this.#market, quote, slot)),
      pauses: this.faults.pauses,
      signature,
      blockTimeMs: blockTimeOf(slot, this.#chain),
      slot,
      filling,
    };
  }

  /** Applies the transaction once, at `slot`, whatever its result. */
  async #land(change: ChangeInProgress, sent: PaperTransaction, slot: number, trx: Tx): Promise<void> {
    change.state = this.#present(change.state);
    const { intent } = decodeWire(sent, this.engineId);
    const landing = this.#landing(change.state, slot, sent.signature, sent.filling);
    const run = runTransaction(change.state, intent, landing, sent.error);
    if (run === null) {
      change.put({ ...sent, status: 'dropped' });
      return;
    }
    change.checkpoint(slot);
    change.state = { ...run.state, changedSlot: slot };
    const landed: PaperTransaction = { ...sent, status: 'landed', slot, goneSlot: slot };
    if (run.applied.ok) {
      const { effect, gone } = run.applied;
      const rests = change.state.orders.some((order) => order.signature === sent.signature);
      change.put({ ...landed, effect, goneSlot: rests ? null : slot });
      change.tellFills(effect.fills ?? [], 0);
      for (const signature of gone) await this.#orderGone(change, signature, slot, [], trx);
    } else {
      change.put({ ...landed, error: run.applied.error });
    }
    change.tellEquity();
  }

  async #landDue(change: ChangeInProgress, signature: string, slot: number, trx: Tx): Promise<void> {
    const mempool = change.state.mempool.filter((waiting) => waiting.signature !== signature);
    change.state = { ...change.state, mempool };
    const sent = await this.#row(change, signature, trx);
    if (slot > sent.lastValidBlockHeight) change.put({ ...sent, status: 'dropped' });
    else await this.#land(change, sent, slot, trx);
  }

  /** The only event of a resting order: it is filled by the ordered part, or it expires; then it is gone. */
  async #fillDue(change: ChangeInProgress, order: RestingOrder, slot: number, trx: Tx): Promise<void> {
    change.state = this.#present(change.state);
    change.checkpoint(slot);
    const { changedSlot } = change.state;
    const without = withOrders(
      change.state,
      change.state.orders.filter((other) => other.orderId !== order.orderId),
    );
    const landing = this.#landing(without, slot, order.signature, AT_ONCE);
    const filled = landing.blockTimeMs > order.maxTsMs ? null : fillOrder(without, order, landing);
    const fills = filled?.ok === true && filled.fill !== null ? [filled.fill] : [];
    change.state = { ...(filled?.ok === true ? filled.state : without), changedSlot };
    await this.#orderGone(change, order.signature, slot, fills, trx);
    change.tellEquity();
  }

  async #orderGone(
    change: ChangeInProgress,
    signature: string,
    slot: number,
    fills: readonly Fill[],
    trx: Tx,
  ): Promise<void> {
    const row = await this.#row(change, signature, trx);
    const before = row.effect?.fills ?? [];
    const effect: LandedEffect = { ...row.effect, fills: [...before, ...fills] };
    change.put({ ...row, effect, goneSlot: slot });
    change.tellFills(fills, before.length);
  }

  async #row(change: ChangeInProgress, signature: string, trx: Tx): Promise<PaperTransaction> {
    const row = change.known(signature) ?? (await this.#store.transaction(signature, trx));
    if (row === null)
      throw new UnknownStateError('PAPER_TRANSACTION_MISSING', `No row of ${signature}.`, { signature });
    return row;
  }
}

type Due =
  | { readonly kind: 'landing'; readonly slot: number; readonly signature: string }
  | { readonly kind: 'order'; readonly slot: number; readonly order: RestingOrder };

/** The earliest landing or end of an order that is due by `slot`. */
function firstDue(state: PaperState, slot: number, chain: ChainTuning): Due | null {
  if (state.mempool.length === 0 && state.orders.length === 0) return null;
  const dues: Due[] = [
    ...state.mempool.map(({ signature, dueSlot }) => ({ kind: 'landing' as const, slot: dueSlot, signature })),
    ...state.orders.map((order) => ({
      kind: 'order' as const,
      slot: Math.min(order.dueSlot, Math.floor(order.maxTsMs / chain.slotMs) + 1),
      order,
    })),
  ];
  return dues.filter((due) => due.slot <= slot).sort((a, b) => a.slot - b.slot)[0] ?? null;
}

const fillingOf = (fault: SubmitFault | null): ExecutionContext['filling'] =>
  fault?.kind === 'fills' ? { ppm: fault.ppm, afterSlots: fault.afterSlots ?? 0 } : AT_ONCE;

const node = (says: NodeTestimony['says']): NodeTestimony => ({ node: NODE, says });
