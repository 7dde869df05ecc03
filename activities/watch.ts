/**
 * The long watch: reads the account every poll, writes snapshots and alerts to the journal, and returns only when the
 * workflow has something to do. History grows with decisions, not with time.
 */

import { CancelledFailure, Context } from '@temporalio/activity';
import type { AlertSink } from '../src/alerts/channels.ts';
import type { Markets } from '../src/domain/account/account.ts';
import { encodeSnapshot, type Snapshot } from '../src/domain/account/snapshot.ts';
import { raised } from '../src/domain/alerts/alert.ts';
import { parameterAlert } from '../src/domain/alerts/parameter-changes.ts';
import { setupCode } from '../src/domain/alerts/setup-alerts.ts';
import { type Decision, decide } from '../src/domain/engine/decide.ts';
import { nextTurn } from '../src/domain/engine/poll-turn.ts';
import { isLiquidatedSince, reconcile } from '../src/domain/engine/reconcile.ts';
import { chartPoint } from '../src/domain/figures/chart-point.ts';
import { blockingGates, type Gate } from '../src/domain/gates/gates.ts';
import { decodePolicy, type Policy } from '../src/domain/hedge/policy.ts';
import { isNewDecision } from '../src/journal/decision-change.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { DecisionRecord } from '../src/journal/records.ts';
import { BoundedMap } from '../src/lib/bounded.ts';
import type { Clock } from '../src/lib/clock.ts';
import { CriticalError, TransientError } from '../src/lib/errors.ts';
import { within } from '../src/lib/within.ts';
import type { Venue } from '../src/venues/venue.ts';
import { AlertDesk } from './alert-desk.ts';
import type { WatchInput, WatchResult } from './contract.ts';
import { asErrorReport } from './failures.ts';

/** How a venue that cannot be read is tried again. */
export interface ReadRetries {
  /** Waited after the first failure, the second and so on; after the last the connection counts as lost. */
  readonly afterMs: readonly number[];
  /** How often a lost connection is tried. */
  readonly reconnectMs: number;
}

const READ_RETRIES: ReadRetries = { afterMs: [1_000, 2_000, 4_000], reconnectMs: 10_000 };
/** However fast the market runs, the wall clock is not polled faster. */
const MIN_POLL_MS = 250;
/** Of the silence after which the watch counts as lost. */
const HEARTBEATS_IN_SILENCE = 4;
/** A timer may fire so long before it is due by the wall clock. */
const EARLY_MS = 2;
const HEARTBEAT_MS = 2_000;
const THIN_EVERY_MS = 3_600_000;
/** Of a process; each watch begins with what the one before knew. */
const REMEMBERED_ENGINES = 5_000;
/** Reading goes on beside books that have much to catch up with. */
const BOOKS_WAIT_MS = 2_000;
/** A look waits this long for the journal, so that a decision is not delayed. */
const JOURNAL_WAIT_MS = 1_000;
/** After this time without a successful update of the books, an alert is raised. */
const BOOKS_BEHIND_MS = 120_000;

interface WatchPorts {
  venueOf(engineId: string): Promise<Venue>;
  readonly journal: Journal;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  /** By default the product's; tests try sooner. */
  readonly readRetries?: ReadRetries;
}

export const createWatch = (ports: WatchPorts) => {
  /** The last alerts by engine: a watch continues from them while the journal is away. */
  const desks = new BoundedMap<string, AlertDesk>(REMEMBERED_ENGINES);
  /** As last read, by engine: parameters are compared with it. */
  const seen = new BoundedMap<string, Markets>(REMEMBERED_ENGINES);
  const decided = new BoundedMap<string, DecisionRecord>(REMEMBERED_ENGINES);
  return async (input: WatchInput): Promise<WatchResult> => {
    const context = Context.current();
    const silenceMs = context.info.heartbeatTimeoutMs ?? 0;
    const everyMs = Math.max(HEARTBEAT_MS, silenceMs / HEARTBEATS_IN_SILENCE);
    const heartbeat = setInterval(() => context.heartbeat(), everyMs);
    context.heartbeat();
    try {
      return await new Watch(ports, input, context, { desks, seen, decided }).run();
    } finally {
      clearInterval(heartbeat);
    }
  };
};

