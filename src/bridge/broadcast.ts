/** What every socket gets: the figures each second and at each change, and each new row of the journal. */

import type { Logger } from 'pino';
import { usdNumber } from '../domain/money/units.ts';
import type { JournalEvent } from '../journal/journal.ts';
import type { EngineRecord, FundingRecord } from '../journal/records.ts';
import { BoundedMap } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import type { BroadcastData } from '../protocol/messages.ts';
import { coalesced } from './coalesce.ts';
import type { EngineWatch } from './engine-watch.ts';
import type { JournalEvents } from './journal-events.ts';
import type { JournalLookup } from './journal-lookup.ts';
import {
  API_LOOKUP_MS,
  MAX_FOLLOWED_OPERATIONS,
  MAX_PAGE_ITEMS,
  OPEN_ENDS_SWEEP_MS,
  STATS_INTERVAL_MS,
  STATS_MIN_GAP_MS,
  STATS_REREAD_MS,
  STATS_WAIT_MS,
} from './limits.ts';
import type { Links } from './links.ts';
import type { OpenEnds } from './open-ends.ts';
import { broadcastFrame } from './protocol.ts';
import { transitionView } from './record-views.ts';
import { isoTime, rateNumber } from './units-view.ts';

interface BroadcastPorts {
  readonly engineId: string;
  readonly events: JournalEvents;
  readonly lookup: JournalLookup;
  readonly watch: EngineWatch;
  readonly ends: OpenEnds;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly links: Links;
  /** SYSTEM_STATS' data from what is known now. */
  readonly stats: () => BroadcastData<'SYSTEM_STATS'>;
  readonly audience: () => number;
  readonly send: (frame: string, options: { readonly stats: boolean }) => void;
}

/** Where an operation's telling stands. */
interface Followed {
  toldSequence: number;
  readonly commandId: string | null;
}

export class Broadcast {
  readonly #ports: BroadcastPorts;
  readonly #followed = new BoundedMap<string, Followed>(MAX_FOLLOWED_OPERATIONS);
  readonly #toldFunding = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #statsTimer: NodeJS.Timeout | null = null;
  #sentStatsAtMs = Number.NEGATIVE_INFINITY;
  #dirty = true;
  #toldStatus: string | null = null;
  #closed = false;
  /** Rows are sent in the order of their events. */
  #telling: Promise<void> = Promise.resolve();

  constructor(ports: BroadcastPorts) {
    this.#ports = ports;
  }

