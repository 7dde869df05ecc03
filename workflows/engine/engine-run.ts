/** One run of the engine, from start or continue-as-new to the next: its parts, and the turns in which they work. */
import {
  allHandlersFinished,
  condition,
  isCancellation,
  patched,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { WatchResult } from '../../activities/contract.ts';
import type { Snapshot, SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { checkConsent } from '../../src/domain/engine/auto-carry.ts';
import { quickOperationMs } from '../../src/domain/engine/engine-clock.ts';
import { carriedEngine, type EngineCarried, slotWantedBy } from '../../src/domain/engine/engine-state.ts';
import { settingsRefused } from '../../src/domain/engine/settings-refused.ts';
import { isRestrictedBy, lift, restrict, takeConfiguration } from '../../src/domain/engine/transitions.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import type { CommandAnswer, CommandEnvelope } from '../../src/domain/order/command.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { EngineConfiguration, EngineInput } from '../messages.ts';
import { AccountObserver } from './account-observer.ts';
import { AccountReader } from './account-reader.ts';
import { durable } from './activities.ts';
import { AutomaticTrading } from './automatic-trading.ts';
import { carryBacktest } from './carry-backtest.ts';
import { CommandActivities } from './command-activities.ts';
import { CommandDesk } from './command-desk.ts';
import { CommandRecords } from './command-records.ts';
import { Confirmations } from './confirmations.ts';
import { ControlCommands } from './control-commands.ts';
import { type EngineCore, EngineSettings, EngineStateStore, EventMoment } from './core.ts';
import { EngineDisplay, engineRecord } from './display.ts';
import { OperationStarter } from './operation-starter.ts';
import { Outbox } from './outbox.ts';
import { PositionCheck } from './position-check.ts';
import { takeOperationReport } from './report-taking.ts';
import { Retries } from './retries.ts';
import { SlotLine } from './slot-line.ts';
import { TwoStores } from './stores.ts';
import { TradeCommands } from './trade-commands.ts';
import { VenueWatch } from './venue-watch.ts';

/** Waited when the watch and the workflow read the same snapshot differently, so that they cannot chase each other. */
const DISAGREEMENT_PAUSE_MS = 5_000;
const RENEWAL_MARGIN_EVENTS = 2_000;
/** Temporal suggests renewal at 4 MB. */
const MAX_HISTORY_BYTES = 6_000_000;

export class EngineRun {
  readonly #core: EngineCore;
  readonly #display: EngineDisplay;
  readonly #starter: OperationStarter;
  readonly #retries: Retries;
  readonly #outbox: Outbox;
  readonly #observer: AccountObserver;
  readonly #stores: TwoStores;
  readonly #watch: VenueWatch;
  readonly #trading: AutomaticTrading;
  readonly #desk: CommandDesk;
  /** The stores were compared since the last process start. */
  #opened = false;
  /** Counts process starts: the try of an earlier one gives up. */
  #openings = 0;
  /** They were compared once, and no process start is on its way. */
  #ready = false;
  /** Counts reports: a snapshot that was read before a report is not compared with what that report changed. */
  #reports = 0;
  /** This run did something: it may be followed by the next. */
  #turned = false;
  #cooldownTimerFor: number | null = null;

  constructor(input: EngineInput) {
    const { engineId, policy, tuning } = input;
    const carried = carriedEngine(input.carried as unknown as EngineCarried | null, uuid4());
    const core = {
      engineId,
      state: new EngineStateStore(carried),
      settings: new EngineSettings(policy, tuning),
      moment: new EventMoment(),
    };
    const starter = new OperationStarter(core);
    const isCompared = () => !isRestrictedBy(core.state.current, 'journal_away');
    const outbox = new Outbox(core, { isCompared, startingOperation: () => starter.starting });
    const raise: Outbox['raise'] = (draft, subject) => outbox.raise(draft, subject);
    const position = new PositionCheck(core, { raise });
    const comparePosition = (snapshot: Snapshot) => position.compare(snapshot);
    const observer = new AccountObserver(core, { raise, comparePosition });
    const lose: AccountObserver['lose'] = (error, critical) => observer.lose(error, critical);
    const display = new EngineDisplay(core);
    const stores = new TwoStores(core, {
      ...{ raise, lose },
      show: () => display.show(),
      recover: (unfinished) => starter.recover(unfinished),
    });
    const reportsTaken = () => this.#reports;
    const activities = new CommandActivities();
    const records = new CommandRecords(core, activities);
    const account = new AccountReader(engineId, activities);
    const line = new SlotLine();
    const confirmations = new Confirmations(core);
    const trades = new TradeCommands(core, {
      ...{ records, account, line, comparePosition, reportsTaken },
      confirmations,
      start: (start) => starter.start(start),
      proveUnresolved: () => starter.proveUnresolved(),
    });
    const acceptJournal = () => stores.accept();
    const retries = new Retries(core, { account, confirmations, raise });
    const controls = new ControlCommands(core, {
      records,
      retries,
      confirmations,
      account,
      acceptJournal,
      noteRestored: (stage) => durable.noteRestored({ engineId, stage }),
      reportsTaken,
      carryBacktest: () => carryBacktest(core, (input) => activities.run(({ carryBacktest: run }) => run(input))),
    });
    const desk = new CommandDesk(core, { records, line, trades, controls, mustRenew: () => this.#mustRenew() });
    const trading = new AutomaticTrading(core, {
      ...{ lose, reportsTaken },
      see: (json) => this.#see(json),
      start: (action, snapshot) => starter.startDecided(action, snapshot),
      carryBacktest: () => carryBacktest(core, (policy) => durable.carryBacktest(policy)),
      raise,
      commandsWait: () => desk.waiting > 0,
      exitsWait: () => desk.waitingExits > 0,
      isOpen: () => this.#opened,
    });
    this.#core = core;
    this.#starter = starter;
    this.#retries = retries;
    this.#outbox = outbox;
    this.#observer = observer;
    this.#display = display;
    this.#stores = stores;
    this.#desk = desk;
    this.#trading = trading;
    this.#watch = new VenueWatch(core);
  }

  get record(): EngineRecord {
    return engineRecord(this.#core);
  }

  get opened(): boolean {
    return this.#opened;
  }

  takeReport(report: OperationReport): void {
    this.#core.moment.mark();
    this.#reports += 1;
    takeOperationReport(this.#core, report);
  }

  configure({ id, policy, tuning }: EngineConfiguration): void {
    const { state, settings, moment } = this.#core;
    moment.mark();
    if (id !== undefined) {
      if (state.current.configurations.includes(id)) return;
      state.apply(takeConfiguration, id);
    }
    try {
      settings.replace(policy, tuning);
      state.apply(lift, 'settings_refused');
    } catch (error) {
      // Throwing here would stop the engine and its guard. It keeps its old settings instead, and enlarges nothing.
      if (patched('stricter-limits')) settings.tighten(policy);
      state.apply(restrict, settingsRefused(error, Date.now()));
    }
    state.apply(checkConsent, settings.policyHash(this.#core.engineId));
    if (settings.tuning.watchSilenceMs !== undefined) this.#watch.replace();
    // The process that sends this may stand on another journal than the last one: nothing trades before it is known.
    this.#opened = false;
    this.#ready = false;
  }

  validate(envelope: CommandEnvelope): void {
    this.#desk.validate(envelope);
  }

  async command(envelope: CommandEnvelope): Promise<CommandAnswer> {
    this.#core.moment.mark();
    const { answerWithinMs } = this.#core.settings.tuning;
    const answerByMs = Date.now() + answerWithinMs;
    const takes = () => this.#ready && !this.#stores.rebuilding;
    const ready = takes() || (await condition(takes, answerWithinMs));
    try {
      return await this.#desk.handle(envelope, ready, Math.max(1, answerByMs - Date.now()));
    } finally {
      this.#core.moment.mark();
    }
  }

  /** After each start of a process: the two stores are compared, and operations are asked where they stand. */
  async open(): Promise<void> {
    this.#opened = true;
    this.#openings += 1;
    if (await this.#stores.open()) await this.#begin();
    else void this.#openLater(this.#openings);
  }

  async #begin(): Promise<void> {
    await this.#askAfterOperations();
    // If another process has started since, its journal must be compared first.
    this.#ready = this.#opened;
  }

  /** Beside the turns: watch, guard and exits do not wait for a journal that is away. */
  async #openLater(opening: number): Promise<void> {
    const isCurrent = () => this.#opened && this.#openings === opening;
    do {
      await sleep(this.#core.settings.retryAfterMs, { summary: 'journal unreachable: next try' });
      if (!isCurrent()) return;
    } while (!(await this.#stores.open()));
    if (isCurrent()) await this.#begin();
  }

  /** After continue-as-new or a restart: what Temporal no longer knows becomes unresolved from the journal's record. */
  async #askAfterOperations(): Promise<void> {
    if (await this.#askOnce()) return;
    // Until then they keep their last known state, in the slot or unresolved, which is the safe assumption.
    void this.#askUntilAnswered();
  }

  async #askUntilAnswered(): Promise<void> {
    do await sleep(this.#core.settings.retryAfterMs, { summary: 'until the next check of its operations' });
    while (!(await this.#askOnce()));
  }

  async #askOnce(): Promise<boolean> {
    try {
      await this.#starter.askAfter(this.#core.state.current.operations.map((operation) => operation.operationId));
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  }

  /** The history is long enough, and this run holds nothing that the next would lack. */
  mayRenew(): boolean {
    const { moment, settings } = this.#core;
    const due = moment.history.renewalSuggested || moment.history.events > settings.tuning.maxHistoryEvents;
    const busyBeside = this.#starter.starting || this.#outbox.publishing || this.#stores.rebuilding;
    return due && this.#turned && this.#desk.idle() && !busyBeside && allHandlersFinished();
  }

  /**
   * Under load there is always a command in hand, so `mayRenew` would never come true: past this bound no ordinary one is
   * taken, until those in hand are done. A longer history takes a new worker too long to replay.
   */
  #mustRenew(): boolean {
    const { historyLength, historySize } = workflowInfo();
    const { maxHistoryEvents, renewalMarginEvents = RENEWAL_MARGIN_EVENTS } = this.#core.settings.tuning;
    return historyLength > maxHistoryEvents + renewalMarginEvents || historySize > MAX_HISTORY_BYTES;
  }

  /** Ends this run and returns the next one's input. Synchronous, so no command can come between `mayRenew` and the renewal. */
  end(): EngineInput {
    const { engineId, state, settings } = this.#core;
    this.#watch.cancel();
    this.#outbox.tellHolds();
    this.#outbox.tellCarry();
    return { engineId, policy: settings.policyJson, tuning: settings.tuning, carried: state.current as never };
  }

  /** One step: publish what changed, keep the watch in step with the context, take its result. */
  async turn(): Promise<void> {
    this.#core.moment.mark();
    this.#outbox.tellHolds();
    this.#outbox.tellCarry();
    if (this.#outbox.writeDue()) void this.#outbox.write();
    if (this.#outbox.publishDue()) void this.#outbox.publish();
    if (this.#slotWanted()) await this.#retries.grantSlot();
    if (this.#watch.due()) this.#watch.start();
    this.#armCooldown();
    this.#display.show();
    this.#turned = true;
    const { key } = this.#watch;
    await this.#untilSomethingIsDue(key);
    const result = this.#watch.takeResult(key);
    if (result !== null) await this.#take(result, key);
  }

  /** The watch's result, or what else a turn is for; at the latest the end of the time in which an operation is quick. */
  async #untilSomethingIsDue(key: string): Promise<void> {
    const { state, moment } = this.#core;
    const quickMs = quickOperationMs(state.current, moment.nowMs);
    const due = () => this.#watch.hasResult || this.#somethingElse(key);
    if (quickMs > 0) await condition(due, quickMs);
    else await condition(due);
  }

  #somethingElse(key: string): boolean {
    return (
      !this.#opened ||
      this.mayRenew() ||
      this.#outbox.publishDue() ||
      this.#outbox.writeDue() ||
      this.#slotWanted() ||
      this.#watch.key !== key
    );
  }

  #slotWanted(): boolean {
    return this.#desk.waiting === 0 && slotWantedBy(this.#core.state.current) !== null;
  }

  async #take(result: WatchResult, key: string): Promise<void> {
    switch (result.kind) {
      case 'checkpoint':
        return;
      case 'behind':
        // Until its first publish a new engine finds the row of the one before it: that is no later watch of its own.
        if (!this.#outbox.hasPublished) return;
        // As at a start: nothing trades before the two stores are compared.
        this.#opened = false;
        this.#ready = false;
        return;
      case 'lost':
        return await this.#loseWatch(result.error, result.critical);
      case 'decide':
        return await this.#decide(result.snapshot, key);
    }
  }

  async #decide(snapshot: SnapshotJson, key: string): Promise<void> {
    const { state } = this.#core;
    const { operations } = state.current;
    this.#see(snapshot);
    const acted = await this.#trading.act(snapshot);
    const now = this.#watch.key;
    // A doubt is a restriction and so another context, but the second look still gets its pause.
    const unchanged = (now === key || state.current.doubts > 0) && state.current.operations === operations;
    if (!acted && unchanged)
      await condition(
        () => this.#somethingElse(now),
        Math.min(DISAGREEMENT_PAUSE_MS, this.#core.settings.retryAfterMs),
      );
  }

  #see(json: SnapshotJson): Snapshot {
    this.#watch.looked();
    const wasLost = isRestrictedBy(this.#core.state.current, 'connection');
    const snapshot = this.#observer.see(json);
    // Operations that found no responding node need not wait for their next timer.
    if (wasLost && patched('prove-on-recovery')) void this.#starter.proveUnresolved();
    return snapshot;
  }

  async #loseWatch(error: ErrorReport, critical: boolean): Promise<void> {
    const again = isRestrictedBy(this.#core.state.current, 'connection');
    this.#observer.lose(error, critical);
    if (!again) return;
    const { key } = this.#watch;
    // A defect must not fill the history.
    await condition(() => this.#somethingElse(key), this.#core.settings.retryAfterMs);
  }

  /** The cooldown as a durable timer that an operator sees; the market's time decides that it is over. */
  #armCooldown(): void {
    const { state } = this.#core;
    const endsAtMs = state.current.cooldownEndsAtMs;
    if (endsAtMs === null || this.#cooldownTimerFor === endsAtMs) return;
    this.#cooldownTimerFor = endsAtMs;
    void sleep(Math.max(1, endsAtMs - Date.now()), { summary: 'cooldown after a rebalance' }).then(() => {
      if (state.current.cooldownEndsAtMs === endsAtMs) this.#watch.lookAtOnce();
    });
  }
}
