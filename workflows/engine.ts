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
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { WatchInput, WatchResult } from '../activities/contract.ts';
import type { CommandAnswer, CommandEnvelope } from '../src/domain/command.ts';
import { type DecisionContext, decide } from '../src/domain/decide.ts';
import {
  decisionContext,
  type EngineCarried,
  initialEngine,
  passMarketTime,
  slotWantedBy,
  stopEngine,
  takeReport,
  unresolvedOperations,
} from '../src/domain/engine-state.ts';
import type { ErrorReport } from '../src/domain/errors.ts';
import { withHold, withoutHold } from '../src/domain/hold.ts';
import { canonicalJson, operationWorkflowId } from '../src/domain/ids.ts';
import { decodePolicy, type Policy } from '../src/domain/policy.ts';
import { perpOf, reconcile } from '../src/domain/reconcile.ts';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../src/domain/snapshot.ts';
import { durable, local, watchOnce } from './engine-activities.ts';
import { CommandDesk } from './engine-commands.ts';
import { alertOf, engineRecord, showEngine } from './engine-display.ts';
import { OperationStarter } from './engine-operations.ts';
import {
  command,
  configure,
  type EngineInput,
  type EngineTuning,
  engineState,
  operationReport,
  reportAgain,
} from './messages.ts';

/** Waited when the watch and the workflow read the same snapshot differently, so that they cannot chase each other. */
const DISAGREEMENT_PAUSE_MS = 5_000;
const PUBLISH_RETRY_MS = 5_000;
const OPEN_STORES_RETRY_MS = 10_000;

interface RunningWatch {
  readonly key: string;
  readonly scope: CancellationScope;
  result: WatchResult | null;
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
  /** The watch should return at its first snapshot. */
  look = false;
  /** The stores were compared since the last process start. */
  private opened = false;
  /** They were compared once: commands are taken. */
  private ready = false;
  private published = '';
  private publishNotBeforeMs = 0;
  /** Grows with each report: a snapshot that was read before one must not be held against what it changed. */
  private reports = 0;
  private watch: RunningWatch | null = null;
  private cooldownTimerFor: number | null = null;
  private readonly desk: CommandDesk;
  private readonly starter: OperationStarter;

  constructor(input: EngineInput) {
    this.engineId = input.engineId;
    this.policyJson = input.policy;
    this.policy = decodePolicy(input.policy);
    this.tuning = input.tuning;
    this.engine = (input.carried as unknown as EngineCarried | null) ?? initialEngine(uuid4());
    this.starter = new OperationStarter(this);
    this.desk = new CommandDesk(this, this.starter);
  }

  async run(): Promise<void> {
    this.listen();
    do {
      await this.open();
      while (this.opened && !this.mayRenew()) await this.turn();
    } while (!this.opened);
    this.watch?.scope.cancel();
    await condition(allHandlersFinished);
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
    this.ready = true;
  }

