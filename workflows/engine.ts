/**
 * The engine: one entity workflow per venue, authority and sub-account, the only writer of that account. It admits
 * commands, watches, decides, and starts operations as children, one at a time. It awaits no child's end: operations
 * report by signal, so that continue-as-new loses none.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { OpenStoresResult, WatchInput, WatchResult } from '../activities/contract.ts';
import type { CommandAnswer, CommandEnvelope } from '../src/domain/command.ts';
import { type DecisionContext, decide } from '../src/domain/decide.ts';
import { exposure } from '../src/domain/delta.ts';
import {
  carriedEngine,
  decisionContext,
  type EngineCarried,
  isQuiet,
  lastStarted,
  MAX_DOUBTS,
  passMarketTime,
  type ReportContext,
  slotWantedBy,
  stopEngine,
  takeLateFill,
  takePosition,
  takeReport,
  trackedOperation,
} from '../src/domain/engine-state.ts';
import type { ErrorReport } from '../src/domain/errors.ts';
import { type Hold, withHold, withoutHold } from '../src/domain/hold.ts';
import { alertsOfHolds } from '../src/domain/hold-alerts.ts';
import { canonicalJson } from '../src/domain/ids.ts';
import { afterWrite, isWritten, withAlert } from '../src/domain/pending-writes.ts';
import { decodePolicy, type Policy } from '../src/domain/policy.ts';
import { isLiquidatedSince, ledgerMark, perpOf, reconcile } from '../src/domain/reconcile.ts';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../src/domain/snapshot.ts';
import { durable, publishRow, rebuildOnce, watchOnce } from './engine-activities.ts';
import { CommandDesk } from './engine-commands.ts';
import { alertOf, engineRecord, showEngine } from './engine-display.ts';
import { OperationStarter } from './engine-operations.ts';
import { command, configure, type EngineInput, type EngineTuning, engineState, operationReport } from './messages.ts';
import { OneAtATime } from './one-at-a-time.ts';

/** Waited when the watch and the workflow read the same snapshot differently, so that they cannot chase each other. */
const DISAGREEMENT_PAUSE_MS = 5_000;
/** Waited before the next watch when one ended in an error again: a defect must not fill the history. */
const LOST_AGAIN_PAUSE_MS = 10_000;
/** Most operations are over by then: so long the watch that runs is kept, and the row does not name the operation. */
const QUICK_OPERATION_MS = 1_000;
const PUBLISH_RETRY_MS = 5_000;
const PENDING_RETRY_MS = 10_000;
const OPEN_STORES_RETRY_MS = 10_000;
const ASK_AGAIN_MS = 10_000;

interface RunningWatch {
  readonly key: string;
  readonly policyJson: EngineInput['policy'];
  readonly scope: CancellationScope;
  /** It was kept while an operation ran: what that changed is looked at as soon as it is over. */
  outdated: boolean;
  result: WatchResult | null;
}

/** What follows from the engine's state alone: conditions ask for it at every step of every workflow task. */
interface Derived {
  readonly from: readonly unknown[];
  /** The context of the watch. */
  readonly watchKey: string;
  /** What the engine's row says. */
  readonly row: string;
  /** The same without the operation that runs. */
  readonly rest: string;
}

export async function engine(input: EngineInput): Promise<void> {
  await new EngineRun(input).run();
}

/** One run of the engine, from start or continue-as-new to the next. */
export class EngineRun {
  readonly engineId: string;
  engine: EngineCarried;
  policyJson: EngineInput['policy'];
  policy: Policy;
  tuning: EngineTuning;
  /** The details that stand in the Temporal UI. */
  shown = '';
  shownAttributes = '';
  /** The watch should return at its first snapshot. */
  look = false;
  /** The stores were compared since the last process start. */
  private opened = false;
  /** They were compared once. */
  private ready = false;
  /** Rebuilds of a journal that lost something: what it answered before is not known while one runs. */
  private rebuilding = 0;
  private rebuildUnderWay = false;
  private derived: Derived | null = null;
  private published: Pick<Derived, 'row' | 'rest'> = { row: '', rest: '' };
  private publishing = false;
  private publishNotBeforeMs = 0;
  private writing = false;
  private writeNotBeforeMs = 0;
  /** Grows with each report: a snapshot that was read before one must not be held against what it changed. */
  reports = 0;
  /** The holds whose alerts were told. */
  private toldHolds: readonly Hold[];
  /** This run did something: it may be followed by the next. */
  private turned = false;
  private watch: RunningWatch | null = null;
  private cooldownTimerFor: number | null = null;
  readonly locally = new OneAtATime();
  private readonly desk: CommandDesk;
  private readonly starter: OperationStarter;

