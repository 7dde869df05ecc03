/** Commands that start an operation: admitted, planned on a fresh snapshot, confirmed where they must be, started in turn. */
import { condition, getExternalWorkflowHandle, isCancellation, patched } from '@temporalio/workflow';
import { decodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import { refusalOf } from '../../src/domain/engine/admission.ts';
import { endAutoCarry } from '../../src/domain/engine/auto-carry.ts';
import { awaitExit, exitInVain, forgetExit } from '../../src/domain/engine/closing.ts';
import { wasBelowMinimum } from '../../src/domain/engine/decide.ts';
import {
  admissionView,
  mayStillOpen,
  rememberCommand,
  settleUnderWay,
  trackedOperation,
  unresolvedOperations,
} from '../../src/domain/engine/engine-state.ts';
import { tradingStateOf } from '../../src/domain/engine/hold.ts';
import { flattenWithoutPosition, forgetCommand } from '../../src/domain/engine/transitions.ts';
import type { ShownTerms } from '../../src/domain/gates/shown.ts';
import { FULL_HEDGE_PPM } from '../../src/domain/hedge/delta.ts';
import {
  actionOf,
  type CommandAnswer,
  type CommandEnvelope,
  done,
  isOperation,
  refused,
} from '../../src/domain/order/command.ts';
import type { AskedOperation, ExitRequest } from '../../src/domain/order/operation-request.ts';
import { type AdmissionRow, admissionRow, isExit, type OperationKind } from '../../src/domain/order/operations.ts';
import type { ExitWait } from '../../src/domain/order/repeated-command.ts';
import { type OperationPlan, planCommand } from '../../src/domain/planning/plan-command.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { standDown } from '../messages.ts';
import type { AccountReader } from './account-reader.ts';
import { NO_LOCAL_ACTIVITIES } from './command-activities.ts';
import { type AdmittedCommand, type CommandRecords, journalAnswer } from './command-records.ts';
import {
  alreadySettling,
  CONFIRMATION_INVALID,
  engineBusy,
  expiry,
  failedInside,
  JOURNAL_DOWN,
  unreadInTurn,
  VENUE_DOWN,
  waitedForProof,
  waitedForSlot,
  waitedForVenue,
} from './command-refusals.ts';
import type { Confirmations } from './confirmations.ts';
import type { EngineCore } from './core.ts';
import type { StartRequest } from './operation-starter.ts';
import { remembersLeftOpen } from './report-taking.ts';
import type { SlotLine } from './slot-line.ts';

type StartPlan = Extract<OperationPlan, { kind: 'start' }>;

/** The snapshot and terms that a plan is based on. */
interface Look {
  readonly snapshot: Snapshot;
  /** Reports taken when it was read. */
  readonly reports: number;
  readonly shown: ShownTerms | null;
}

interface PlannedStart {
  readonly plan: StartPlan;
  readonly look: Look;
}

const rowOf = ({ plan }: PlannedStart): AdmissionRow => admissionRow(plan.request.kind, plan.reducing);

/** A person's command stays valid this long, like a verdict: an exit waits for a venue that is away. */
const WAY_OUT_WAITS_MS = 600_000;

export interface TradeCommandsPorts {
  readonly records: CommandRecords;
  readonly confirmations: Confirmations;
  readonly account: AccountReader;
  readonly line: SlotLine;
  readonly comparePosition: (snapshot: Snapshot) => void;
  readonly start: (start: StartRequest) => Promise<void>;
  /** Makes unresolved operations ask for proof at once. */
  readonly proveUnresolved: () => Promise<void>;
  /** Counts reports. A snapshot read before a report may lack what that report changed. */
  readonly reportsTaken: () => number;
}

export class TradeCommands {
  readonly #core: EngineCore;
  readonly #ports: TradeCommandsPorts;
  #expecting = 0;
  /** Being admitted: the engine decides nothing by itself that would get ahead of them. */
  readonly #admitting = { exits: 0, others: 0 };
  /** Exits that wait for an unresolved operation, by command id. */
  readonly #waits = new Set<string>();

  constructor(core: EngineCore, ports: TradeCommandsPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  /** Why an accepted exit has not started yet; null: it waits for nothing but its turn. */
  waitOf(commandId: string): ExitWait | null {
    if (!this.#waits.has(commandId)) return null;
    const unresolved = unresolvedOperations(this.#core.state.current);
    const ends = unresolved.flatMap(({ latestEndMs }) => latestEndMs ?? []);
    const operations = unresolved.map(({ operationId }) => operationId);
    return { operations, latestEndMs: ends.length === 0 ? null : Math.max(...ends) };
  }

  /** Exits that wait for their admission, until the venue can be read, or for unresolved operations that may take effect. */
  get expecting(): number {
    return this.#expecting + this.#admitting.exits;
  }

  /** Other commands that wait for their admission. */
  get admitting(): number {
    return this.#admitting.others;
  }

  /** The answer when no operation was started; null when one was, and its report brings the answer. */
  async run(envelope: CommandEnvelope, request: AskedOperation): Promise<CommandAnswer | null> {
    try {
      const answer = await this.#answer(envelope, request);
      if (answer !== null && isExit(request.kind)) this.#endClosing(envelope, answer);
      return answer;
    } catch (error) {
      if (isExit(request.kind) && !isCancellation(error)) this.#endClosing(envelope, refused(failedInside(error)));
      throw error;
    }
  }

  /** An accepted exit that waited and failed: the engine remembers the position that it left open. */
  #endClosing({ commandId }: CommandEnvelope, { success, error }: CommandAnswer): void {
    const { engineId, state } = this.#core;
    const operationId = operationIdOf(engineId, commandId);
    if (state.current.closing?.operationId !== operationId) return;
    const isMoot = success || error === undefined || error.code === 'NO_POSITION' || !remembersLeftOpen();
    if (isMoot) state.apply(forgetExit, operationId);
    else state.apply(exitInVain, operationId, error.message, Date.now());
  }

  async #answer(envelope: CommandEnvelope, request: AskedOperation): Promise<CommandAnswer | null> {
    const { kind } = request;
    const { records, confirmations, comparePosition, reportsTaken } = this.#ports;
    // The direction of a rebalance shows only on a snapshot.
    const refusal = () => (kind === 'rebalance' ? null : this.#refusal(admissionRow(kind, false)));
    const withSnapshot = refusal() === null;
    const shown = confirmations.spend(envelope);
    if (shown === 'invalid') return refused(CONFIRMATION_INVALID, 'rejected');
    const reports = reportsTaken();
    const { admitted, unauthorized, late } = await this.#admit(envelope, withSnapshot, isExit(kind));
    if (unauthorized !== null) return refused(unauthorized);
    if (admitted === null && !isExit(kind)) return refused(JOURNAL_DOWN);
    const past = journalAnswer(envelope, admitted);
    if (past !== null) return past;
    if (late) return await records.conclude(envelope, expiry(), true);
    // A person wants to be flat: whatever this exit finds, nothing is entered behind its back.
    if (kind === 'close' || kind === 'flatten') this.#core.state.apply(endAutoCarry, kind);
    // An exit that nothing refuses goes to the head of the line at once, without looking at ended operations first.
    if (!isExit(kind) || !withSnapshot) await records.takeReported(admitted);
    const early = withSnapshot ? null : refusal();
    const held = early === null ? null : await this.#untilAdmitted(envelope, admissionRow(kind, false), early);
    if (held !== null) return await records.conclude(envelope, refused(held), true);
    const snapshot = await this.#snapshotFor(envelope.commandId, kind, withSnapshot ? admitted : null);
    if (snapshot === null) return await this.#answerUnread(envelope, kind, admitted);
    // The snapshot may lack what an operation has reported since.
    if (reportsTaken() === reports) comparePosition(snapshot);
    const look: Look = { snapshot, reports, shown };
    const plan = this.#plan(request, look);
    if (plan.kind !== 'start') return await this.#answerPlan(envelope, request, plan);
    return await this.#startInTurn(envelope, request, { plan, look });
  }

  async #admit(envelope: CommandEnvelope, withSnapshot: boolean, exits: boolean) {
    const { records } = this.#ports;
    // A local activity ended within the workflow task: nothing could get ahead.
    const counted = patched(NO_LOCAL_ACTIVITIES) ? 1 : 0;
    const kind = exits ? 'exits' : 'others';
    this.#admitting[kind] += counted;
    try {
      const admitted = await records.admit(envelope, withSnapshot);
      return { admitted, ...(await records.check(envelope, admitted)) };
    } finally {
      this.#admitting[kind] -= counted;
    }
  }

  #plan(request: AskedOperation, { snapshot, shown }: Look): OperationPlan {
    const { hedgeTargetPpm, cooldownUntilMs } = this.#core.state.current;
    const { policy } = this.#core.settings;
    const input = { snapshot, policy, hedgeTargetPpm, cooldownUntilMs, shown, nowMs: Date.now() };
    const plan = planCommand(request, input);
    const isFlat = isExit(request.kind) && (plan.kind === 'nothing' || isNoPosition(plan));
    if (isFlat && mayStillOpen(this.#core.state.current) && patched('exit-follows-open')) {
      return planCommand(request, { ...input, mayStillOpen: true });
    }
    if (request.kind === 'rebalance' && plan.kind !== 'refuse' && plan.kind !== 'nothing') {
      const wasRefused = wasBelowMinimum(snapshot, FULL_HEDGE_PPM, policy) && !patched('nearest-step');
      if (wasRefused) return { kind: 'refuse', error: { code: 'BELOW_MINIMUM', message: 'The size is too small.' } };
    }
    return isExit(request.kind) ? asReplayed(request, plan) : plan;
  }

  async #answerPlan(
    envelope: CommandEnvelope,
    request: AskedOperation,
    plan: Exclude<OperationPlan, StartPlan>,
  ): Promise<CommandAnswer> {
    const { records, confirmations } = this.#ports;
    switch (plan.kind) {
      case 'refuse':
        return await records.conclude(envelope, refused(plan.error, 'rejected', plan.data), true);
      case 'nothing': {
        const data = { changed: this.#haltFlat(request), ...plan.data };
        return await records.conclude(envelope, done(plan.message, data), true);
      }
      case 'confirm':
        return confirmations.ask(envelope, plan);
    }
  }

  #refusal(row: AdmissionRow): ErrorReport | null {
    return refusalOf(row, admissionView(this.#core.state.current));
  }

  /**
   * An exit waits while something unresolved may still land or fill, and asks for proof of it again and again; anything
   * else is refused at once, and asks once. Null: nothing refuses it now.
   */
  async #untilAdmitted(
    { commandId, request }: CommandEnvelope,
    row: AdmissionRow,
    refusal: ErrorReport,
  ): Promise<ErrorReport | null> {
    if (refusal.code !== 'ACCOUNT_UNRESOLVED' || !patched('exits-wait')) return refusal;
    const { proveUnresolved } = this.#ports;
    if (!isOperation(request) || !isExit(request.kind)) {
      void proveUnresolved();
      return refusal;
    }
    const { proofMs } = this.#core.settings.tuning.timing;
    const untilMs = Date.now() + WAY_OUT_WAITS_MS;
    this.#core.state.apply(awaitExit, operationIdOf(this.#core.engineId, commandId));
    this.#expecting += 1;
    try {
      for (;;) {
        const standing = this.#refusal(row);
        if (standing === null) return null;
        if (Date.now() >= untilMs) return waitedForProof(standing, WAY_OUT_WAITS_MS);
        this.#waits.add(commandId);
        await proveUnresolved();
        await condition(() => this.#refusal(row) === null, proofMs);
      }
    } finally {
      this.#expecting -= 1;
      this.#waits.delete(commandId);
    }
  }

  /** The snapshot that a command is planned on. An exit does not wait for the journal, and waits for an unreachable venue. */
  async #snapshotFor(
    commandId: string,
    kind: OperationKind,
    admitted: AdmittedCommand | null,
  ): Promise<Snapshot | null> {
    const read =
      admitted === null
        ? await this.#ports.account.tryRead(isExit(kind))
        : admitted.snapshot && decodeSnapshot(admitted.snapshot);
    if (read !== null || !isExit(kind) || !mayComeBack(admitted)) return read;
    this.#core.state.apply(awaitExit, operationIdOf(this.#core.engineId, commandId));
    return await this.#whenReadable();
  }

  /** At the watch's next snapshot, or tried again as often as it does; null: not within the time of a person's word. */
  async #whenReadable(): Promise<Snapshot | null> {
    const { state, settings } = this.#core;
    const untilMs = Date.now() + WAY_OUT_WAITS_MS;
    this.#expecting += 1;
    try {
      for (;;) {
        const { seen } = state.current;
        await condition(() => state.current.seen !== seen, settings.retryAfterMs);
        const snapshot = await this.#ports.account.tryRead(true);
        if (snapshot !== null || Date.now() >= untilMs) return snapshot;
      }
    } finally {
      this.#expecting -= 1;
    }
  }

  async #answerUnread(
    envelope: CommandEnvelope,
    kind: OperationKind,
    admitted: AdmittedCommand | null,
  ): Promise<CommandAnswer> {
    const { records } = this.#ports;
    // What a rebalance would come to stays unknown; what refuses even a reduction refuses it.
    const held = kind === 'rebalance' ? this.#refusal(admissionRow(kind, true)) : null;
    if (held !== null && admitted !== null) return await records.conclude(envelope, refused(held), true);
    const error = admitted === null ? JOURNAL_DOWN : (admitted.unavailable ?? VENUE_DOWN);
    if (!isExit(kind) || !mayComeBack(admitted)) return refused(error);
    return await records.conclude(envelope, refused(waitedForVenue(error, WAY_OUT_WAITS_MS)), admitted !== null);
  }

  async #startInTurn(
    envelope: CommandEnvelope,
    request: AskedOperation,
    planned: PlannedStart,
  ): Promise<CommandAnswer | null> {
    const { records, line } = this.#ports;
    const { engineId, state, settings } = this.#core;
    const { commandId, requestHash } = envelope;
    const exits = isExit(request.kind);
    // An exit checks for newly unresolved operations when its turn comes, and waits there.
    const refusal = exits && patched('exits-wait') ? null : this.#refusal(rowOf(planned));
    if (refusal !== null) return await records.conclude(envelope, refused(refusal), true);
    const { maxWaiting } = settings.tuning;
    // Several may have passed the validator at once.
    if (!exits && line.length >= maxWaiting) return refused(engineBusy(line.length, maxWaiting));
    const operationId = operationIdOf(engineId, commandId);
    state.apply(rememberCommand, { commandId, requestHash, operationId, answer: null });
    line.join(commandId, exits);
    if (exits) state.apply(awaitExit, operationId);
    try {
      if (exits) await this.#standDownWhatRuns(envelope, request.kind);
      const inTurn = await this.#inTurn(envelope, request, planned);
      if ('answer' in inTurn) return inTurn.answer;
      line.leave(commandId);
      await inTurn.starting;
      return null;
    } finally {
      line.leave(commandId);
    }
  }

  /** Waits for the slot and starts by a plan on the account at that time; or returns the answer that ended it before. */
  async #inTurn(
    envelope: CommandEnvelope,
    request: AskedOperation,
    first: PlannedStart,
  ): Promise<{ readonly answer: CommandAnswer } | { readonly starting: Promise<void> }> {
    const { records, line } = this.#ports;
    const { state, settings } = this.#core;
    const { commandId } = envelope;
    const exits = isExit(request.kind);
    const conclude = async (answer: CommandAnswer) => ({ answer: await records.conclude(envelope, answer, true) });
    const mine = () => state.current.slot === null && line.isFirst(commandId);
    const { slotWaitMs } = settings.tuning;
    const untilMs = Date.now() + slotWaitMs;
    let planned = first;
    // Looked at again after each wait (another way out may have come to the head), and then nothing is awaited.
    for (;;) {
      const waited = !mine();
      while (!mine()) {
        if (exits) await condition(mine);
        else if (!(await condition(mine, Math.max(1, untilMs - Date.now())))) {
          return await conclude(refused(waitedForSlot(slotWaitMs)));
        }
      }
      const late = this.#refusal(rowOf(planned));
      if (late !== null) {
        const held = await this.#untilAdmitted(envelope, rowOf(planned), late);
        if (held !== null) return await conclude(refused(held));
        // The slot may be taken by now.
        continue;
      }
      const twin = request.kind === 'settle' ? settleUnderWay(state.current, request.market) : null;
      if (twin !== null && patched('one-settle-at-a-time')) return await conclude(alreadySettling(twin.operationId));
      const outdated = !exits && (waited || this.#ports.reportsTaken() !== planned.look.reports);
      if (!outdated || !patched('planned-in-turn')) return { starting: this.#start(envelope, planned) };
      const anew = await this.#planAnew(envelope, request, planned.look.shown);
      if ('answer' in anew) return anew;
      planned = anew;
    }
  }

  /** Another operation ran in between: the plan and the shown terms are checked against the account that it left. */
  async #planAnew(
    envelope: CommandEnvelope,
    request: AskedOperation,
    shown: ShownTerms | null,
  ): Promise<{ readonly answer: CommandAnswer } | PlannedStart> {
    const { records, account, reportsTaken } = this.#ports;
    const reports = reportsTaken();
    const snapshot = await account.tryRead(isExit(request.kind));
    if (snapshot === null) return { answer: await records.conclude(envelope, refused(unreadInTurn), true) };
    const look: Look = { snapshot, reports, shown };
    const plan = this.#plan(request, look);
    if (plan.kind === 'start') return { plan, look };
    // It was not started, and with its token it comes again.
    if (plan.kind === 'confirm') this.#core.state.apply(forgetCommand, envelope.commandId);
    return { answer: await this.#answerPlan(envelope, request, plan) };
  }

  /** Synchronous up to where the operation holds the slot. */
  #start({ commandId }: CommandEnvelope, { plan, look }: PlannedStart): Promise<void> {
    const operationId = operationIdOf(this.#core.engineId, commandId);
    const { request, reducing } = plan;
    const { snapshot, shown } = look;
    return this.#ports.start({ operationId, commandId, request, reducing, snapshot, shown });
  }

  /** An exit stands down the running operation, unless that is an exit that goes at least as far: waiting is quicker then. */
  async #standDownWhatRuns({ request }: CommandEnvelope, kind: OperationKind): Promise<void> {
    const { slot } = this.#core.state.current;
    if (slot === null) return;
    const running = trackedOperation(this.#core.state.current, slot)?.kind;
    if (running === 'flatten' || (running === 'close' && kind === 'close')) return;
    await getExternalWorkflowHandle(operationWorkflowId(slot))
      .signal(standDown, { reason: `${actionOf(request)} comes first`, exitFollows: true })
      .catch(() => undefined);
  }

  /** FLATTEN without a position still halts. True when that changed something. */
  #haltFlat({ kind }: AskedOperation): boolean {
    if (kind !== 'flatten') return false;
    const { state } = this.#core;
    const before = tradingStateOf(state.current.holds);
    state.apply(flattenWithoutPosition, Date.now());
    return before !== 'halted';
  }
}

const isNoPosition = (plan: OperationPlan): boolean => plan.kind === 'refuse' && plan.error.code === 'NO_POSITION';

/** In histories of 0.1.0 an exit without permission started its operation, which was refused. */
const asReplayed = (request: AskedOperation, plan: OperationPlan): OperationPlan =>
  plan.kind === 'refuse' && plan.error.code === 'PERMISSION_DENIED' && !patched('exit-without-permission')
    ? { kind: 'start', request: request as ExitRequest, reducing: true }
    : plan;

/** True if the venue did not respond. Waiting does not help against other errors. */
function mayComeBack(admitted: AdmittedCommand | null): boolean {
  const details = admitted?.unavailable?.details;
  return details === undefined ? admitted === null : details.part === 'venue';
}