/** What one watch leaves to the next of the same process. */
interface WatchMemory {
  readonly desks: BoundedMap<string, AlertDesk>;
  readonly seen: BoundedMap<string, Markets>;
  /** The last decision that the journal has, by engine. */
  readonly decided: BoundedMap<string, DecisionRecord>;
}

class Watch {
  private readonly ports: WatchPorts;
  private readonly input: WatchInput;
  private readonly policy: Policy;
  private readonly context: Context;
  private readonly desks: BoundedMap<string, AlertDesk>;
  private readonly seen: BoundedMap<string, Markets>;
  private readonly decided: BoundedMap<string, DecisionRecord>;
  private alerts: AlertDesk | null = null;
  /** Market time of the last decision. */
  private decidedAtMs: number | null = null;
  private thinnedAtMs: number;
  /** Of the last snapshot. */
  private readSlot = 0;
  /** What was read since (wall clock) will do for this look; null: the account is read now, for itself. */
  private sinceMs: number | null = null;
  private keeping: Promise<void> | null = null;
  /** Why the books cannot be kept, and since when. */
  private booksBehind: { readonly sinceMs: number; readonly reason: string } | null = null;

  constructor(ports: WatchPorts, input: WatchInput, context: Context, { desks, seen, decided }: WatchMemory) {
    this.ports = ports;
    this.desks = desks;
    this.seen = seen;
    this.decided = decided;
    this.input = input;
    this.policy = decodePolicy(input.policy);
    this.context = context;
    this.thinnedAtMs = ports.clock.nowMs();
  }

  async run(): Promise<WatchResult> {
    for (let failures = 0; ; ) {
      try {
        const result = await this.once();
        failures = 0;
        if (result.done !== null) return result.done;
        if (this.ports.clock.nowMs() >= this.input.untilMs) return { kind: 'checkpoint' };
        await this.untilNext(result.pauseMs);
      } catch (error) {
        const { reconnecting, context } = this.input;
        const { afterMs, reconnectMs } = this.ports.readRetries ?? READ_RETRIES;
        if (error instanceof CriticalError) {
          const told =
            context.holds.find((hold) => hold.code === 'connection')?.details?.alert === setupCode(error.code);
          // The alert was raised already. The engine is stopped, and the next try sees a person's correction.
          if (!told || context.engineRunning) return { kind: 'lost', error: error.report(), critical: true };
        } else if (!(error instanceof TransientError)) throw error;
        if (reconnecting) {
          await this.untilRetry(reconnectMs);
          continue;
        }
        const waitMs = afterMs[failures];
        failures += 1;
        if (waitMs === undefined) return { kind: 'lost', error: asErrorReport(error), critical: false };
        await this.untilRetry(waitMs);
      }
    }
  }

  private async once(): Promise<{ readonly done: WatchResult | null; readonly pauseMs: number }> {
    const { engineId, epoch, generation } = this.input;
    const venue = await this.ports.venueOf(engineId);
    const more = this.mayAdvance() ? ((await venue.advance?.())?.more ?? false) : false;
    await this.keepBooks(venue);
    const { sinceMs } = this;
    this.sinceMs = null;
    const snapshot =
      sinceMs === null || venue.shared === undefined ? await venue.read('confirmed') : await venue.shared.poll(sinceMs);
    this.readSlot = snapshot.slot;
    const fence = { engineId, epoch, generation, attempt: this.context.info.attempt };
    const { journal } = this.ports;
    const chart = chartPoint(snapshot, this.policy, this.input.context.hedgeTargetPpm);
    // The account was read even if the write fails: a journal that is away is not a lost connection.
    const written = await this.ask(() => journal.recordSnapshot(fence, encodeSnapshot(snapshot), chart));
    // A newer watch writes. This one was cut off, and nobody takes its result; or its workflow is behind.
    if (written === false) return { done: { kind: 'behind' }, pauseMs: 0 };
    // Paper lives in the journal: there everything waits for it.
    const mayGuard = written !== null || venue.kind !== 'paper';
    const why = (await this.overtaken()) ? null : await this.look(snapshot, written !== null, mayGuard);
    await this.ask(() => this.thin());
    if (why !== null) return { done: { kind: 'decide', snapshot: encodeSnapshot(snapshot), why }, pauseMs: 0 };
    return { done: null, pauseMs: more ? 0 : this.pollMs() };
  }