  constructor(input: EngineInput) {
    this.engineId = input.engineId;
    this.policyJson = input.policy;
    this.policy = decodePolicy(input.policy);
    this.tuning = input.tuning;
    this.engine = carriedEngine(input.carried as unknown as EngineCarried | null, uuid4());
    this.toldHolds = this.engine.holds;
    this.starter = new OperationStarter(this);
    this.desk = new CommandDesk(this, this.starter);
  }

  async run(): Promise<void> {
    this.listen();
    do {
      await this.open();
      while (this.opened && !this.mayRenew()) await this.turn();
    } while (!this.opened);
    // From `mayRenew` to here nothing is awaited: no command can come between.
    this.watch?.scope.cancel();
    this.tellHolds();
    await continueAsNew<typeof engine>({
      engineId: this.engineId,
      policy: this.policyJson,
      tuning: this.tuning,
      carried: this.engine as never,
    });
  }

  private async open(): Promise<void> {
    this.opened = true;
    await this.openStores();
    await this.askAfterOperations();
    // A process that came meanwhile has its own journal to be compared first.
    this.ready = this.opened;
  }

  private listen(): void {
    setHandler(engineState, () => engineRecord(this));
    setHandler(operationReport, (report) => {
      this.reports += 1;
      this.engine = takeReport(this.engine, report, this.reportContext());
    });
    setHandler(configure, ({ policy, tuning }) => {
      this.policyJson = policy;
      this.policy = decodePolicy(policy);
      this.tuning = tuning;
      // The process that sends this may stand on another journal than the last one: nothing trades before it is known.
      this.opened = false;
      this.ready = false;
    });
    setHandler(
      command,
      async (envelope: CommandEnvelope): Promise<CommandAnswer> => {
        const answerByMs = Date.now() + this.tuning.answerWithinMs;
        const takes = () => this.ready && this.rebuilding === 0;
        const ready = takes() || (await condition(takes, this.tuning.answerWithinMs));
        return await this.desk.handle(envelope, ready, Math.max(1, answerByMs - Date.now()));
      },
      {
        validator: (envelope) => this.desk.validate(envelope),
      },
    );
  }

  reportContext(): ReportContext {
    const { cooldownMs, marketSpeed } = this.policy;
    return {
      nowMs: Date.now(),
      marketNowMs: this.marketNowMs(),
      cooldownMs,
      cooldownWallMs: marketSpeed === 'max' ? null : cooldownMs / marketSpeed,
    };
  }

  /** The market's time now, as well as the engine knows it without asking. */
  marketNowMs(): number {
    const { seen } = this.engine;
    if (seen === null) return Date.now();
    const speed = this.policy.marketSpeed;
    return speed === 'max' ? seen.marketTimeMs : seen.marketTimeMs + (Date.now() - seen.takenAtMs) * speed;
  }

  /** Compares the two stores; a mismatch is a hold that names both ends. Nothing trades before this is done. */
  async openStores(): Promise<void> {
    for (;;) {
      try {
        await this.takeStores(await this.comparedStores());
        return;
      } catch (error) {
        if (isCancellation(error)) throw error;
        this.lose(reportOf(error), false);
        showEngine(this);
        await sleep(OPEN_STORES_RETRY_MS, { summary: 'journal unreachable: next try' });
      }
    }
  }

  private async comparedStores(): Promise<OpenStoresResult> {
    return await durable.openStores({
      engineId: this.engineId,
      epoch: this.engine.epoch,
      sequence: this.engine.sequence,
      journalId: this.engine.journalId,
      accountSeen: this.engine.seen !== null,
      commandIds: lastStarted(this.engine),
      startedUpToMs: this.engine.startedUpToMs,
    });
  }

