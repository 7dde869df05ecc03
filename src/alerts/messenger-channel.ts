/**
 * Brings alerts to a person through one messenger. The first message about an alert that this process raised goes out at once
 * from memory and waits for no store. Beside it the journal keeps which alerts were sent: what a process that died left, what
 * another wrote, and what is repeated while it stands comes from there, and is claimed there so that one process sends it.
 * Several alerts that are due together go out as one message, and a storm is held back to a few messages a minute.
 */
import { randomUUID } from 'node:crypto';
import type { Alert } from '../domain/alerts/alert.ts';
import type { Deliveries, DueAlert } from '../journal/deliveries.ts';
import type { Mutes } from '../journal/muting.ts';
import type { Clock } from '../lib/clock.ts';
import { hashJson } from '../lib/ids.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import { within } from '../lib/within.ts';
import type { AlertChannel, AlertOrigin, ChannelLogger } from './channels.ts';
import { type DeliveryPolicy, firstDueMs, isWanted, redeliveryMs, wantedOf } from './delivery-policy.ts';
import type { EnginePages } from './engine-pages.ts';
import { alertsMessage } from './messengers/message.ts';
import type { Messenger, Sent } from './messengers/messenger.ts';

/** What stands between a message and its person, for the alert about it. */
export interface MessengerState {
  readonly name: string;
  readonly works: boolean;
  readonly why: string;
}

export interface MessengerPorts {
  readonly messenger: Messenger;
  readonly policy: DeliveryPolicy;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  /** Until when a person has muted what is not critical. */
  readonly mutes: () => Promise<Mutes>;
  /** Of a time, in the person's time zone. */
  readonly minuteOfDay: (ms: number) => number;
  readonly logger: ChannelLogger;
  readonly pages: EnginePages;
  /** Told when it stops working, and when it works again. */
  readonly onState: (state: MessengerState) => void;
  readonly limits?: Partial<typeof LIMITS>;
}

export const LIMITS = {
  /** How often the journal is asked for what others left. */
  sweepMs: 10_000,
  /** How often memory is looked through. */
  tickMs: 250,
  /** An alert that another process wrote is that process's for so long. */
  graceMs: 15_000,
  maxAgeMs: 86_400_000,
  claimMs: 60_000,
  /** The journal has so long to answer. */
  journalMs: 3_000,
  /** Messages within a minute before the rest wait and go out together. */
  burst: 5,
  /** What is critical waits at most so long in a storm. */
  criticalWaitMs: 10_000,
  /** The most alerts in memory; the journal has the rest. */
  waiting: 500,
  /** A stop waits at most so long for what is due. */
  stopMs: 3_000,
  /** Failures in a row before the person is told by other ways. */
  failuresTold: 3,
};

const WINDOW_MS = 60_000;

interface Waiting {
  readonly alert: Alert;
  readonly times: number;
  /** Raised in this process: its first message needs no claim. */
  readonly own: boolean;
  readonly sinceMs: number;
  dueMs: number;
  failed: number;
  /** In a message that is on its way. */
  sending: boolean;
}

export class MessengerChannel implements AlertChannel {
  readonly name: string;
  readonly #ports: MessengerPorts;
  readonly #limits: typeof LIMITS;
  readonly #holder = randomUUID();
  readonly #waiting = new Map<string, Waiting>();
  /** Sent, and the journal does not know it yet. */
  readonly #unrecorded = new Set<string>();
  readonly #sentAtMs: number[] = [];
  #begun = false;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  /** The endpoint asked for quiet until then, whatever is due. */
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #mutes: Mutes = { allUntilMs: 0, engines: new Map() };
  #failures = 0;
  #told = false;
  #rounds: readonly Repeated[] = [];

  constructor(ports: MessengerPorts) {
    this.name = ports.messenger.name;
    this.#ports = ports;
    this.#limits = { ...LIMITS, ...ports.limits };
  }