  /** The journal's answer; null if it is away or takes too long. Other errors are thrown. */
  private async ask<T>(question: () => Promise<T>): Promise<T | null> {
    const answer = await within(JOURNAL_WAIT_MS, question);
    if (answer.kind === 'value') return answer.value;
    if (answer.kind === 'failed' && !(answer.error instanceof TransientError)) throw answer.error;
    return null;
  }

  /** Updates the books, one step at a time. A failure raises an alert, and never keeps us from reading the account. */
  private async keepBooks(venue: Venue): Promise<void> {
    if (venue.keepBooks === undefined) return;
    this.keeping ??= venue
      .keepBooks()
      .then(
        () => {
          this.booksBehind = null;
        },
        (error: unknown) => {
          const { message } = asErrorReport(error);
          this.booksBehind = { sinceMs: this.booksBehind?.sinceMs ?? this.ports.clock.nowMs(), reason: message };
        },
      )
      .finally(() => {
        this.keeping = null;
      });
    const { keeping } = this;
    await within(BOOKS_WAIT_MS, () => keeping);
  }

  private tellBooks(alerts: AlertDesk, snapshot: Snapshot, nowMs: number): void {
    const behind = this.booksBehind;
    if (behind === null) alerts.recover('BOOKS_BEHIND', nowMs);
    else if (nowMs - behind.sinceMs >= BOOKS_BEHIND_MS && alerts.standingAlert('BOOKS_BEHIND') === null) {
      const draft = raised('BOOKS_BEHIND', { since_ms: behind.sinceMs, reason: behind.reason });
      alerts.raise(draft, nowMs, { market_time_ms: snapshot.marketTimeMs });
    }
  }

  private tellParameters(alerts: AlertDesk, snapshot: Snapshot, nowMs: number): void {
    const { engineId } = this.input;
    const before = this.seen.get(engineId);
    this.seen.set(engineId, snapshot.markets);
    const draft = before === undefined ? null : parameterAlert(snapshot.account, before, snapshot.markets);
    if (draft !== null) alerts.raise(draft, nowMs, { market_time_ms: snapshot.marketTimeMs });
  }

  /** In lockstep the market waits until an operation has ended and the engine has looked at the account. */
  private mayAdvance(): boolean {
    const { context, look, reconnecting } = this.input;
    return !context.busy && context.dropped !== true && !look && !reconnecting;
  }

  private pollMs(): number {
    const speed = this.policy.marketSpeed;
    return Math.max(
      MIN_POLL_MS,
      speed === 'max' ? this.policy.pollIntervalMs / 10 : this.policy.pollIntervalMs / speed,
    );
  }

  /** An operation that began after this watch may be half visible in the snapshot, so the next watch decides. */
  private async overtaken(): Promise<boolean> {
    // If the journal does not respond, the workflow drops results of an older context itself.
    const unfinished = await this.ask(() => this.ports.journal.unfinishedOperations(this.input.engineId));
    return (unfinished ?? []).some(
      (operation) => operation.status === 'running' && operation.createdAtMs >= this.input.startedAtMs,
    );
  }

  /** Standing alerts come from the journal or, while it is away, from what this process raised last. */
  private async openDesk(): Promise<AlertDesk> {
    const { engineId, epoch, generation } = this.input;
    const opened = await this.ask(() => AlertDesk.open(this.ports, engineId));
    const unread = () => AlertDesk.unread(this.ports.alerts, engineId, `${epoch}/${generation}`);
    const desk = opened?.takeOver(this.desks.get(engineId)) ?? this.desks.get(engineId) ?? unread();
    this.desks.set(engineId, desk);
    // An open one stays; else the journal is asked again at the next look.
    if (opened !== null) this.alerts = desk;
    return desk;
  }

