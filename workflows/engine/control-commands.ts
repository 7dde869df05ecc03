/** Commands that start no operation. They always answer. */
import { getExternalWorkflowHandle, patched } from '@temporalio/workflow';
import type { CarryBacktest } from '../../src/domain/carry/carry-backtest.ts';
import { refusalOf } from '../../src/domain/engine/admission.ts';
import { enableAutoCarry } from '../../src/domain/engine/auto-carry.ts';
import {
  admissionView,
  adopt,
  resume,
  startEngine,
  stopEngine,
  unresolvedOperations,
} from '../../src/domain/engine/engine-state.ts';
import { type Hold, tradingStateOf } from '../../src/domain/engine/hold.ts';
import { perpOf } from '../../src/domain/engine/reconcile.ts';
import { confirmRestored, originalStoppedQuestion, restoredStageOf } from '../../src/domain/engine/restored.ts';
import { type RunningAtStop, runningAtStop, runningText } from '../../src/domain/engine/stop.ts';
import { isRestrictedBy } from '../../src/domain/engine/transitions.ts';
import { exposure } from '../../src/domain/hedge/delta.ts';
import {
  type CommandAnswer,
  type CommandEnvelope,
  type ControlRequest,
  done,
  type Mode,
  refused,
} from '../../src/domain/order/command.ts';
import { planAdoption } from '../../src/domain/planning/plan-adoption.ts';
import {
  type AutoCarryRequest,
  autoCarryQuestion,
  refusalOfBacktest,
  refusalOfConsent,
} from '../../src/domain/planning/plan-auto-carry.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { standDown } from '../messages.ts';
import type { AccountReader } from './account-reader.ts';
import { type CommandRecords, journalAnswer } from './command-records.ts';
import {
  ADOPT_UNREAD,
  CONFIRMATION_INVALID,
  expiry,
  NAKED_FOREIGN,
  NAKED_RESUMED,
  RESUME_UNREAD,
  stillOpen,
} from './command-refusals.ts';
import type { Confirmations } from './confirmations.ts';
import type { EngineCore } from './core.ts';
import type { Retries } from './retries.ts';
import { checkWallet } from './wallet-check.ts';

const ADOPTED_QUIETLY = ' It makes no automatic trade for one cooldown, except the guard.';

export interface ControlCommandsPorts {
  readonly records: CommandRecords;
  readonly confirmations: Confirmations;
  readonly retries: Pick<Retries, 'consent'>;
  readonly account: AccountReader;
  /** A person looked: takes the journal that stands as ours. The reason when it cannot. */
  readonly acceptJournal: () => Promise<ErrorReport | null>;
  /** What a person said of a restored data folder: from here on more is signed. */
  readonly noteRestored: (stage: 'confirmed' | 'compared') => Promise<void>;
  /** The backtest of the policy in force, on the data at hand. */
  readonly carryBacktest: () => Promise<CarryBacktest>;
  /** Counts reports. A snapshot read before a report may lack what that report changed. */
  readonly reportsTaken: () => number;
}

export class ControlCommands {
  readonly #core: EngineCore;
  readonly #ports: ControlCommandsPorts;

