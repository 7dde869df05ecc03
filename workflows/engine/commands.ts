/** The engine's desk: validates a command, admits it once, plans it on a fresh snapshot, waits for the slot, answers. */
import { ApplicationFailure, condition, getExternalWorkflowHandle, isCancellation, uuid4 } from '@temporalio/workflow';
import { decodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import { refusalOf } from '../../src/domain/engine/admission.ts';
import {
  admissionView,
  adopt,
  CONFIRMATION_LIFE_MS,
  type Confirmation,
  flattened,
  rememberCommand,
  resume,
  startEngine,
  stopEngine,
  trackedOperation,
  unansweredCommands,
} from '../../src/domain/engine/engine-state.ts';
import { type Hold, tradingStateOf } from '../../src/domain/engine/hold.ts';
import { withAnswer } from '../../src/domain/engine/pending-writes.ts';
import { perpOf } from '../../src/domain/engine/reconcile.ts';
import { exposure } from '../../src/domain/hedge/delta.ts';
import { ASSET_DECIMALS, formatAmount } from '../../src/domain/money/amounts.ts';
import { type CommandAnswer, type CommandEnvelope, done, refused } from '../../src/domain/order/command.ts';
import { admissionRow, isExit, type OperationKind, operationKindOf } from '../../src/domain/order/operations.ts';
import { type OperationPlan, planCommand } from '../../src/domain/planning/plan-command.ts';
import type { ErrorReport, Json } from '../../src/lib/errors.ts';
import { operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { failureReport } from '../failure-report.ts';
import { standDown } from '../messages.ts';
import { local } from './activities.ts';
import { engineRecord } from './display.ts';
import type { EngineRun } from './engine.ts';
import type { OperationStarter } from './operation-starter.ts';

type Stored = Awaited<ReturnType<typeof local.admitCommand>>;

/** A person's word for a trade holds so long, as a verdict's does: a way out waits for a venue that is away. */
const WAY_OUT_WAITS_MS = 600_000;
const READ_AGAIN_MS = 10_000;
/** A report that is on its way comes sooner by far; the answer must be in time without it too. */
const TOLD_WITHIN_MS = 1_500;

export class CommandDesk {
  /** Commands in line for the slot, the head first. */
  private readonly line: string[] = [];
  private handling = 0;
  /** Ways out that wait until the venue can be read. */
  private expecting = 0;
  /** Command ids being admitted: a second update of the same id waits for the first. */
  private readonly inHand = new Set<string>();

  private readonly run: EngineRun;
  private readonly starter: OperationStarter;

  constructor(run: EngineRun, starter: OperationStarter) {
    this.run = run;
    this.starter = starter;
  }

  /** How many commands wait for the slot: the engine decides nothing over their heads. */
  get waiting(): number {
    return this.line.length + this.expecting;
  }

  /** Nothing that continue-as-new would lose. */
  idle(): boolean {
    return this.handling === 0 && this.line.length === 0;
  }

  /** Synchronous, changes nothing. A refusal here leaves no record, so that the same command may come again. */
  validate(envelope: CommandEnvelope): void {
    const kind = operationKindOf(envelope.request.action);
    if (kind === null || isExit(kind)) return;
    if (this.remembered(envelope.commandId) !== null) return;
    if (this.line.length >= this.run.tuning.maxWaiting) {
      const { message, code, details } = this.busy();
      throw ApplicationFailure.nonRetryable(message, code, details);
    }
  }

  /** `ready`: the two stores were compared; before it only the ways out and what needs no look at the account go on. */
  async handle(envelope: CommandEnvelope, ready: boolean, withinMs: number): Promise<CommandAnswer> {
    const kind = operationKindOf(envelope.request.action);
    const { action } = envelope.request;
    const waits = kind === null ? action === 'RESUME' || action === 'ADOPT_POSITION' : !isExit(kind);
    if (!ready && waits) return this.addressed(refused(NOT_READY));
    const answer: { value?: CommandAnswer } = {};
    this.handling += 1;
    void this.answer(envelope)
      .catch((error: unknown): CommandAnswer => {
        if (isCancellation(error)) throw error;
        return refused(unavailable(error));
      })
      .then((value) => {
        answer.value = value;
      });
    await condition(() => answer.value !== undefined, withinMs);
    return this.addressed(answer.value ?? this.pending(envelope));
  }

  private addressed(answer: CommandAnswer): CommandAnswer {
    return { ...answer, data: { engine_id: this.run.engineId, mode: this.run.policy.mode, ...answer.data } };
  }

  private pending(envelope: CommandEnvelope): CommandAnswer {
    return {
      success: true,
      message: 'Accepted; the result follows.',
      data: { status: 'pending', operation_id: operationIdOf(this.run.engineId, envelope.commandId) },
    };
  }

  private remembered(commandId: string) {
    return this.run.engine.commands.find((command) => command.commandId === commandId) ?? null;
  }

  /** The final answer, however long it takes. */
  private async answer(envelope: CommandEnvelope): Promise<CommandAnswer> {
    // Of several that wait, one goes on at a time.
    while (this.inHand.has(envelope.commandId)) await condition(() => !this.inHand.has(envelope.commandId));
    this.inHand.add(envelope.commandId);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.handling -= 1;
      this.inHand.delete(envelope.commandId);
    };
    try {
      const known = this.remembered(envelope.commandId);
      if (known !== null) {
        release();
        if (known.requestHash !== envelope.requestHash) return conflict(envelope);
        await condition(() => this.remembered(envelope.commandId)?.answer != null);
        return this.remembered(envelope.commandId)?.answer ?? this.pending(envelope);
      }
      const kind = operationKindOf(envelope.request.action);
      if (expired(envelope)) return await this.conclude(envelope, expiry(), false);
      if (kind === null) return await this.control(envelope);
      const started = await this.operate(envelope, kind);
      if (started !== null) return started;
      release();
      await condition(() => this.remembered(envelope.commandId)?.answer != null);
      return this.remembered(envelope.commandId)?.answer ?? this.pending(envelope);
    } finally {
      release();
    }
  }

  /** The answer when no operation was started; null when one was, and its report brings the answer. */
  private async operate(envelope: CommandEnvelope, kind: OperationKind): Promise<CommandAnswer | null> {
    // The direction of a rebalance shows only on a snapshot.
    const unsized = kind === 'rebalance';
    const refusal = () => (unsized ? null : refusalOf(admissionRow(kind, false), admissionView(this.run.engine)));
    const withSnapshot = refusal() === null;
    const confirmation = this.confirmationOf(envelope);
    if (confirmation === 'invalid') return refused(CONFIRMATION_INVALID, 'rejected');
    const { reports } = this.run;
    const stored = await this.admit(envelope, withSnapshot);
    if (stored === null && !isExit(kind)) return refused(JOURNAL_DOWN);
    const past = stored === null ? null : pastAnswer(envelope, stored);
    if (past !== null) return past;
    if (expired(envelope)) return await this.conclude(envelope, expiry(), true);
    // A way out that nothing refuses goes to the head of the line at once: what ended is none of its business.
    if (!isExit(kind) || !withSnapshot) await this.takeTold(stored);
    const early = withSnapshot ? null : refusal();
    if (early !== null) return await this.conclude(envelope, refused(early), true);
    const snapshot = await this.snapshotFor(kind, withSnapshot ? stored : null);
    if (snapshot === null) {
      // What a rebalance would come to stays unknown; what refuses even a reduction refuses it.
      const held = unsized ? refusalOf(admissionRow(kind, true), admissionView(this.run.engine)) : null;
      if (held !== null && stored !== null) return await this.conclude(envelope, refused(held), true);
      const error = stored === null ? JOURNAL_DOWN : (stored.unavailable ?? VENUE_DOWN);
      return isExit(kind) && mayComeBack(stored)
        ? await this.conclude(envelope, refused(unreadFor(error)), stored !== null)
        : refused(error);
    }
    // What an operation told meanwhile may not be in what was read.
    if (this.run.reports === reports) this.run.vault.compare(snapshot);
    const plan = planCommand(envelope.request, {
      snapshot,
      policy: this.run.policy,
      hedgeTargetPpm: this.run.engine.hedgeTargetPpm,
      cooldownUntilMs: this.run.engine.cooldownUntilMs,
      confirmed: confirmation !== null,
      nowMs: Date.now(),
    });
    switch (plan.kind) {
      case 'refuse':
        return await this.conclude(envelope, refused(plan.error, 'rejected', plan.data), true);
      case 'nothing':
        return await this.conclude(
          envelope,
          done(plan.message, { changed: this.haltFlat(envelope), ...plan.data }),
          true,
        );
      case 'confirm':
        return this.askConfirmation(envelope, plan);
      case 'start':
        return await this.startInTurn(envelope, plan, snapshot, confirmation);
    }
  }

  /** What a command is planned on. A way out waits neither for the journal nor in vain for a venue that is away. */
  private async snapshotFor(kind: OperationKind, stored: Stored | null): Promise<Snapshot | null> {
    const read = stored === null ? await this.fresh() : stored.snapshot && decodeSnapshot(stored.snapshot);
    return read === null && isExit(kind) && mayComeBack(stored) ? await this.whenReadable() : read;
  }

  /** At the watch's next snapshot, or tried again as often as it does; null: not within the time of a person's word. */
  private async whenReadable(): Promise<Snapshot | null> {
    const untilMs = Date.now() + WAY_OUT_WAITS_MS;
    this.expecting += 1;
    try {
      for (;;) {
        const { seen } = this.run.engine;
        await condition(() => this.run.engine.seen !== seen, READ_AGAIN_MS);
        const snapshot = await this.fresh();
        if (snapshot !== null || Date.now() >= untilMs) return snapshot;
      }
    } finally {
      this.expecting -= 1;
    }
  }

  /**
   * What the journal tells as ended, anybody may act on: it counts here before the next command is looked at. The report
   * that it waits for was sent before the journal was written, and is at most on its way.
   */
  private async takeTold(stored: Stored | null): Promise<void> {
    const told = stored?.answered ?? [];
    const taken = () => {
      const open = unansweredCommands(this.run.engine);
      return told.every((commandId) => !open.includes(commandId));
    };
    if (!taken()) await condition(taken, TOLD_WITHIN_MS);
  }

  /** Null when the journal cannot be reached: what is known here must do. */
  private async admit(envelope: CommandEnvelope, withSnapshot: boolean): Promise<Stored | null> {
    const { engineId } = this.run;
    const record = {
      commandId: envelope.commandId,
      engineId,
      action: envelope.request.action,
      requestHash: envelope.requestHash,
      request: envelope.request as never,
      receivedAtMs: envelope.receivedAtMs,
      operationId: operationIdOf(engineId, envelope.commandId),
    };
    const kind = operationKindOf(envelope.request.action);
    const first = kind === null || isExit(kind);
    const unanswered = unansweredCommands(this.run.engine).filter((other) => other !== envelope.commandId);
    const input = { engineId, record, withSnapshot, unanswered };
    try {
      return await this.run.locally.run(() => local.admitCommand(input), first);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }

  private async startInTurn(
    envelope: CommandEnvelope,
    plan: Extract<OperationPlan, { kind: 'start' }>,
    snapshot: Snapshot,
    confirmation: Confirmation | null,
  ): Promise<CommandAnswer | null> {
    const { kind } = plan.request;
    const exits = isExit(kind);
    const row = admissionRow(kind, plan.reducing);
    const refusal = refusalOf(row, admissionView(this.run.engine));
    if (refusal !== null) return await this.conclude(envelope, refused(refusal), true);
    // Several may have passed the validator at once. Not recorded: the same command may come again.
    if (!exits && this.line.length >= this.run.tuning.maxWaiting) return refused(this.busy());
    const operationId = operationIdOf(this.run.engineId, envelope.commandId);
    this.run.engine = rememberCommand(this.run.engine, {
      commandId: envelope.commandId,
      requestHash: envelope.requestHash,
      operationId,
      answer: null,
    });
    if (exits) this.line.unshift(envelope.commandId);
    else this.line.push(envelope.commandId);
    try {
      const { slot } = this.run.engine;
      if (exits && slot !== null && !this.isUnderWay(kind, slot)) {
        const reason = `${envelope.request.action} comes first`;
        await getExternalWorkflowHandle(operationWorkflowId(slot))
          .signal(standDown, { reason })
          .catch(() => undefined);
      }
      const mine = () => this.run.engine.slot === null && this.line[0] === envelope.commandId;
      // What made it true may be gone when we go on: another way out came to the head between.
      const untilMs = Date.now() + this.run.tuning.slotWaitMs;
      let inTime = true;
      while (inTime && !mine()) {
        if (exits) await condition(mine);
        else inTime = await condition(mine, Math.max(1, untilMs - Date.now()));
      }
      if (!inTime) return await this.conclude(envelope, refused(busyFor(this.run.tuning.slotWaitMs)), true);
      const late = refusalOf(row, admissionView(this.run.engine));
      if (late !== null) return await this.conclude(envelope, refused(late), true);
      const starting = this.starter.start({
        operationId,
        commandId: envelope.commandId,
        request: plan.request,
        reducing: plan.reducing,
        snapshot,
        confirmedPriceLimit: confirmation?.priceLimit ?? null,
        exposureConfirmed: confirmation !== null,
      });
      this.leave(envelope.commandId);
      await starting;
      return null;
    } finally {
      this.leave(envelope.commandId);
    }
  }

  /** What runs is a way out itself, and goes at least as far: waiting for it is quicker than starting over. */
  private isUnderWay(kind: OperationKind, slot: string): boolean {
    const running = trackedOperation(this.run.engine, slot)?.kind;
    return running === 'flatten' || (running === 'close' && kind === 'close');
  }

  private busy(): ErrorReport {
    return {
      code: 'ENGINE_BUSY',
      message: 'The engine is busy: try again in a few seconds.',
      details: { waiting: this.line.length, limit: this.run.tuning.maxWaiting },
    };
  }

  private leave(commandId: string): void {
    const place = this.line.indexOf(commandId);
    if (place >= 0) this.line.splice(place, 1);
  }

  /** FLATTEN without a position still halts. True when that changed something. */
  private haltFlat(envelope: CommandEnvelope): boolean {
    if (envelope.request.action !== 'FLATTEN') return false;
    const before = tradingStateOf(this.run.engine.holds);
    this.run.engine = flattened({ ...this.run.engine, hedgeTargetPpm: 0, confirmedExcess: null }, Date.now());
    return before !== 'halted';
  }

  private askConfirmation(envelope: CommandEnvelope, plan: Extract<OperationPlan, { kind: 'confirm' }>): CommandAnswer {
    const confirmation: Confirmation = {
      commandId: envelope.commandId,
      requestHash: envelope.requestHash,
      token: uuid4(),
      priceLimit: plan.priceLimit,
      expiresAtMs: Date.now() + CONFIRMATION_LIFE_MS,
    };
    const others = this.run.engine.confirmations.filter(
      (other) => other.commandId !== envelope.commandId && other.expiresAtMs > Date.now(),
    );
    this.run.engine = { ...this.run.engine, confirmations: [...others, confirmation] };
    return refused(
      {
        code: 'CONFIRMATION_REQUIRED',
        message: plan.message,
        details: { remedy: 'Send the same command with the same command_id and data.confirmation_token.' },
      },
      'confirmation_required',
      {
        preview: plan.preview,
        confirmation_token: confirmation.token,
        expires_at: new Date(confirmation.expiresAtMs).toISOString(),
      },
    );
  }

  /** Spends the token. Null: none was sent. */
  private confirmationOf(envelope: CommandEnvelope): Confirmation | 'invalid' | null {
    if (envelope.confirmationToken === undefined) return null;
    const found = this.run.engine.confirmations.find(
      (confirmation) =>
        confirmation.commandId === envelope.commandId &&
        confirmation.requestHash === envelope.requestHash &&
        confirmation.token === envelope.confirmationToken &&
        confirmation.expiresAtMs > Date.now(),
    );
    this.run.engine = {
      ...this.run.engine,
      confirmations: this.run.engine.confirmations.filter((confirmation) => confirmation !== found),
    };
    return found ?? 'invalid';
  }

  /** Commands that start no operation. They always answer. */
  private async control(envelope: CommandEnvelope): Promise<CommandAnswer> {
    const stored = await this.admit(envelope, false);
    const past = stored === null ? null : pastAnswer(envelope, stored);
    if (past !== null) return past;
    await this.takeTold(stored);
    const { request } = envelope;
    switch (request.action) {
      case 'START_ENGINE': {
        if (request.mode !== this.run.policy.mode) {
          const message = `This engine runs in ${this.run.policy.mode} mode. Stop it first, then start with ENGINE_MODE=${request.mode}.`;
          return await this.conclude(
            envelope,
            refused({ code: 'ENGINE_RUNNING_OTHER_MODE', message, details: { mode: this.run.policy.mode } }),
            stored !== null,
          );
        }
        const wallet = this.run.policy.mode === 'live' ? await this.verifyWallet() : null;
        if (wallet?.refusal !== undefined)
          return await this.conclude(envelope, refused(wallet.refusal), stored !== null);
        const changed = this.run.engine.state !== 'running';
        this.run.engine = startEngine(this.run.engine);
        const started = changed ? 'Engine started.' : 'The engine runs already.';
        return await this.conclude(
          envelope,
          done(wallet === null ? started : `${started} ${wallet.message}`, {
            changed,
            ...(wallet === null ? {} : { wallet: wallet.data }),
            ...this.stateData(),
          }),
          stored !== null,
        );
      }
      case 'STOP_ENGINE': {
        const changed = this.run.engine.state === 'running';
        if (changed) this.run.engine = stopEngine(this.run.engine, Date.now());
        const open = this.run.engine.vaultPerp !== null && this.run.engine.vaultPerp !== '0';
        const warning = open ? ' A position stays open: it is watched, and nothing corrects it. CLOSE ends it.' : '';
        return await this.conclude(
          envelope,
          done(`${changed ? 'Automatic trading stopped.' : 'The engine is stopped already.'}${warning}`, {
            changed,
            position_open: open,
            ...this.stateData(),
          }),
          stored !== null,
        );
      }
      case 'RESUME':
        return await this.resume(envelope, stored !== null);
      case 'ADOPT_POSITION':
        return await this.adopt(envelope, stored !== null);
      default:
        return done('Engine state.', { changed: false, ...this.stateData() });
    }
  }

  private async resume(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const { reports } = this.run;
    const snapshot = await this.fresh();
    if (snapshot === null)
      return refused({
        code: 'UNAVAILABLE',
        message: 'The account cannot be read now; RESUME looks first.',
        details: { part: 'venue', retry_after_s: 10 },
      });
    if (this.run.engine.holds.some((hold) => hold.code === 'stores_diverged')) {
      const refusal = await this.run.stores.accept();
      if (refusal !== null) return refused(refusal);
    }
    const before = this.run.engine.holds;
    const spot = (exposure(snapshot, this.run.policy).spot ?? 0n).toString();
    // What an operation told meanwhile may not be in what was read: then the next look takes it.
    const perp = this.run.reports === reports ? perpOf(snapshot).toString() : null;
    this.run.engine = resume(this.run.engine, perp, spot);
    const stands = (hold: Hold) =>
      this.run.engine.holds.some((other) => other.code === hold.code && other.key === hold.key);
    const cleared = before.filter((hold) => !stands(hold)).map((hold) => hold.code);
    const left = this.run.engine.holds.map((hold) => ({
      code: hold.code,
      reason: hold.reason,
      cleared_by: hold.clearedBy,
    }));
    const message = cleared.length === 0 ? 'Nothing to resume.' : `Cleared: ${cleared.join(', ')}.`;
    return await this.conclude(
      envelope,
      done(message, { changed: cleared.length > 0, cleared, holds: left, ...this.stateData() }),
      admitted,
    );
  }

  private async adopt(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const snapshot = await this.fresh();
    if (snapshot === null)
      return refused({
        code: 'UNAVAILABLE',
        message: 'The account cannot be read now.',
        details: { part: 'venue', retry_after_s: 10 },
      });
    const perp = perpOf(snapshot);
    if (perp === 0n)
      return await this.conclude(
        envelope,
        refused({ code: 'NO_POSITION', message: 'There is no position to adopt.' }),
        admitted,
      );
    const changed =
      this.run.engine.vaultPerp !== perp.toString() ||
      this.run.engine.holds.some((hold) => hold.code === 'foreign_trade');
    this.run.engine = adopt(
      this.run.engine,
      perp.toString(),
      (exposure(snapshot, this.run.policy).spot ?? 0n).toString(),
    );
    return await this.conclude(
      envelope,
      done("The position is this engine's own now.", { changed, ...this.stateData() }),
      admitted,
    );
  }

  /**
   * A live start looks at the wallet first: what can never work as configured is refused with its remedy. A venue that
   * only does not answer now holds the engine by itself, until it is read.
   */
  private async verifyWallet(): Promise<{ refusal?: ErrorReport; message: string; data: Json }> {
    try {
      const { wallet, account, transactionCostLamports } = await this.read();
      const sol = formatAmount(wallet.sol, ASSET_DECIMALS.SOL);
      const usdc = formatAmount(wallet.usdc, ASSET_DECIMALS.USDC);
      const opens = account === null ? ' There is no account yet: the first deposit opens it.' : '';
      const poor =
        wallet.sol < transactionCostLamports && this.run.policy.permissions !== 'read-only'
          ? ' It cannot pay for a transaction: send SOL to it.'
          : '';
      return {
        message: `The wallet holds ${sol} SOL and ${usdc} USDC.${poor}${opens}`,
        data: { sol, usdc, account: account !== null },
      };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const report = failureReport(error);
      if (isForGood(error)) return { refusal: report, message: report.message, data: null };
      return { message: `The wallet could not be read yet: ${report.message}`, data: null };
    }
  }

  private async read(): Promise<Snapshot> {
    const input = { engineId: this.run.engineId, commitment: 'confirmed' } as const;
    return decodeSnapshot(await this.run.locally.run(() => local.readSnapshot(input), true));
  }

  private async fresh(): Promise<Snapshot | null> {
    try {
      return await this.read();
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }

  private stateData() {
    const record = engineRecord(this.run);
    return {
      state: record.state,
      trading_state: tradingStateOf(this.run.engine.holds),
      hedge_target: record.hedgeTarget,
    };
  }

  /** Records a final answer here and in the journal. `admitted`: the journal has the command's row already. */
  private async conclude(envelope: CommandEnvelope, answer: CommandAnswer, admitted: boolean): Promise<CommandAnswer> {
    if (!admitted) {
      const stored = await this.admit(envelope, false);
      // The journal remembers longer than the engine does: the first answer stands.
      const past = stored === null ? null : pastAnswer(envelope, stored);
      if (past !== null) return past;
    }
    const full = this.addressed(answer);
    this.run.engine = rememberCommand(this.run.engine, {
      commandId: envelope.commandId,
      requestHash: envelope.requestHash,
      operationId: null,
      answer: full,
    });
    const record = { commandId: envelope.commandId, answer: full, atMs: Date.now() };
    await this.run.locally
      .run(() => local.recordAnswer(record))
      .catch((error: unknown) => {
        if (isCancellation(error)) throw error;
        // The journal catches up: the engine remembers the answer meanwhile.
        this.run.engine = { ...this.run.engine, pending: withAnswer(this.run.engine.pending, record) };
      });
    return full;
  }
}

/** Accepted and then in vain: recorded, since it was answered pending, so it is no use to send it again as it is. */
const busyFor = (waitedMs: number): ErrorReport => ({
  code: 'ENGINE_BUSY',
  message: 'The running operation did not end in time; nothing was sent.',
  details: { waited_s: waitedMs / 1_000, remedy: 'Send it again with a new command_id.' },
});
const NOT_READY: ErrorReport = {
  code: 'UNAVAILABLE',
  message: 'The engine has just started and still compares its two stores, or rebuilds its journal; nothing was sent.',
  details: { part: 'journal', retry_after_s: 10 },
};
/** Accepted and then in vain: recorded, as `busyFor`. */
const unreadFor = ({ code, message }: ErrorReport): ErrorReport => ({
  code,
  message: `${message} It was waited for; nothing was sent.`,
  details: { part: 'venue', waited_s: WAY_OUT_WAITS_MS / 1_000, remedy: 'Send it again with a new command_id.' },
});
/** The venue did not answer; what is wrong for good is no use to wait for. */
const mayComeBack = (stored: Stored | null): boolean => {
  const details = stored?.unavailable?.details;
  return details === undefined ? stored === null : details.part === 'venue';
};
const JOURNAL_DOWN: ErrorReport = {
  code: 'UNAVAILABLE',
  message: 'The journal cannot be reached; nothing was sent.',
  details: { part: 'journal', retry_after_s: 10 },
};
const VENUE_DOWN: ErrorReport = {
  code: 'UNAVAILABLE',
  message: 'The account cannot be read now; nothing was sent.',
  details: { part: 'venue', retry_after_s: 10 },
};
const CONFIRMATION_INVALID: ErrorReport = {
  code: 'CONFIRMATION_INVALID',
  message:
    'The confirmation token is unknown, spent, expired, or belongs to another command. Send the command without it for a new one.',
};

/** An activity's failure that no retry mends: our critical and validation errors. */
function isForGood(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause.nonRetryable === true;
  }
  return false;
}

const expired = (envelope: CommandEnvelope): boolean => Date.now() > envelope.notAfterMs;

const expiry = (): CommandAnswer =>
  refused({
    code: 'COMMAND_EXPIRED',
    message: 'The command reached the engine too late and was not carried out. Send it again with a new command_id.',
  });

const conflict = (envelope: CommandEnvelope): CommandAnswer =>
  refused({
    code: 'COMMAND_ID_CONFLICT',
    message: 'This command_id was used with other data.',
    details: { command_id: envelope.commandId, remedy: 'Use a new command_id.' },
  });

/** What the journal already says about this command id; null: it may go on. */
function pastAnswer(envelope: CommandEnvelope, stored: Stored): CommandAnswer | null {
  if (stored.admission.kind === 'conflict') return conflict(envelope);
  if (stored.admission.kind === 'known' && stored.admission.record.answer !== null)
    return stored.admission.record.answer;
  // Rebuilt without its command, it answers for it.
  if (stored.operation?.answer != null && stored.operation.endedAtMs !== null) return stored.operation.answer;
  if (stored.operation !== null) {
    return {
      success: true,
      message: 'Accepted before; the result follows.',
      data: { status: 'pending', operation_id: stored.operation.operationId },
    };
  }
  return null;
}

function unavailable(error: unknown): ErrorReport {
  return {
    code: 'UNAVAILABLE',
    message: error instanceof Error ? error.message : String(error),
    details: { part: 'engine' },
  };
}