  /** Why the workflow should look at this snapshot; null: nothing to do. `journaled`: the journal has it. */
  private async look(snapshot: Snapshot, journaled: boolean, mayGuard: boolean): Promise<string | null> {
    const { input } = this;
    const desk = this.alerts ?? (await this.openDesk());
    const nowMs = this.ports.clock.nowMs();
    const carryWarnedAtMs = marketTimeOf(desk.standingAlert('CARRY_NEGATIVE')?.details);
    const exitWarnedAtMs = marketTimeOf(desk.standingAlert('CARRY_EXIT_DUE')?.details);
    const pausesTold = forbidsOf(desk.standingAlert('VENUE_PAUSED')?.details);
    const decision = decide(
      snapshot,
      { ...input.context, carryWarnedAtMs, exitWarnedAtMs, pausesTold },
      this.policy,
      nowMs,
      desk.standing(),
    );
    this.tell(desk, decision, snapshot, nowMs);
    await this.ask(() => desk.write());
    if (journaled) await this.recordDecision(decision, snapshot, nowMs);
    if (input.look || input.reconnecting) return 'look';
    if (isLiquidatedSince(snapshot, input.liquidatedMs)) return 'the venue liquidated';
    const { expectedPerp, ledger } = input;
    // A watch that an older version started has no position here: it returns at once, and the engine starts another.
    const expected = expectedPerp == null ? null : BigInt(expectedPerp);
    if (input.reconcile && reconcile(expected, snapshot, null, ledger ?? null).kind !== 'none') {
      return 'the position is not what the engine knows';
    }
    const passed = (untilMs: number | null) => untilMs !== null && snapshot.marketTimeMs >= untilMs;
    if (passed(input.context.cooldownUntilMs)) return 'the cooldown is over';
    if (passed(input.backoffUntilMs)) return 'the backoff is over';
    const isHeldBy = (code: string) => input.context.holds.some((hold) => hold.code === code);
    if (snapshot.feed.ended !== isHeldBy('feed_ended')) return 'the feed ended or goes on';
    if ((snapshot.nodesDisagree != null) !== isHeldBy('nodes_disagree')) return 'the nodes disagree, or agree again';
    if (decision.action.kind === 'guard') return mayGuard ? 'the guard must act' : null;
    // A correction waits for the journal, because its rows could not be written.
    if (!journaled || !this.decisionDue(snapshot)) return null;
    this.decidedAtMs = snapshot.marketTimeMs;
    return decision.action.kind === 'none' ? null : 'a trade is due';
  }

  /** What an operation does while it runs is told by the operation. */
  private async recordDecision(decision: Decision, snapshot: Snapshot, nowMs: number): Promise<void> {
    const { engineId, context } = this.input;
    if (context.busy) return;
    const record = decisionRecord(engineId, decision, snapshot.marketTimeMs, nowMs);
    if (!isNewDecision(this.decided.get(engineId) ?? null, record)) return;
    const written = await this.ask(() => this.ports.journal.recordDecision(record).then(() => true));
    if (written === true) this.decided.set(engineId, record);
  }

  private decisionDue(snapshot: Snapshot): boolean {
    return this.decidedAtMs === null || snapshot.marketTimeMs - this.decidedAtMs >= this.policy.loopIntervalMs;
  }