  constructor(core: EngineCore, ports: ControlCommandsPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  async run(envelope: CommandEnvelope, request: ControlRequest): Promise<CommandAnswer> {
    const { records } = this.#ports;
    const stored = await records.admit(envelope, false);
    const { unauthorized, late } = await records.check(envelope, stored);
    if (unauthorized !== null) return refused(unauthorized);
    const past = journalAnswer(envelope, stored);
    if (past !== null) return past;
    await records.takeReported(stored);
    const admitted = stored !== null;
    if (late) return await records.conclude(envelope, expiry(), admitted);
    switch (request.action) {
      case 'START_ENGINE':
        return await this.#start(envelope, request.mode, admitted);
      case 'STOP_ENGINE':
        return await this.#stop(envelope, admitted);
      case 'RESUME':
        return await this.#resume(envelope, admitted);
      case 'ADOPT_POSITION':
        return await this.#adopt(envelope, admitted);
      case 'ENABLE_AUTO_CARRY':
        return await this.#enableAutoCarry(envelope, request, admitted);
      case 'RESOLVE_TRANSACTION':
        // The operation itself takes the verdict. A retry takes up the slot once more, and that is the engine's to give.
        if (request.verdict === 'retry') return await this.#ports.retries.consent(envelope, request.operationId);
        return done('Engine state.', { changed: false, ...this.#stateData() });
      default:
        return done('Engine state.', { changed: false, ...this.#stateData() });
    }
  }

  async #start(envelope: CommandEnvelope, asked: Mode, admitted: boolean): Promise<CommandAnswer> {
    const { records, account } = this.#ports;
    const { state, settings } = this.#core;
    const { mode, permissions } = settings.policy;
    if (asked !== mode) {
      const message = `This engine runs in ${mode} mode. Stop it first, then start with ENGINE_MODE=${asked}.`;
      const error = { code: 'ENGINE_RUNNING_OTHER_MODE', message, details: { mode } };
      return await records.conclude(envelope, refused(error), admitted);
    }
    const wallet = mode === 'live' ? await checkWallet(() => account.read(true), permissions) : null;
    if (wallet?.refusal !== undefined) return await records.conclude(envelope, refused(wallet.refusal), admitted);
    const changed = state.current.state !== 'running';
    state.apply(startEngine);
    const started = changed ? 'Engine started.' : 'The engine is already running.';
    const answer =
      wallet === null
        ? done(started, { changed, ...this.#stateData() })
        : done(`${started} ${wallet.message}`, { changed, wallet: wallet.data, ...this.#stateData() });
    return await records.conclude(envelope, answer, admitted);
  }

  async #stop(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const { state, settings } = this.#core;
    const changed = state.current.state === 'running';
    const running = runningAtStop(state.current);
    if (changed) state.apply(stopEngine, Date.now());
    await this.#standDown(running);
    const { expectedPerp } = state.current;
    const open = expectedPerp !== null && expectedPerp !== '0';
    const stopped = changed ? 'Automatic trading stopped.' : 'The engine is already stopped.';
    const warning = open
      ? ' The open position stays open. The engine watches it but does not rebalance it. CLOSE ends it.'
      : '';
    const guards = open && settings.policy.guard ? ' The guard stays on (GUARD).' : '';
    const told =
      running === null ? {} : { running: { operation_id: running.operation.operationId, goes_on: running.goesOn } };
    const answer = done(`${stopped}${runningText(running)}${warning}${guards}`, {
      ...{ changed, position_open: open, ...told },
      ...this.#stateData(),
    });
    return await this.#ports.records.conclude(envelope, answer, admitted);
  }

  /** What enlarges ends here; the operation is asked again by a repeated STOP. */
  async #standDown(running: RunningAtStop | null): Promise<void> {
    // In histories of 0.1.0 STOP left what ran alone.
    if (running === null || running.goesOn || !patched('stop-stands-down')) return;
    await getExternalWorkflowHandle(operationWorkflowId(running.operation.operationId))
      .signal(standDown, { reason: 'STOP_ENGINE', exitFollows: false })
      .catch(() => undefined);
  }

  async #resume(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const { records, account, acceptJournal, reportsTaken } = this.#ports;
    const { state, settings } = this.#core;
    const stage = restoredStageOf(state.current);
    if (stage === 'restored') return await this.#confirmRestored(envelope, admitted);
    const open = stage === null ? [] : unresolvedOperations(state.current).map(({ operationId }) => operationId);
    if (open.length > 0) return refused(stillOpen(open));
    const reports = reportsTaken();
    const snapshot = await account.tryRead(true);
    if (snapshot === null) return refused(RESUME_UNREAD);
    // From here on more than exits is signed: the account was read, and nothing of the backup is open.
    if (stage === 'confirmed') await this.#ports.noteRestored('compared');
    if (isRestrictedBy(state.current, 'stores_diverged')) {
      const refusal = await acceptJournal();
      if (refusal !== null) return refused(refusal);
    }
    const before = state.current.holds;
    const exposed = exposure(snapshot, settings.policy);
    const spot = (exposed.spot ?? 0n).toString();
    // The snapshot may lack what an operation has just reported; then the next snapshot counts.
    const perp = reportsTaken() === reports ? perpOf(snapshot).toString() : null;
    // In histories from before, RESUME took a naked short over, and the engine bought it back at once.
    const limited = exposed.naked && patched('resume-trades-nothing');
    const quietUntilMs = snapshot.marketTimeMs + settings.policy.cooldownMs;
    if (limited) state.apply(resume, perp, spot, { keepsForeign: true, quietUntilMs });
    else state.apply(resume, perp, spot);
    const { holds } = state.current;
    const kept = limited && isRestrictedBy(state.current, 'foreign_trade');
    const stands = (hold: Hold) => holds.some((other) => other.code === hold.code && other.key === hold.key);
    const cleared = before.filter((hold) => !stands(hold)).map((hold) => hold.code);
    const left = holds.map(({ code, reason, clearedBy }) => ({ code, reason, cleared_by: clearedBy }));
    if (kept && cleared.length === 0) {
      const error = { ...NAKED_FOREIGN, details: { holds: left } };
      return await records.conclude(envelope, refused(error, 'rejected'), admitted);
    }
    const said = cleared.length === 0 ? 'Nothing to resume.' : `Cleared: ${cleared.join(', ')}.`;
    const message = kept ? `${said} ${NAKED_FOREIGN.message}` : `${said}${limited ? NAKED_RESUMED : ''}`;
    const answer = done(message, { changed: cleared.length > 0, cleared, holds: left, ...this.#stateData() });
    return await records.conclude(envelope, answer, admitted);
  }

  /** A person confirms that the original of a restored data folder is stopped. */
  async #confirmRestored(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const { records, confirmations, noteRestored } = this.#ports;
    const { state } = this.#core;
    const shown = confirmations.spend(envelope);
    if (shown === 'invalid') return refused(CONFIRMATION_INVALID);
    if (shown === null || !shown.reasons.includes('ORIGINAL_STOPPED'))
      return confirmations.ask(envelope, originalStoppedQuestion(state.current));
    await noteRestored('confirmed');
    state.apply(confirmRestored, Date.now());
    const message =
      'The original is confirmed to be stopped. Only CLOSE and FLATTEN are signed now. Compare the account with the history, then RESUME again.';
    return await records.conclude(envelope, done(message, { changed: true, ...this.#stateData() }), admitted);
  }

  async #adopt(envelope: CommandEnvelope, admitted: boolean): Promise<CommandAnswer> {
    const { records, account, confirmations } = this.#ports;
    const { state, settings } = this.#core;
    const shown = confirmations.spend(envelope);
    if (shown === 'invalid') return refused(CONFIRMATION_INVALID);
    const snapshot = await account.tryRead(true);
    if (snapshot === null) return refused(ADOPT_UNREAD);
    const { policy } = settings;
    const plan = planAdoption({ snapshot, policy, shown, nowMs: Date.now() });
    if (plan.kind === 'refuse') return await records.conclude(envelope, refused(plan.error), admitted);
    if (plan.kind === 'confirm') return confirmations.ask(envelope, plan);
    const { perp, spot } = plan;
    const changed = state.current.expectedPerp !== perp || isRestrictedBy(state.current, 'foreign_trade');
    state.apply(adopt, perp, spot, snapshot.marketTimeMs + policy.cooldownMs);
    const quiet = policy.cooldownMs === 0 ? '' : ADOPTED_QUIETLY;
    const answer = done(`The engine manages this position now.${quiet}`, { changed, ...this.#stateData() });
    return await records.conclude(envelope, answer, admitted);
  }

  async #enableAutoCarry(
    envelope: CommandEnvelope,
    request: AutoCarryRequest,
    admitted: boolean,
  ): Promise<CommandAnswer> {
    const { records, account, confirmations, carryBacktest, reportsTaken } = this.#ports;
    const { engineId, state, settings } = this.#core;
    const conclude = (answer: CommandAnswer) => records.conclude(envelope, answer, admitted);
    const shown = confirmations.spend(envelope);
    if (shown === 'invalid') return refused(CONFIRMATION_INVALID);
    const refusal = () =>
      refusalOfConsent(
        request,
        settings.policy,
        settings.policyHash(engineId),
        refusalOf('open', admissionView(state.current)),
      );
    const early = refusal();
    if (early !== null) return await conclude(refused(early));
    const { policyHash, market } = request;
    if (state.current.carry?.policyHash === policyHash) {
      return await conclude(done('The carry policy is enabled already.', { changed: false, ...this.#stateData() }));
    }
    const reports = reportsTaken();
    const snapshot = await account.tryRead(true);
    if (snapshot === null) return refused(ADOPT_UNREAD);
    const backtest = await carryBacktest();
    const late = refusal() ?? refusalOfBacktest(backtest);
    if (late !== null) return await conclude(refused(late));
    // An operation that has ended meanwhile may have changed what is shown.
    const asks = shown === null || !shown.reasons.includes('AUTO_CARRY') || reportsTaken() !== reports;
    if (asks)
      return confirmations.ask(envelope, autoCarryQuestion({ request, snapshot, policy: settings.policy, backtest }));
    state.apply(enableAutoCarry, { policyHash, market, sinceMs: Date.now(), operator: envelope.operator });
    const text = 'The engine now enters and leaves the hedge by itself, inside the limits that were shown.';
    return await conclude(done(text, { changed: true, policy_hash: policyHash, ...this.#stateData() }));
  }

  #stateData() {
    const { state, holds, hedgeTargetPpm } = this.#core.state.current;
    return { state, trading_state: tradingStateOf(holds), hedge_target: hedgeTargetPpm / 1e6 };
  }
}