  start(): this {
    const { tickMs } = this.#limits;
    this.#rounds = [
      repeatEvery(tickMs, () => this.#guarded(() => this.#sendFresh())),
      repeatEvery(tickMs, (signal) => this.#guarded(() => this.#withJournal(signal))),
    ];
    return this;
  }

  deliver(alert: Alert, origin: AlertOrigin = 'here'): void {
    // Another process raised it and sends it. If that process dies, the journal says so.
    if (origin === 'journal') return;
    const { policy, clock, minuteOfDay } = this.#ports;
    if (!isWanted(alert, policy) || this.#waiting.has(alert.id)) return;
    const nowMs = clock.nowMs();
    const dueMs = firstDueMs(alert, policy, nowMs, minuteOfDay(nowMs));
    this.#keep({ alert, times: 0, own: true, sinceMs: nowMs, dueMs, failed: 0, sending: false });
  }

  /** What is due goes out; the rest is in the journal for the next start. */
  async stop(): Promise<void> {
    await within(this.#limits.stopMs, async () => {
      await Promise.all(this.#rounds.map(({ stop }) => stop()));
      await this.#sendFresh();
      await this.#record();
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (err) {
      this.#ports.logger.warn({ channel: this.name, err }, 'Alerts could not be sent; trying again');
    }
  }

  /** Raised here a moment ago: nobody else can have sent it, so that no store is asked. */
  async #sendFresh(): Promise<void> {
    const due = this.#due((item, nowMs) => this.#isFresh(item, nowMs));
    if (due.length > 0) await this.#send(due);
  }

  async #withJournal(signal: AbortSignal): Promise<void> {
    if (this.#unrecorded.size > 0) await this.#record();
    if (!signal.aborted) await this.#sweep();
    const due = this.#due((item, nowMs) => !this.#isFresh(item, nowMs));
    if (due.length > 0) await this.#send(await this.#claimed(due));
  }

  #isFresh({ own, sinceMs }: Waiting, nowMs: number): boolean {
    return own && sinceMs > nowMs - this.#limits.graceMs;
  }

  #due(belongs: (item: Waiting, nowMs: number) => boolean): readonly Waiting[] {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < this.#restsUntilMs) return [];
    const due = [...this.#waiting.values()].filter(
      (item) => item.dueMs <= nowMs && !item.sending && belongs(item, nowMs) && !this.#isMuted(item, nowMs),
    );
    return this.#isStorm(due, nowMs) ? [] : due;
  }

  /** What is critical is never muted. */
  #isMuted({ alert }: Waiting, nowMs: number): boolean {
    const { allUntilMs, engines } = this.#mutes;
    const ofEngineMs = alert.engineId === null ? 0 : (engines.get(alert.engineId) ?? 0);
    return nowMs < Math.max(allUntilMs, ofEngineMs) && !(alert.kind === 'alert' && alert.severity === 'critical');
  }

