/**
 * The engine: one entity workflow per venue, authority and sub-account, the only writer of that account. It admits
 * commands, watches, decides, and starts operations as children, one at a time. It awaits no child's end: operations
 * report by signal, so that continue-as-new loses none.
 */
import {
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
import type { WatchInput, WatchResult } from '../../activities/contract.ts';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { alertReason, raised } from '../../src/domain/alerts/alert.ts';
import { setupCode } from '../../src/domain/alerts/setup-alerts.ts';
import { type DecisionContext, decide } from '../../src/domain/engine/decide.ts';
import {
  carriedEngine,
  decisionContext,
  type EngineCarried,
  isQuiet,
  type ReportContext,
  slotWantedBy,
  stopEngine,
  takeReport,
  trackedOperation,
} from '../../src/domain/engine/engine-state.ts';
import { withHold, withoutHold } from '../../src/domain/engine/hold.ts';
import { decodePolicy, type Policy } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer, CommandEnvelope } from '../../src/domain/order/command.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import { failureReport } from '../failure-report.ts';
import { command, configure, type EngineInput, type EngineTuning, engineState, operationReport } from '../messages.ts';
import { durable, watchOnce } from './activities.ts';
import { CommandDesk } from './commands.ts';
import { engineRecord, showEngine } from './display.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { OperationStarter } from './operation-starter.ts';
import { Outbox } from './outbox.ts';
import { TwoStores } from './stores.ts';
import { Vault } from './vault.ts';

/** Waited when the watch and the workflow read the same snapshot differently, so that they cannot chase each other. */
const DISAGREEMENT_PAUSE_MS = 5_000;
/** Waited before the next watch when one ended in an error again: a defect must not fill the history. */
const LOST_AGAIN_PAUSE_MS = 10_000;
/** Most operations are over by then: so long the watch that runs is kept, and the row does not name the operation. */
const QUICK_OPERATION_MS = 1_000;
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
  private derived: Derived | null = null;
  /** Grows with each report: a snapshot that was read before one must not be held against what it changed. */
  reports = 0;
  /** This run did something: it may be followed by the next. */
  private turned = false;
  private watch: RunningWatch | null = null;
  private cooldownTimerFor: number | null = null;
  readonly locally = new OneAtATime();
  readonly outbox: Outbox;
  readonly vault: Vault;
  readonly stores: TwoStores;
  readonly starter: OperationStarter;
  private readonly desk: CommandDesk;

  constructor(input: EngineInput) {
    this.engineId = input.engineId;
    this.policyJson = input.policy;
    this.policy = decodePolicy(input.policy);
    this.tuning = input.tuning;
    this.engine = carriedEngine(input.carried as unknown as EngineCarried | null, uuid4());
    this.outbox = new Outbox(this);
    this.vault = new Vault(this);
    this.starter = new OperationStarter(this);
    this.stores = new TwoStores(this, this.starter);
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
    this.outbox.tellHolds();
    await continueAsNew<typeof engine>({
      engineId: this.engineId,
      policy: this.policyJson,
      tuning: this.tuning,
      carried: this.engine as never,
    });
  }

  private async open(): Promise<void> {
    this.opened = true;
    await this.stores.open();
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
        const takes = () => this.ready && !this.stores.rebuilding;
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
    return this.starter.starting || this.outbox.publishing || this.stores.rebuilding;
  }

  get current(): Derived {
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
    this.outbox.tellHolds();
    if (this.outbox.writeDue()) void this.outbox.write();
    if (this.outbox.publishDue()) void this.outbox.publish();
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
      this.outbox.publishDue() ||
      this.outbox.writeDue() ||
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
  quickMs(): number {
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
        watch.result = { kind: 'lost', error: failureReport(error), critical: false };
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
  lose(error: ErrorReport, critical: boolean): void {
    const standing = this.engine.holds.find((hold) => hold.code === 'connection');
    const { code, message: reason } = error;
    const alert = critical ? setupCode(code) : 'CONNECTION_LOST';
    const draft = alert === 'CONNECTION_LOST' ? raised(alert, { reason }) : raised(alert, { reason, error: code });
    const lost = {
      code: 'connection',
      sinceMs: Date.now(),
      permits: 'nothing',
      clearedBy: 'itself',
      reason: alertReason(draft),
      details: { alert },
    } as const;
    this.engine = { ...this.engine, holds: withHold(this.engine.holds, lost) };
    if (critical) {
      const running = this.engine.state === 'running';
      const stopped = this.engine.holds.some((hold) => hold.code === 'stopped');
      if (!stopped) this.engine = stopEngine(this.engine, Date.now(), alertReason(draft));
      if (running || standing?.details?.alert !== alert) this.outbox.raise(draft, 'critical');
    } else if (standing === undefined) this.outbox.raise(draft, 'connection');
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
    this.vault.compare(snapshot);
    return snapshot;
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
      this.lose(failureReport(error), false);
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
}

/** What a change of is worth a write: all but the times that move by themselves. */
function comparable(run: EngineRun): object {
  const { sequence: _, updatedAtMs: __, ...rest } = engineRecord(run);
  return rest;
}