  private async takeStores(opened: OpenStoresResult): Promise<void> {
    if (opened.verdict === 'fresh' || opened.verdict === 'match') {
      this.accept(opened);
      return;
    }
    const standing = this.engine.holds.some((hold) => hold.code === 'stores_diverged');
    if (opened.verdict === 'journal_lost' || opened.verdict === 'journal_behind') {
      void this.rebuildJournal(opened.record?.updatedAtMs ?? null, Date.now(), standing);
    }
    this.engine = {
      ...this.engine,
      // What this workflow remembers of a journal is kept until a person has looked: RESUME compares again.
      vaultPerp: null,
      sequence: Math.max(this.engine.sequence, opened.record?.sequence ?? 0),
      holds: withHold(this.engine.holds, {
        code: 'stores_diverged',
        sinceMs: Date.now(),
        permits: 'reducing',
        clearedBy: 'person',
        reason: opened.detail,
        details: { verdict: opened.verdict, alert: 'STORES_DIVERGED' },
      }),
    };
    if (opened.verdict === 'temporal_lost') await this.starter.recover(opened.unfinished);
    if (standing) return;
    this.raise(
      'STORES_DIVERGED',
      'critical',
      opened.detail,
      'Check the account against the history, then RESUME.',
      opened.verdict,
    );
  }

  /** Beside the watch: what reduces risk does not wait for it. */
  private async rebuildJournal(lastKnownMs: number | null, foundAtMs: number, again: boolean): Promise<void> {
    this.rebuilding += 1;
    try {
      // The one that a restart finds under way goes on where it was; this one then looks behind it.
      await condition(() => !this.rebuildUnderWay);
      this.rebuildUnderWay = true;
      const { keptSinceMs, commands, operations, notKept } = await rebuildOnce(
        this.engineId,
        this.tuning.rebuildMs,
      ).finally(() => {
        this.rebuildUnderWay = false;
      });
      // After a restart under the hold it found all there.
      if (again && commands + operations === 0) return;
      const from = lastKnownMs ?? keptSinceMs;
      const span = `between ${from === null ? 'its beginning' : instant(from)} and ${instant(foundAtMs)}`;
      const lost = notKept === 0 ? '' : ` The histories of ${notKept} more are no longer kept.`;
      this.raise(
        'JOURNAL_GAP',
        'warning',
        `The journal lost what was written ${span}. From Temporal came back: ${operations} operations, ${commands} commands.${lost}`,
        'Snapshots and equity of that time are gone; funding and fills come back from the chain where it keeps them.',
        `gap ${from}`,
      );
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { message } = reportOf(error);
      const what = `The journal could not be rebuilt from Temporal: ${message}`;
      this.raise('JOURNAL_NOT_REBUILT', 'critical', what, 'A restart begins it anew.', 'rebuild');
    } finally {
      this.rebuilding -= 1;
    }
  }

  /** A person looked (RESUME): the journal that stands is ours from here on. A missing account stays a hold. */
  async acceptStores(): Promise<ErrorReport | null> {
    const opened = await this.comparedStores();
    if (opened.verdict === 'account_missing') {
      const remedy = 'Restore the journal, or begin anew with --reset-paper.';
      return { code: 'UNAVAILABLE', message: `${opened.detail}. ${remedy}`, details: { part: 'journal' } };
    }
    this.accept(opened);
    return null;
  }

  /** From here on this journal is ours, and what it holds is known. */
  private accept({ journalId, record, newestOperationMs }: OpenStoresResult): void {
    this.engine = {
      ...this.engine,
      journalId,
      sequence: Math.max(this.engine.sequence, record?.sequence ?? 0),
      startedUpToMs: Math.max(this.engine.startedUpToMs ?? 0, newestOperationMs ?? 0),
    };
  }

  /** After continue-as-new or a restart: what Temporal no longer knows becomes unresolved from the journal's record. */
  private async askAfterOperations(): Promise<void> {
    if (await this.askOnce()) return;
    // They stay as they were known meanwhile, in the slot or unresolved: that is the careful side.
    void this.askUntilAnswered();
  }

  private async askUntilAnswered(): Promise<void> {
    do await sleep(ASK_AGAIN_MS, { summary: 'until it asks after its operations again' });
    while (!(await this.askOnce()));
  }