  async start(): Promise<void> {
    this.#timers.push(
      setInterval(() => void this.#tick(), STATS_INTERVAL_MS),
      setInterval(() => void this.#ports.ends.sweep(), OPEN_ENDS_SWEEP_MS),
    );
    const { events, engineId } = this.#ports;
    await events.subscribe({ engineId, take: (event) => this.#take(event), gap: () => this.#gap() });
    await within(STATS_WAIT_MS, () => this.#ports.watch.read());
    this.#tellStatus();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#statsTimer !== null) clearTimeout(this.#statsTimer);
    this.#ports.events.unsubscribe(this.#ports.engineId);
  }

  /** The current state for a socket that has just come. */
  greeting(): readonly string[] {
    const { engine } = this.#ports.watch.known;
    const stats = broadcastFrame('SYSTEM_STATS', this.#ports.stats());
    return engine === null ? [stats] : [broadcastFrame('ENGINE_STATUS', statusView(engine)), stats];
  }

  #take(event: JournalEvent): void {
    if (this.#closed) return;
    const { ends } = this.#ports;
    switch (event.table) {
      case 'engines':
      case 'snapshots':
      case 'trades':
      case 'equity':
        this.#changed();
        return;
      case 'commands':
        void ends.changed(event.key);
        return;
      case 'transitions':
        this.#tell(() => this.#tellTransitions(event.key));
        return;
      case 'funding':
        this.#fundingEvent(event.key);
        return;
      case 'alerts':
      case 'operations':
        return;
    }
  }

  /** Events may have been missed: everything that they tell of is asked for. */
  #gap(): void {
    if (this.#closed) return;
    this.#changed();
    void this.#ports.ends.sweep();
    for (const operationId of this.#followed.keys()) this.#tell(() => this.#tellTransitions(`${operationId}/`));
    this.#tell(() => this.#tellFunding());
  }

  #tell(work: () => Promise<void>): void {
    this.#telling = this.#telling.then(work).catch((error: unknown) => {
      this.#ports.logger.warn({ err: error }, 'A change could not be broadcast');
    });
  }

  /** Tells the figures at once, and again only after `STATS_MIN_GAP_MS`. */
  #changed(): void {
    this.#dirty = true;
    if (this.#statsTimer !== null || this.#closed) return;
    const wait = Math.max(0, this.#sentStatsAtMs + STATS_MIN_GAP_MS - this.#ports.clock.nowMs());
    this.#statsTimer = setTimeout(
      () => {
        this.#statsTimer = null;
        void this.#refreshAndSend();
      },
      Math.min(wait, STATS_MIN_GAP_MS),
    );
  }

  async #tick(): Promise<void> {
    if (this.#ports.audience() === 0) return;
    const { watch } = this.#ports;
    if (this.#dirty || !watch.fresh || watch.ageOfReadMs > STATS_REREAD_MS) await this.#refreshAndSend();
    else this.#sendStats();
  }

  readonly #refreshAndSend = coalesced(async () => {
    this.#dirty = false;
    const read = await within(STATS_WAIT_MS, () => this.#ports.watch.read());
    if (read.kind !== 'value' || !this.#ports.watch.fresh) this.#dirty = true;
    this.#tellStatus();
    this.#sendStats();
  });

  #sendStats(): void {
    if (this.#closed || this.#ports.audience() === 0) return;
    this.#sentStatsAtMs = this.#ports.clock.nowMs();
    this.#ports.send(broadcastFrame('SYSTEM_STATS', this.#ports.stats()), { stats: true });
  }

  #tellStatus(): void {
    const { engine } = this.#ports.watch.known;
    if (engine === null) return;
    const frame = broadcastFrame('ENGINE_STATUS', statusView(engine));
    const first = this.#toldStatus === null;
    if (frame === this.#toldStatus) return;
    this.#toldStatus = frame;
    if (!first || this.#ports.audience() > 0) this.#ports.send(frame, { stats: false });
  }

  /** `key`: `operationId/sequence`. Sends the transitions that were not sent yet, in order. */
  async #tellTransitions(key: string): Promise<void> {
    const slash = key.lastIndexOf('/');
    const operationId = key.slice(0, slash);
    const sequence = key.slice(slash + 1);
    const { lookup, links, send } = this.#ports;
    const followed = this.#followed.get(operationId) ?? (await this.#follow(operationId, Number(sequence)));
    if (sequence !== '' && Number(sequence) <= followed.toldSequence) return;
    const found = await lookup(API_LOOKUP_MS, (journal) => journal.transitions(operationId));
    if (!found.known) return;
    for (const transition of found.value) {
      if (transition.sequence <= followed.toldSequence) continue;
      followed.toldSequence = transition.sequence;
      send(broadcastFrame('TRANSACTION_UPDATE', transitionView(transition, followed, links)), { stats: false });
    }
  }

  async #follow(operationId: string, sequence: number): Promise<Followed> {
    const found = await this.#ports.lookup(API_LOOKUP_MS, (journal) => journal.operation(operationId));
    const followed: Followed = {
      toldSequence: sequence - 1,
      commandId: found.known ? (found.value?.commandId ?? null) : null,
    };
    this.#followed.set(operationId, followed);
    return followed;
  }

  /** `key`: `market/period`. The first event of a market tells where the telling begins. */
  #fundingEvent(key: string): void {
    const slash = key.lastIndexOf('/');
    const market = key.slice(0, slash);
    const periodTsMs = Number(key.slice(slash + 1));
    if (!this.#toldFunding.has(market)) this.#toldFunding.set(market, periodTsMs - 1);
    this.#tell(() => this.#tellFunding());
  }

  readonly #tellFunding = coalesced(async () => {
    const { engineId, lookup, send } = this.#ports;
    if (this.#toldFunding.size === 0) return;
    const found = await lookup(API_LOOKUP_MS, (journal) => journal.funding({ engineId, limit: MAX_PAGE_ITEMS }));
    if (!found.known) return;
    for (const market of this.#toldFunding.keys()) {
      const fresh = found.value.items.filter(
        (payment) => payment.market === market && payment.periodTsMs > (this.#toldFunding.get(market) ?? 0),
      );
      if (fresh.length === 0) continue;
      const total = await lookup(API_LOOKUP_MS, (journal) => journal.fundingTotal(engineId, market));
      if (!total.known) return;
      for (const { payment, totalThen } of withTotals(fresh, BigInt(total.value))) {
        this.#toldFunding.set(market, Math.max(payment.periodTsMs, this.#toldFunding.get(market) ?? 0));
        send(broadcastFrame('FUNDING_UPDATE', fundingUpdate(payment, totalThen)), { stats: false });
      }
    }
  });
}

const statusView = (engine: EngineRecord): BroadcastData<'ENGINE_STATUS'> => ({
  engine_id: engine.engineId,
  mode: engine.mode,
  state: engine.state,
  trading_state: engine.tradingState,
  reason: engine.reason,
});

/** Newest first in, oldest first out, each with the total that stood after it. */
function withTotals(
  payments: readonly FundingRecord[],
  totalNow: bigint,
): readonly { payment: FundingRecord; totalThen: bigint }[] {
  let total = totalNow;
  const told = payments.map((payment) => {
    const totalThen = total;
    total -= BigInt(payment.amount);
    return { payment, totalThen };
  });
  return told.toReversed();
}

const fundingUpdate = (payment: FundingRecord, total: bigint): BroadcastData<'FUNDING_UPDATE'> => ({
  market: payment.market,
  period_ts: isoTime(payment.periodTsMs),
  rate: rateNumber(payment.rate),
  amount: usdNumber(payment.amount),
  total: usdNumber(total.toString()),
});