  private listen(): void {
    setHandler(engineState, () => engineRecord(this));
    setHandler(operationReport, (report) => {
      this.reports += 1;
      this.engine = takeReport(this.engine, report, {
        nowMs: Date.now(),
        marketNowMs: this.marketNowMs(),
        cooldownMs: this.policy.cooldownMs,
        cooldownWallMs: this.policy.marketSpeed === 'max' ? null : this.policy.cooldownMs / this.policy.marketSpeed,
      });
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
        await condition(() => this.ready, this.tuning.answerWithinMs);
        return await this.desk.handle(envelope);
      },
      {
        validator: (envelope) => this.desk.validate(envelope),
      },
    );
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
        const opened = await durable.openStores({
          engineId: this.engineId,
          epoch: this.engine.epoch,
          sequence: this.engine.sequence,
          journalId: this.engine.journalId,
          accountSeen: this.engine.seen !== null,
        });
        await this.takeStores(opened);
        return;
      } catch (error) {
        if (isCancellation(error)) throw error;
        this.engine = {
          ...this.engine,
          holds: withHold(this.engine.holds, connectionHold(reportOf(error), Date.now())),
        };
        showEngine(this);
        await sleep(OPEN_STORES_RETRY_MS, { summary: 'journal unreachable: next try' });
      }
    }
  }

  private async takeStores(opened: Awaited<ReturnType<typeof durable.openStores>>): Promise<void> {
    if (opened.verdict === 'fresh' || opened.verdict === 'match') {
      const sequence = Math.max(this.engine.sequence, opened.record?.sequence ?? 0);
      this.engine = {
        ...this.engine,
        journalId: opened.journalId,
        sequence,
      };
      return;
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
        details: { verdict: opened.verdict },
      }),
    };
    if (opened.verdict === 'temporal_lost') await this.starter.recover(opened.unfinished);
    await this.raise(
      'STORES_DIVERGED',
      'critical',
      opened.detail,
      'Check the account against the history, then RESUME.',
      opened.verdict,
    );
  }

  /** A person looked (RESUME): the journal that stands is ours from here on. A missing account stays a hold. */
  async acceptStores(): Promise<void> {
    const opened = await durable.openStores({
      engineId: this.engineId,
      epoch: this.engine.epoch,
      sequence: this.engine.sequence,
      journalId: this.engine.journalId,
      accountSeen: this.engine.seen !== null,
    });
    if (opened.verdict === 'account_missing') return await this.takeStores(opened);
    this.engine = {
      ...this.engine,
      journalId: opened.journalId,
      sequence: Math.max(this.engine.sequence, opened.record?.sequence ?? 0),
    };
  }

  /** After continue-as-new or a restart: what Temporal no longer knows becomes unresolved from the journal's record. */
  private async askAfterOperations(): Promise<void> {
    if (this.engine.operations.length === 0) return;
    const operationIds = this.engine.operations.map((operation) => operation.operationId);
    const states = await durable.operationStates({ engineId: this.engineId, operationIds });
    for (const state of states) {
      if (state.workflow === 'running') {
        await getExternalWorkflowHandle(operationWorkflowId(state.operationId))
          .signal(reportAgain)
          .catch(() => undefined);
      } else {
        await this.starter.adoptEnded(state);
      }
    }
  }

  private mayRenew(): boolean {
    const info = workflowInfo();
    const due = info.continueAsNewSuggested || info.historyLength > this.tuning.maxHistoryEvents;
    return due && this.desk.idle() && !this.starter.starting;
  }

  private watchInput(): Omit<WatchInput, 'generation' | 'untilMs'> {
    const context: DecisionContext = decisionContext(this.engine);
    return {
      engineId: this.engineId,
      epoch: this.engine.epoch,
      context,
      policy: this.policyJson,
      vaultPerp: this.engine.vaultPerp,
      reconcile: this.engine.slot === null && unresolvedOperations(this.engine).length === 0,
      backoffUntilMs: this.engine.backoffUntilMs,
      reconnecting: this.engine.holds.some((hold) => hold.code === 'connection'),
      look: this.look,
    };
  }

  /** One step: publish what changed, keep the watch in step with the context, take its result. */
  private async turn(): Promise<void> {
    if (this.publishDue()) await this.publish();
    if (this.slotWanted()) await this.starter.grantSlot();
    const key = canonicalJson(this.watchInput() as never);
    if (this.watch?.key !== key) this.startWatch(key);
    this.armCooldown();
    showEngine(this);
    const before = this.watch;
    await condition(
      () =>
        !this.opened ||
        this.mayRenew() ||
        this.publishDue() ||
        this.slotWanted() ||
        before?.result !== null ||
        canonicalJson(this.watchInput() as never) !== key,
    );
    const result = before?.result ?? null;
    // What was seen under another context is stale: the next watch looks again.
    if (result === null || canonicalJson(this.watchInput() as never) !== key) return;
    this.watch = null;
    await this.take(result, key);
  }

  private slotWanted(): boolean {
    return this.desk.waiting === 0 && slotWantedBy(this.engine) !== null;
  }

  private startWatch(key: string): void {
    this.watch?.scope.cancel();
    this.engine = { ...this.engine, generation: this.engine.generation + 1 };
    const scope = new CancellationScope();
    const watch: RunningWatch = { key, scope, result: null };
    this.watch = watch;
    const input: WatchInput = {
      ...this.watchInput(),
      generation: this.engine.generation,
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
        return await this.lose(result.error, result.critical);
      case 'decide': {
        const before = this.engine;
        await this.see(result.snapshot);
        const acted = await this.act(result.snapshot);
        const unchanged =
          canonicalJson(this.watchInput() as never) === key && this.engine.operations === before.operations;
        if (!acted && unchanged) await sleep(DISAGREEMENT_PAUSE_MS);
      }
    }
  }

  /** The venue cannot be read: halted, and the watch tries again every 10 s. */
  private async lose(error: ErrorReport, critical: boolean): Promise<void> {
    const standing = this.engine.holds.some((hold) => hold.code === 'connection');
    this.engine = { ...this.engine, holds: withHold(this.engine.holds, connectionHold(error, Date.now())) };
    if (critical) {
      this.engine = stopEngine(this.engine, Date.now());
      await this.raise(
        error.code,
        'critical',
        error.message,
        'Correct the setting that it names and start again.',
        String(this.engine.generation),
      );
    } else if (!standing) {
      await this.raise(
        'CONNECTION_LOST',
        'warning',
        error.message,
        'Nothing: it reconnects by itself every 10 s.',
        String(this.engine.generation),
      );
    }
  }

  /** Takes what a snapshot tells: the market's time, the end of a feed or of an outage, and differences from the vault. */
  async see(json: SnapshotJson): Promise<Snapshot> {
    const snapshot = decodeSnapshot(json);
    const nowMs = Date.now();
    this.look = false;
    const firstEver = this.engine.seen === null;
    const reconnected = this.engine.holds.some((hold) => hold.code === 'connection');
    this.engine = passMarketTime(this.engine, snapshot.marketTimeMs);
    this.engine = {
      ...this.engine,
      seen: { marketTimeMs: snapshot.marketTimeMs, takenAtMs: snapshot.takenAtMs, feed: snapshot.feed.feed },
      holds: withoutHold(this.engine.holds, 'connection'),
    };
    if (reconnected) await this.recovered('CONNECTION_LOST', 'The venue answers again.');
    this.engine = {
      ...this.engine,
      holds: snapshot.feed.ended
        ? withHold(this.engine.holds, {
            code: 'feed_ended',
            sinceMs: nowMs,
            permits: 'reducing',
            clearedBy: 'itself',
            reason: `The market data of ${snapshot.feed.feed} has ended; the last price stands.`,
          })
        : withoutHold(this.engine.holds, 'feed_ended'),
    };
    if (this.engine.slot === null && unresolvedOperations(this.engine).length === 0)
      await this.reconcile(snapshot, firstEver);
    return snapshot;
  }

  private async reconcile(snapshot: Snapshot, firstEver: boolean): Promise<void> {
    const vault = this.engine.vaultPerp === null ? null : BigInt(this.engine.vaultPerp);
    const difference = reconcile(vault, snapshot);
    const perp = perpOf(snapshot).toString();
    switch (difference.kind) {
      case 'none':
        return;
      case 'first_look':
        this.engine = { ...this.engine, vaultPerp: perp };
        if (firstEver && difference.perp !== 0n) await this.foundForeign(0n, difference.perp);
        return;
      case 'liquidation':
        this.hold(
          'liquidation',
          'nothing',
          'The venue liquidated (part of) the position. Check the account, then RESUME.',
        );
        await this.raise(
          'LIQUIDATED',
          'critical',
          `The venue liquidated the position from ${sol(difference.from)} to ${sol(difference.to)} SOL.`,
          'Check the account; RESUME when you have decided.',
          perp,
        );
        break;
      case 'foreign_reduction':
        if (difference.to === 0n) {
          this.engine = { ...this.engine, hedgeTargetPpm: 0 };
          await this.raise(
            'FOREIGN_CLOSE',
            'warning',
            'Somebody else closed the position; the hedge target is now 0.',
            'Nothing, if that was you.',
            perp,
          );
        } else {
          this.hold(
            'foreign_trade',
            'reducing',
            'Somebody else reduced the position. RESUME takes what stands as the new target.',
          );
          await this.raise(
            'FOREIGN_TRADE',
            'warning',
            `The position went from ${sol(difference.from)} to ${sol(difference.to)} SOL without us.`,
            'RESUME takes what stands as the new target.',
            perp,
          );
        }
        break;
      case 'foreign_increase':
        await this.foundForeign(difference.from, difference.to);
        break;
    }
    this.engine = { ...this.engine, vaultPerp: perp };
  }

  /** A command may come before the watch's first snapshot: what it saw is what the vault begins with. */
  async firstLook(snapshot: Snapshot): Promise<void> {
    const nothingOpen = this.engine.slot === null && unresolvedOperations(this.engine).length === 0;
    if (this.engine.vaultPerp === null && nothingOpen) await this.reconcile(snapshot, this.engine.seen === null);
  }

  private async foundForeign(from: bigint, to: bigint): Promise<void> {
    const remedy = 'ADOPT_POSITION takes it over; CLOSE and FLATTEN work on it.';
    this.hold('foreign_trade', 'reducing', `A position or an increase is not ours. ${remedy}`);
    const message = `The position went from ${sol(from)} to ${sol(to)} SOL without us.`;
    await this.raise('FOREIGN_POSITION', 'critical', message, remedy, to.toString());
  }

  private hold(code: 'liquidation' | 'foreign_trade', permits: 'reducing' | 'nothing', reason: string): void {
    this.engine = {
      ...this.engine,
      holds: withHold(this.engine.holds, { code, sinceMs: Date.now(), permits, clearedBy: 'person', reason }),
    };
  }

  /** Decides again from a fresh snapshot before acting. True when an operation was started. */
  private async act(seen: SnapshotJson): Promise<boolean> {
    if (this.engine.slot !== null || this.desk.waiting > 0) return false;
    const first = decide(decodeSnapshot(seen), decisionContext(this.engine), this.policy, Date.now());
    if (first.action.kind === 'none') return false;
    if (first.action.kind === 'guard' && this.engine.backoffUntilMs !== null) return false;
    const { reports } = this;
    const fresh = await durable.readSnapshot({ engineId: this.engineId, commitment: 'confirmed' });
    if (this.reports !== reports) return true;
    const snapshot = await this.see(fresh);
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
    return Date.now() >= this.publishNotBeforeMs && canonicalJson(comparable(this) as never) !== this.published;
  }

  /** Writes the engine's row. The sequence counts what the journal acknowledged, so that the two stores can be compared. */
  private async publish(): Promise<void> {
    const content = canonicalJson(comparable(this) as never);
    const sequence = this.engine.sequence + 1;
    try {
      await local.publishEngine({ ...engineRecord(this), sequence });
      this.engine = { ...this.engine, sequence };
      this.published = content;
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.publishNotBeforeMs = Date.now() + PUBLISH_RETRY_MS;
      void sleep(PUBLISH_RETRY_MS, { summary: 'journal unreachable: publish again' });
    }
  }

  async raise(
    code: string,
    severity: 'info' | 'warning' | 'critical',
    message: string,
    action: string,
    subject: string,
  ): Promise<void> {
    await this.tell(
      alertOf(this.engineId, 'alert', severity, code, message, action, `${this.engine.epoch}/${subject}`, Date.now()),
    );
  }

  async recovered(code: string, message: string): Promise<void> {
    await this.tell(
      alertOf(
        this.engineId,
        'recovered',
        'info',
        code,
        message,
        '',
        `${this.engine.epoch}/${this.engine.generation}`,
        Date.now(),
      ),
    );
  }

  /** An alert that cannot be journaled now must not stop the engine: the activity goes on trying beside it. */
  private async tell(alert: Parameters<typeof durable.raiseAlerts>[0][number]): Promise<void> {
    void durable.raiseAlerts([alert]).catch(() => undefined);
  }
}

const connectionHold = (error: ErrorReport, nowMs: number) =>
  ({
    code: 'connection',
    sinceMs: nowMs,
    permits: 'nothing',
    clearedBy: 'itself',
    reason: `Cannot read the venue: ${error.message}`,
  }) as const;

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