  /** Alerts of the account's condition, and what blocks the engine, told when it changes. */
  private tell(alerts: AlertDesk, decision: Decision, snapshot: Snapshot, nowMs: number): void {
    this.tellBooks(alerts, snapshot, nowMs);
    this.tellParameters(alerts, snapshot, nowMs);
    const context = { market_time_ms: snapshot.marketTimeMs };
    for (const draft of decision.alerts.raise) alerts.raise(draft, nowMs, context);
    for (const code of decision.alerts.recover) alerts.recover(code, nowMs);
    const reason = decision.reasons.at(-1);
    for (const code of BLOCKERS) {
      if (reason?.code !== code) {
        if (reason?.code !== 'BUSY') alerts.recover(code, nowMs);
        continue;
      }
      const gates = decision.gates === null ? [] : blockingGates(decision.gates);
      const waitsFor = reason.figures.waits_for;
      const causes = [...gates.map((gate) => gate.code), ...(typeof waitsFor === 'string' ? [waitsFor] : [])];
      const blocking = causes.join(',');
      const standing = alerts.standingAlert(code);
      if (standing !== null && blockingOf(standing.details) === blocking) continue;
      alerts.raise(raised(code, { ...reason.figures, blocking, gates: gates.map(recordedGate) }), nowMs, context);
    }
  }

  private async thin(): Promise<void> {
    const nowMs = this.ports.clock.nowMs();
    if (nowMs - this.thinnedAtMs < THIN_EVERY_MS) return;
    this.thinnedAtMs = nowMs;
    await this.ports.journal.thinSnapshots(this.input.engineId, nowMs);
    await this.ports.journal.thinEquity(this.input.engineId, nowMs);
    await this.ports.journal.thinSeries(this.input.engineId);
  }

  /** Until the next read is due: by the poll, or as soon as the venue says that the account has changed. */
  private async untilNext(everyMs: number): Promise<void> {
    const { clock, venueOf } = this.ports;
    const venue = await venueOf(this.input.engineId);
    const turn = venue.shared === undefined ? null : nextTurn(venue.shared.turn, everyMs, clock.nowMs());
    const ms = turn === null ? everyMs : turn.dueMs - clock.nowMs();
    const leftMs = ms - MIN_POLL_MS;
    if (venue.changed === undefined || leftMs <= 0) await this.pause(ms);
    else {
      await this.pause(MIN_POLL_MS);
      await Promise.race([this.context.sleep(leftMs), venue.changed(this.readSlot, leftMs)]);
      if (this.context.cancellationSignal.aborted) throw new CancelledFailure('the watch was replaced');
    }
    // A change that came before the poll was due is read for itself.
    if (turn !== null && clock.nowMs() >= turn.dueMs - EARLY_MS) this.sinceMs = turn.sinceMs;
  }

  /** Engines whose reads failed together try again together. */
  private async untilRetry(ms: number): Promise<void> {
    await this.pause(ms);
    this.sinceMs = Math.floor(this.ports.clock.nowMs() / MIN_POLL_MS) * MIN_POLL_MS;
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await this.context.sleep(ms);
    else await new Promise((resolve) => setImmediate(resolve));
    if (this.context.cancellationSignal.aborted) throw new CancelledFailure('the watch was replaced');
  }
}

/** Reasons of `decide` that keep a wanted trade from happening. */
const BLOCKERS = ['GATE_BLOCKED', 'GUARD_BLOCKED', 'COOLDOWN', 'BELOW_MINIMUM'] as const;

/** As answers carry it. */
const recordedGate = ({ code, pass, blocks, have, need, unit, remedy }: Gate) => ({
  ...{ code, pass, blocks },
  ...{ have, need, unit, remedy },
});

function decisionRecord(
  engineId: string,
  { action, reasons, gates }: Decision,
  marketTimeMs: number,
  tsMs: number,
): DecisionRecord {
  return {
    ...{ engineId, tsMs, marketTimeMs },
    action: action.kind,
    size: action.kind === 'none' ? null : action.delta.toString(),
    reasons: reasons.map(({ code, text, figures }) => ({ code, text, figures })),
    gates: (gates?.gates ?? []).map(recordedGate),
  };
}

const member = (details: unknown, name: string): unknown =>
  typeof details === 'object' && details !== null ? (details as Record<string, unknown>)[name] : undefined;

function marketTimeOf(details: unknown): number | null {
  const value = member(details, 'market_time_ms');
  return typeof value === 'number' ? value : null;
}

function forbidsOf(details: unknown): readonly string[] {
  const value = member(details, 'forbids');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

const blockingOf = (details: unknown): unknown => member(details, 'blocking');