  private async askOnce(): Promise<boolean> {
    try {
      await this.starter.askAfter(this.engine.operations.map((operation) => operation.operationId));
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  }

  private mayRenew(): boolean {
    const info = workflowInfo();
    const due = info.continueAsNewSuggested || info.historyLength > this.tuning.maxHistoryEvents;
    return due && this.turned && this.desk.idle() && !this.busyBeside() && allHandlersFinished();
  }

  /** What would be lost with this run. */
  private busyBeside(): boolean {
    return this.starter.starting || this.publishing || this.rebuilding > 0;
  }

  private get current(): Derived {
    const from = [this.engine, this.policyJson, this.look];
    if (this.derived === null || from.some((part, index) => part !== this.derived?.from[index])) {
      const watchKey = canonicalJson(this.watchInput() as never);
      const row = comparable(this);
      const rest = canonicalJson({ ...row, operation: null } as never);
      this.derived = { from, watchKey, row: canonicalJson(row as never), rest };
    }
    return this.derived;
  }

  private watchInput(): Omit<WatchInput, 'generation' | 'startedAtMs' | 'untilMs'> {
    const context: DecisionContext = decisionContext(this.engine);
    return {
      engineId: this.engineId,
      epoch: this.engine.epoch,
      context,
      policy: this.policyJson,
      vaultPerp: this.engine.vaultPerp,
      ledger: this.engine.ledger,
      reconcile: isQuiet(this.engine),
      liquidatedMs: this.engine.liquidatedMs,
      backoffUntilMs: this.engine.backoffUntilMs,
      reconnecting: this.engine.holds.some((hold) => hold.code === 'connection'),
      look: this.look,
    };
  }

  /** One step: publish what changed, keep the watch in step with the context, take its result. */
  private async turn(): Promise<void> {
    this.tellHolds();
    if (this.writeDue()) void this.write();
    if (this.publishDue()) void this.publish();
    if (this.slotWanted()) await this.starter.grantSlot();
    if (this.watchDue()) this.startWatch();
    this.armCooldown();
    showEngine(this);
    this.turned = true;
    const { watch } = this;
    const key = this.current.watchKey;
    const quickMs = this.quickMs();
    const due = () => watch?.result !== null || this.somethingElse(key);
    if (quickMs > 0) await condition(due, quickMs);
    else await condition(due);
    const result = watch?.result ?? null;
    // What was seen under another context is stale: the next watch looks again.
    if (watch === null || result === null || watch.outdated || this.current.watchKey !== key) return;
    this.watch = null;
    await this.take(result, key);
  }

  /** What a turn is for, besides the watch's result. */
  private somethingElse(key: string): boolean {
    return (
      !this.opened ||
      this.mayRenew() ||
      this.publishDue() ||
      this.writeDue() ||
      this.slotWanted() ||
      this.current.watchKey !== key
    );
  }

  private slotWanted(): boolean {
    return this.desk.waiting === 0 && slotWantedBy(this.engine) !== null;
  }

  /** None runs, it has ended, or it knows another context than ours and is not kept. */
  private watchDue(): boolean {
    const { watch } = this;
    if (watch === null || watch.result !== null) return true;
    return (watch.outdated || watch.key !== this.current.watchKey) && !this.keepsWatch();
  }

  /** How much longer the operation in the slot counts as quick; 0: it does not, or there is none. */
  private quickMs(): number {
    const { slot } = this.engine;
    if (slot === null) return 0;
    const since = trackedOperation(this.engine, slot)?.acceptedAtMs ?? 0;
    return Math.max(0, since + QUICK_OPERATION_MS - Date.now());
  }

  /**
   * Beside a quick operation: a new watch at its start and another at its end would take longer than the operation.
   * A market in lockstep waits for operations, so its watch must know of them.
   */
  private keepsWatch(): boolean {
    const { watch } = this;
    if (watch === null || watch.policyJson !== this.policyJson || this.policy.marketSpeed !== 1) return false;
    if (this.quickMs() === 0) return false;
    // One that was started beside the operation knows of it.
    if (watch.key !== this.current.watchKey) watch.outdated = true;
    return true;
  }

  private startWatch(): void {
    this.watch?.scope.cancel();
    this.engine = { ...this.engine, generation: this.engine.generation + 1 };
    const scope = new CancellationScope();
    const { policyJson } = this;
    const watch: RunningWatch = { key: this.current.watchKey, policyJson, scope, outdated: false, result: null };
    this.watch = watch;
    const input: WatchInput = {
      ...this.watchInput(),
      generation: this.engine.generation,
      startedAtMs: Date.now(),
      untilMs: Date.now() + this.tuning.checkpointMs,
    };
    void scope
      .run(() => watchOnce(input, this.tuning.checkpointMs))
      .then((result) => {
        watch.result = result;
      })
      .catch((error: unknown) => {
        if (isCancellation(error)) return;
        watch.result = { kind: 'lost', error: reportOf(error), critical: false };
      });
  }

  private async take(result: WatchResult, key: string): Promise<void> {
    switch (result.kind) {
      case 'checkpoint':
        return;
      case 'lost':
        return await this.loseWatch(result.error, result.critical);
      case 'decide': {
        const before = this.engine;
        this.see(result.snapshot);
        const acted = await this.act(result.snapshot);
        const now = this.current.watchKey;
        // A doubt is a hold, and so another context: what is to be looked at again is given its time all the same.
        const unchanged = (now === key || this.engine.doubts > 0) && this.engine.operations === before.operations;
        if (!acted && unchanged) await condition(() => this.somethingElse(now), DISAGREEMENT_PAUSE_MS);
      }
    }
  }

  private async loseWatch(error: ErrorReport, critical: boolean): Promise<void> {
    const again = this.engine.holds.some((hold) => hold.code === 'connection');
    this.lose(error, critical);
    if (!again) return;
    const key = this.current.watchKey;
    await condition(() => this.somethingElse(key), LOST_AGAIN_PAUSE_MS);
  }

  /** The venue cannot be read: halted, and the watch tries again every 10 s. */
  private lose(error: ErrorReport, critical: boolean): void {
    const standing = this.engine.holds.find((hold) => hold.code === 'connection');
    const alert = critical ? error.code : 'CONNECTION_LOST';
    const lost = connectionHold(error, alert, critical, Date.now());
    this.engine = { ...this.engine, holds: withHold(this.engine.holds, lost) };
    if (critical) {
      const running = this.engine.state === 'running';
      const action = 'Correct what it names, then START_ENGINE.';
      const stopped = this.engine.holds.some((hold) => hold.code === 'stopped');
      if (!stopped) this.engine = stopEngine(this.engine, Date.now(), `Stopped by ${alert}. ${action}`);
      if (running || standing?.details?.alert !== alert) {
        this.raise(alert, 'critical', error.message, action, 'critical');
      }
    } else if (standing === undefined) {
      const action = 'Nothing: it reconnects by itself every 10 s.';
      this.raise(alert, 'warning', error.message, action, 'connection');
    }
  }

  /** Takes what a snapshot tells: the market's time, the end of a feed or of an outage, and differences from the vault. */
  see(json: SnapshotJson): Snapshot {
    const snapshot = decodeSnapshot(json);
    this.look = false;
    this.engine = { ...this.engine, holds: withoutHold(this.engine.holds, 'connection') };
    const standing = this.engine.holds.some((hold) => hold.code === 'feed_ended');
    if (snapshot.feed.ended !== standing) {
      this.engine = {
        ...this.engine,
        holds: snapshot.feed.ended
          ? withHold(this.engine.holds, {
              code: 'feed_ended',
              sinceMs: Date.now(),
              permits: 'reducing',
              clearedBy: 'itself',
              reason: `The market data of ${snapshot.feed.feed} has ended; the last price stands.`,
            })
          : withoutHold(this.engine.holds, 'feed_ended'),
      };
    }
    this.compare(snapshot);
    return snapshot;
  }

  /** Holds the vault against a snapshot, once nothing of ours can move the position. An older one than seen tells nothing. */
  compare(snapshot: Snapshot): void {
    const { seen } = this.engine;
    if (seen !== null && snapshot.slot < seen.slot) return;
    const known = this.engine.liquidatedMs;
    this.engine = passMarketTime(this.engine, snapshot.marketTimeMs);
    const { marketTimeMs, takenAtMs, slot, feed } = snapshot;
    this.engine = { ...this.engine, seen: { marketTimeMs, takenAtMs, slot, feed: feed.feed } };
    if (isQuiet(this.engine)) {
      this.reconcile(snapshot, seen === null);
      this.markLedger(snapshot);
    }
    if (!isLiquidatedSince(snapshot, known)) return;
    this.engine = { ...this.engine, liquidatedMs: snapshot.lastLiquidationMs };
    // What happened before the first look is history.
    if (seen !== null) this.liquidated(`The venue liquidated; the position is ${sol(perpOf(snapshot))} SOL.`);
  }

  /** Vault and venue are one: what the ledger says now is what later differences are told from. */
  private markLedger(snapshot: Snapshot): void {
    const mark = ledgerMark(snapshot);
    if (mark === null || mark.perp !== this.engine.vaultPerp) return;
    if (canonicalJson(mark as never) !== canonicalJson(this.engine.ledger as never)) {
      this.engine = { ...this.engine, ledger: mark };
    }
  }

  private reconcile(snapshot: Snapshot, firstEver: boolean): void {
    const vault = this.engine.vaultPerp === null ? null : BigInt(this.engine.vaultPerp);
    const difference = reconcile(vault, snapshot, this.engine.liquidatedMs, this.engine.ledger);
    const perp = perpOf(snapshot).toString();
    if (difference.kind !== 'not_yet')
      this.engine = { ...this.engine, holds: withoutHold(this.engine.holds, 'resync') };
    switch (difference.kind) {
      case 'none':
        if (this.engine.doubts > 0) this.engine = { ...this.engine, doubts: 0 };
        return;
      case 'not_yet':
        this.doubted(difference.from, difference.to);
        return;
      case 'unexplained':
        this.desynced('The account differs from its books by what nothing explains.');
        return;
      case 'late_fill': {
        const spot = (exposure(snapshot, this.policy).spot ?? 0n).toString();
        this.engine = takeLateFill(this.engine, perp, spot);
        const message = `An order of ours was filled late: the position went from ${sol(difference.from)} to ${sol(difference.to)} SOL.`;
        this.raise('LATE_FILL', 'info', message, 'Nothing: it is counted.', perp);
        return;
      }
      case 'first_look':
        // After Temporal was lost the position is ours, as far as the journal tells: RESUME or its operation decides.
        if (firstEver && difference.perp !== 0n && !this.mayBeOurs()) this.foundForeign(0n, difference.perp);
        this.engine = takePosition(this.engine, perp, (exposure(snapshot, this.policy).spot ?? 0n).toString());
        return;
      case 'liquidation':
        this.liquidated(`The venue liquidated the position from ${sol(difference.from)} to ${sol(difference.to)} SOL.`);
        break;
      case 'foreign_reduction':
        if (difference.to === 0n) {
          this.engine = { ...this.engine, hedgeTargetPpm: 0, confirmedExcess: null };
          this.raise(
            'FOREIGN_CLOSE',
            'warning',
            'Somebody else closed the position; the hedge target is now 0.',
            'Nothing, if that was you.',
            perp,
          );
        } else {
          const remedy = 'RESUME takes what stands as the new target.';
          this.hold('foreign_trade', 'reducing', `Somebody else reduced the position. ${remedy}`, 'FOREIGN_TRADE');
          this.raise(
            'FOREIGN_TRADE',
            'warning',
            `The position went from ${sol(difference.from)} to ${sol(difference.to)} SOL without us.`,
            remedy,
            perp,
          );
        }
        break;
      case 'foreign_increase':
        this.foundForeign(difference.from, difference.to);
        break;
    }
    this.engine = { ...this.engine, vaultPerp: perp };
  }

  /** The ledger may lag behind the account for a moment: three looks. */
  private doubted(from: bigint, to: bigint): void {
    const doubts = this.engine.doubts + 1;
    const moved = `The position went from ${sol(from)} to ${sol(to)} SOL`;
    if (doubts < MAX_DOUBTS) {
      const reason = `${moved}, and by whom is still being read. Only a way out trades before that is known.`;
      this.engine = { ...this.engine, doubts, holds: withHold(this.engine.holds, resyncHold(reason, Date.now())) };
      return;
    }
    this.desynced(`${moved}, and no transaction explains it.`);
    // Told: what stands is what is compared with from here on.
    const holds = withoutHold(this.engine.holds, 'resync');
    this.engine = { ...this.engine, holds, vaultPerp: to.toString(), ledger: null, doubts: 0 };
  }

  private desynced(message: string): void {
    const remedy = 'Compare the account with the venue, then RESUME: it takes what stands.';
    this.hold('desync', 'nothing', `${message} ${remedy}`, 'DESYNC');
    this.raise('DESYNC', 'critical', message, remedy, String(this.engine.seen?.slot ?? 0));
  }

  private mayBeOurs(): boolean {
    return this.engine.retarget !== null || this.engine.holds.some((hold) => hold.code === 'stores_diverged');
  }

  private liquidated(message: string): void {
    if (this.engine.holds.some((hold) => hold.code === 'liquidation')) return;
    const reason = 'The venue liquidated (part of) the position. Check the account, then RESUME.';
    this.hold('liquidation', 'nothing', reason, 'LIQUIDATED');
    this.raise('LIQUIDATED', 'critical', message, 'Check the account; RESUME when you have decided.', 'liquidation');
  }

  private foundForeign(from: bigint, to: bigint): void {
    const remedy = 'ADOPT_POSITION takes it over; CLOSE and FLATTEN work on it.';
    this.hold('foreign_trade', 'reducing', `A position or an increase is not ours. ${remedy}`, 'FOREIGN_POSITION');
    const message = `The position went from ${sol(from)} to ${sol(to)} SOL without us.`;
    this.raise('FOREIGN_POSITION', 'critical', message, remedy, to.toString());
  }

  /** `alert`: told as over when the hold goes. */
  private hold(
    code: 'liquidation' | 'foreign_trade' | 'desync',
    permits: 'reducing' | 'nothing',
    reason: string,
    alert: string,
  ): void {
    const hold: Hold = { code, sinceMs: Date.now(), permits, clearedBy: 'person', reason, details: { alert } };
    this.engine = { ...this.engine, holds: withHold(this.engine.holds, hold) };
  }

  /** Decides again from a fresh snapshot before acting. True when an operation was started. */
  private async act(seen: SnapshotJson): Promise<boolean> {
    if (this.engine.slot !== null || this.desk.waiting > 0) return false;
    const first = decide(decodeSnapshot(seen), decisionContext(this.engine), this.policy, Date.now());
    if (first.action.kind === 'none') return false;
    if (first.action.kind === 'guard' && this.engine.backoffUntilMs !== null) return false;
    const { reports } = this;
    let fresh: SnapshotJson;
    try {
      fresh = await durable.readSnapshot({ engineId: this.engineId, commitment: 'confirmed' });
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.lose(reportOf(error), false);
      return true;
    }
    if (this.reports !== reports || !this.opened) return true;
    const snapshot = this.see(fresh);
    if (this.engine.slot !== null || this.desk.waiting > 0) return false;
    const decision = decide(snapshot, decisionContext(this.engine), this.policy, Date.now());
    if (decision.action.kind === 'none') return false;
    await this.starter.startDecided(decision.action, snapshot);
    return true;
  }

  /** The cooldown as a durable timer that an operator sees; the market's time decides that it is over. */
  private armCooldown(): void {
    const endsAtMs = this.engine.cooldownEndsAtMs;
    if (endsAtMs === null || this.cooldownTimerFor === endsAtMs) return;
    this.cooldownTimerFor = endsAtMs;
    void sleep(Math.max(1, endsAtMs - Date.now()), { summary: 'cooldown after a rebalance' }).then(() => {
      if (this.engine.cooldownEndsAtMs === endsAtMs) this.look = true;
    });
  }

  private publishDue(): boolean {
    if (this.publishing || this.starter.starting) return false;
    if (Date.now() < this.publishNotBeforeMs) return false;
    const { row, rest } = this.current;
    return this.quickMs() > 0 ? rest !== this.published.rest : row !== this.published.row;
  }

  /**
   * Writes the engine's row, beside the turns: an answer that is on its way does not wait for it. The sequence counts
   * what the journal acknowledged, so that the two stores can be compared.
   */
  private async publish(): Promise<void> {
    const { row, rest } = this.current;
    const sequence = this.engine.sequence + 1;
    this.publishing = true;
    try {
      await publishRow({ ...engineRecord(this), sequence });
      this.engine = { ...this.engine, sequence: Math.max(sequence, this.engine.sequence) };
      this.published = { row, rest };
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.publishNotBeforeMs = Date.now() + PUBLISH_RETRY_MS;
      void sleep(PUBLISH_RETRY_MS, { summary: 'journal unreachable: publish again' });
    } finally {
      this.publishing = false;
    }
  }

  raise(
    code: string,
    severity: 'info' | 'warning' | 'critical',
    message: string,
    action: string,
    subject: string,
  ): void {
    this.tell('alert', severity, code, message, action, subject);
  }

  /** An alert that cannot be journaled now must not stop the engine, nor be lost: it is carried until it is written. */
  private tell(
    kind: 'alert' | 'recovered',
    severity: 'info' | 'warning' | 'critical',
    code: string,
    message: string,
    action: string,
    subject: string,
  ): void {
    const { epoch, generation } = this.engine;
    const cause = `${epoch}/${generation}/${subject}`;
    const alert = alertOf(this.engineId, kind, severity, code, message, action, cause, Date.now());
    this.engine = { ...this.engine, pending: withAlert(this.engine.pending, alert) };
  }

  /** Holds come and go in many places; what is to be told of them is told here. */
  private tellHolds(): void {
    const { holds } = this.engine;
    if (holds === this.toldHolds) return;
    const alerts = alertsOfHolds(this.toldHolds, holds);
    this.toldHolds = holds;
    for (const { kind, severity, code, message } of alerts) {
      this.tell(kind, severity, code, message, kind === 'alert' ? 'Look, then RESUME.' : '', 'hold');
    }
  }

  private writeDue(): boolean {
    return !this.writing && Date.now() >= this.writeNotBeforeMs && !isWritten(this.engine.pending);
  }

  /** Beside the turns: a journal that is away does not hold them up. */
  private async write(): Promise<void> {
    const { pending } = this.engine;
    this.writing = true;
    try {
      if (pending.alerts.length > 0) await durable.raiseAlerts(pending.alerts);
      await Promise.all(pending.answers.map((answer) => durable.recordAnswer(answer)));
      this.engine = { ...this.engine, pending: afterWrite(this.engine.pending, pending) };
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.writeNotBeforeMs = Date.now() + PENDING_RETRY_MS;
      void sleep(PENDING_RETRY_MS, { summary: 'journal unreachable: alerts and answers again' });
    } finally {
      this.writing = false;
    }
  }
}

const connectionHold = ({ message }: ErrorReport, alert: string, critical: boolean, nowMs: number) =>
  ({
    code: 'connection',
    sinceMs: nowMs,
    permits: 'nothing',
    clearedBy: 'itself',
    reason: critical
      ? `Cannot read the venue: ${message}`
      : `Cannot read the venue, which is tried again every 10 s: ${message}`,
    details: { alert },
  }) as const;

const resyncHold = (reason: string, nowMs: number) =>
  ({ code: 'resync', sinceMs: nowMs, permits: 'nothing', clearedBy: 'itself', reason }) as const;

const instant = (ms: number): string => new Date(ms).toISOString();

const sol = (amount: bigint): string => (Number(amount) / 1e9).toString();

/** What a change of is worth a write: all but the times that move by themselves. */
function comparable(run: EngineRun): object {
  const { sequence: _, updatedAtMs: __, ...rest } = engineRecord(run);
  return rest;
}

function reportOf(error: unknown): ErrorReport {
  let cause: unknown = error;
  while (cause instanceof Error) {
    if (cause instanceof ApplicationFailure && cause.type !== undefined && cause.type !== null) {
      return { code: cause.type, message: cause.message };
    }
    cause = cause.cause;
  }
  return { code: 'UNAVAILABLE', message: error instanceof Error ? error.message : String(error) };
}