  /** As one message. */
  async #send(items: readonly Waiting[]): Promise<void> {
    if (items.length === 0) return;
    const { clock, messenger, pages } = this.#ports;
    for (const item of items) item.sending = true;
    const message = alertsMessage({
      id: hashJson([this.name, items.map(({ alert, times }) => [alert.id, times])]).slice(0, 32),
      sentAtMs: clock.nowMs(),
      items: items.map(({ alert, times }) => ({ alert, repeats: times })),
      pages,
    });
    const sent = await messenger.send(message);
    if (sent.kind === 'sent') this.#wasSent(items);
    else this.#wasNotSent(items, sent);
  }

  #wasSent(items: readonly Waiting[]): void {
    this.#sentAtMs.push(this.#ports.clock.nowMs());
    for (const { alert } of items) {
      this.#waiting.delete(alert.id);
      this.#unrecorded.add(alert.id);
    }
    this.#works();
  }

  #wasNotSent(items: readonly Waiting[], sent: Exclude<Sent, { readonly kind: 'sent' }>): void {
    const { clock, logger } = this.#ports;
    const nowMs = clock.nowMs();
    const askedMs = sent.kind === 'later' ? sent.afterMs : null;
    // A limit is on all messages: another one within it would only prolong it.
    if (askedMs !== null) this.#restsUntilMs = nowMs + askedMs;
    for (const item of items) {
      item.sending = false;
      item.failed += 1;
      item.dueMs = nowMs + redeliveryMs(item.failed, askedMs);
    }
    logger.warn(
      { channel: this.name, why: sent.why, alerts: items.length },
      'A message was not delivered; trying again',
    );
    this.#fails(sent.why, sent.kind === 'refused');
  }

  #isStorm(due: readonly Waiting[], nowMs: number): boolean {
    while ((this.#sentAtMs[0] ?? nowMs) <= nowMs - WINDOW_MS) this.#sentAtMs.shift();
    if (this.#sentAtMs.length < this.#limits.burst) return false;
    return !due.some(
      ({ alert, sinceMs }) => alert.severity === 'critical' && sinceMs <= nowMs - this.#limits.criticalWaitMs,
    );
  }

  /** Without the journal only what this process raised is sent: better twice than not at all. */
  async #claimed(due: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { deliveries, clock } = this.#ports;
    const { claimMs, journalMs } = this.#limits;
    const wanted = due.map(({ alert, times }) => ({ id: alert.id, times }));
    const claim = { holder: this.#holder, nowMs: clock.nowMs(), holdMs: claimMs };
    const claimed = await within(journalMs, () => deliveries.claim(this.name, wanted, claim));
    if (claimed.kind !== 'value') return due.filter(({ own }) => own);
    for (const { alert } of due) if (!claimed.value.has(alert.id)) this.#waiting.delete(alert.id);
    return due.filter(({ alert }) => claimed.value.has(alert.id));
  }

  async #record(): Promise<void> {
    const { deliveries, clock } = this.#ports;
    const ids = [...this.#unrecorded];
    const noted = await within(this.#limits.journalMs, () => deliveries.sent(this.name, ids, clock.nowMs()));
    if (noted.kind === 'value') for (const id of ids) this.#unrecorded.delete(id);
  }

  /** What others left, and what is to be repeated. */
  async #sweep(): Promise<void> {
    const { deliveries, clock, policy, minuteOfDay } = this.#ports;
    const { sweepMs, graceMs, maxAgeMs, journalMs } = this.#limits;
    const nowMs = clock.nowMs();
    if (nowMs - this.#sweptAtMs < sweepMs) return;
    this.#sweptAtMs = nowMs;
    const due = await within(journalMs, async (): Promise<readonly DueAlert[]> => {
      if (!this.#begun) await deliveries.begin(this.name, nowMs);
      this.#begun = true;
      this.#mutes = await this.#ports.mutes();
      const mutedEngines = [...this.#mutes.engines].filter(([, untilMs]) => untilMs > nowMs).map(([id]) => id);
      const { repeatMs } = policy;
      const asked = { channel: this.name, nowMs, graceMs, maxAgeMs, repeatMs, mutedEngines };
      return await deliveries.due({ ...asked, ...wantedOf(policy) });
    });
    // A journal that is away is reported elsewhere.
    if (due.kind !== 'value') return;
    for (const { alert, times } of due.value) {
      if (!isWanted(alert, policy) || this.#waiting.has(alert.id) || this.#unrecorded.has(alert.id)) continue;
      const dueMs = firstDueMs(alert, policy, nowMs, minuteOfDay(nowMs));
      this.#keep({ alert, times, own: false, sinceMs: nowMs, dueMs, failed: 0, sending: false });
    }
  }

  #keep(item: Waiting): void {
    this.#waiting.set(item.alert.id, item);
    if (this.#waiting.size <= this.#limits.waiting) return;
    const least = [...this.#waiting.values()].find(({ alert }) => alert.severity !== 'critical') ?? item;
    this.#waiting.delete(least.alert.id);
  }

  #works(): void {
    this.#failures = 0;
    if (!this.#told) return;
    this.#told = false;
    this.#ports.onState({ name: this.name, works: true, why: '' });
  }

  #fails(why: string, refused: boolean): void {
    this.#failures += 1;
    if (this.#told || (!refused && this.#failures < this.#limits.failuresTold)) return;
    this.#told = true;
    this.#ports.onState({ name: this.name, works: false, why });
  }
}
