/** Starts operations as children that outlive the engine's runs, and recovers those whose workflow is gone. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { EngineActivities } from '../../activities/contract.ts';
import { SOL_PERP } from '../../src/domain/account/account.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { quoteAsset } from '../../src/domain/account/spot-markets.ts';
import { noteCarryTrade } from '../../src/domain/engine/auto-carry.ts';
import type { EngineAction } from '../../src/domain/engine/decide.ts';
import { marketTimeAt } from '../../src/domain/engine/engine-clock.ts';
import {
  startOperation,
  type TrackedOperation,
  takeOverAfter,
  trackedOperation,
  unresolvedOperations,
  unresolvedSlot,
} from '../../src/domain/engine/engine-state.ts';
import { perpOf } from '../../src/domain/engine/reconcile.ts';
import { restoredStageOf } from '../../src/domain/engine/restored.ts';
import { carryOperation, nextDecision, proveOperation } from '../../src/domain/engine/transitions.ts';
import { confirmedNetDelta, type ShownTerms } from '../../src/domain/gates/shown.ts';
import { exposure, FULL_HEDGE_PPM } from '../../src/domain/hedge/delta.ts';
import { MAY_HAVE_BEEN_SENT } from '../../src/domain/operation/open-in-backup.ts';
import { OPERATION_RULES } from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { recoveredFrom } from '../../src/domain/operation/operation-step.ts';
import { type CommandAnswer, refused } from '../../src/domain/order/command.ts';
import { operationTitle } from '../../src/domain/order/operation-request.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import type { OperationRecord } from '../../src/journal/records.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { type OperationInput, type OperationRequest, proveNow, reportAgain } from '../messages.ts';
import { FIRST, WORKFLOW_TASK_TIMEOUT } from '../retry-policies.ts';
import { durable } from './activities.ts';
import { confirmedExposure } from './confirmed-exposure.ts';
import type { EngineCore } from './core.ts';
import { takeOperationReport } from './report-taking.ts';

type OperationWorkflow = Awaited<ReturnType<EngineActivities['operationStates']>>[number];

const NEVER_SENT: ErrorReport = {
  code: 'UNAVAILABLE',
  message: 'The workflow of this operation was lost before anything was sent. Send the command again.',
  details: { part: 'temporal' },
};

export interface StartRequest {
  readonly operationId: string;
  readonly commandId: string | null;
  readonly request: OperationRequest;
  readonly reducing: boolean;
  readonly snapshot: Snapshot | null;
  /** The terms that a person saw and confirmed; null: no confirmation was needed. */
  readonly shown: ShownTerms | null;
  /** Sizes come from a finalized snapshot. Absent: only while another transaction is unresolved. */
  readonly fromFinalized?: boolean;
}

export class OperationStarter {
  readonly #core: EngineCore;
  #inStart = 0;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  get starting(): boolean {
    return this.#inStart > 0;
  }

  /** The action of a decision, as an operation of the engine's own. */
  async startDecided(action: Exclude<EngineAction, { kind: 'none' }>, snapshot: Snapshot): Promise<void> {
    const { engineId } = this.#core;
    await this.start({
      operationId: operationIdOf(engineId, this.#decisionId(action, snapshot)),
      commandId: null,
      request: { kind: action.kind, market: SOL_PERP, size: action.delta.toString() },
      reducing: OPERATIONS[action.kind].reduces || !('enlarging' in action && action.enlarging),
      snapshot,
      shown: null,
      fromFinalized: action.kind === 'guard' && action.from === 'finalized',
    });
  }

  /**
   * A trade of the carry policy is named by its policy and funding period: however often it is decided, Temporal starts it
   * once. The others are counted.
   */
  #decisionId(action: Exclude<EngineAction, { kind: 'none' }>, { marketTimeMs }: Snapshot): string {
    const { state } = this.#core;
    const { carry } = state.current;
    if ((action.kind === 'enter' || action.kind === 'leave') && carry !== null) {
      const { kind, periodMs } = action;
      state.apply(noteCarryTrade, { periodMs, marketTimeMs, enters: kind === 'enter' });
      return `carry:${state.current.epoch}:${carry.policyHash}:${periodMs}:${kind}`;
    }
    state.apply(nextDecision);
    const { epoch, decisions } = state.current;
    return `decision:${epoch}:${decisions}`;
  }

  /** Takes the slot and starts the child. If it exists already, asks for its state. */
  async start(start: StartRequest): Promise<void> {
    const acceptedAtMs = Date.now();
    this.#core.state.apply(startOperation, this.#tracked(start, acceptedAtMs, 'running'));
    await this.#startWorkflow(start, acceptedAtMs, []);
  }

  /** Somebody waits for an unresolved operation, or the nodes are back: it asks for proof now, not at its next timer. */
  async proveUnresolved(): Promise<void> {
    const asked = unresolvedOperations(this.#core.state.current).map(({ operationId }) =>
      getExternalWorkflowHandle(operationWorkflowId(operationId))
        .signal(proveNow)
        // It has just ended, and its last report is on its way.
        .catch(() => undefined),
    );
    await Promise.all(asked);
  }

  /** Temporal lost operations that the journal has: running ones are adopted, the others are proven by their signatures. */
  async recover(unfinished: readonly OperationRecord[]): Promise<void> {
    if (unfinished.length === 0) return;
    for (const state of await this.#statesOf(unfinished.map((record) => record.operationId))) {
      if (state.record !== null && trackedOperation(this.#core.state.current, state.operationId) === null) {
        this.#core.state.apply(carryOperation, this.#trackedFrom(state.record, 'unresolved'));
      }
      await this.#takeBack(state);
    }
  }

  /** Asks where each of these stands: one that Temporal no longer knows is unresolved from the journal's record. */
  async askAfter(operationIds: readonly string[]): Promise<void> {
    if (operationIds.length === 0) return;
    for (const state of await this.#statesOf(operationIds)) await this.#takeBack(state);
  }

  #statesOf(operationIds: readonly string[]): Promise<readonly OperationWorkflow[]> {
    return durable.operationStates({ engineId: this.#core.engineId, operationIds });
  }

  async #takeBack(state: OperationWorkflow): Promise<void> {
    if (state.workflow !== 'running') return await this.#adoptEnded(state);
    try {
      await getExternalWorkflowHandle(operationWorkflowId(state.operationId)).signal(reportAgain);
    } catch {
      // It has just ended, and reported that first.
    }
  }

  /** An operation of ours whose workflow no longer runs: the journal has its end, or it must be proven. */
  async #adoptEnded({ operationId, record }: OperationWorkflow): Promise<void> {
    // Its last report may have come while it was asked after.
    const operation = trackedOperation(this.#core.state.current, operationId);
    if (operation === null) return;
    if (record !== null && record.endedAtMs === null && record.attempts.length > 0) {
      return await this.#prove(operation, record);
    }
    let answer = record?.answer ?? null;
    if (record !== null && record.endedAtMs === null) {
      const ids = { operation_id: operationId };
      answer ??= this.#isRestored ? refused(MAY_HAVE_BEEN_SENT, 'unknown', ids) : refused(NEVER_SENT, 'rejected', ids);
      await this.#endUnsent(record, answer);
    }
    const report: OperationReport = {
      operationId,
      kind: operation.kind,
      sequence: operation.reported + 1,
      stage: 'ended',
      phase: 'ended',
      reducing: operation.reducing,
      answer,
      perpChange: operation.counted,
      windowClosed: true,
      contradicted: false,
      error: record?.error ?? null,
    };
    takeOperationReport(this.#core, report);
    this.#core.state.apply(takeOverAfter, operation);
  }

  /** What was open in the backup that this engine was restored from. */
  get #isRestored(): boolean {
    return restoredStageOf(this.#core.state.current) !== null;
  }

  /** Its workflow is gone and nothing of it was signed here: the record says so, and its command is answered. */
  async #endUnsent(record: OperationRecord, answer: CommandAnswer): Promise<void> {
    const { operationId, commandId } = record;
    const atMs = Date.now();
    const error = answer.error ?? NEVER_SENT;
    const status = error.code === MAY_HAVE_BEEN_SENT.code ? 'failed' : 'rejected';
    const update = { operationId, status, endedAtMs: atMs, error, answer } as const;
    const told = commandId === null ? {} : { answer: { commandId, answer } };
    try {
      await durable.writeOperation({ writes: [{ atMs, transitions: [], update, ...told }] });
    } catch (error) {
      // The next start finds it unfinished again.
      if (isCancellation(error)) throw error;
    }
  }

  async #prove(operation: TrackedOperation, record: OperationRecord): Promise<void> {
    this.#core.state.apply(proveOperation, operation, Date.now());
    const start: StartRequest = {
      operationId: record.operationId,
      commandId: record.commandId,
      request: record.intent as unknown as OperationRequest,
      reducing: operation.reducing,
      snapshot: null,
      shown: null,
    };
    await this.#startWorkflow(start, record.createdAtMs, record.attempts.map(recoveredFrom), this.#isRestored);
  }

  #trackedFrom(record: OperationRecord, phase: TrackedOperation['phase']): TrackedOperation {
    const request = record.intent as unknown as OperationRequest;
    const start: StartRequest = {
      operationId: record.operationId,
      commandId: record.commandId,
      request,
      reducing: OPERATIONS[request.kind].reduces,
      snapshot: null,
      shown: null,
    };
    return this.#tracked(start, record.createdAtMs, phase);
  }

  #tracked(start: StartRequest, acceptedAtMs: number, phase: TrackedOperation['phase']): TrackedOperation {
    const { state, settings } = this.#core;
    const spot = start.snapshot === null ? null : exposure(start.snapshot, settings.policy).spot;
    return {
      operationId: start.operationId,
      kind: start.request.kind,
      commandId: start.commandId,
      ...('market' in start.request ? { market: start.request.market } : {}),
      reducing: start.reducing,
      reported: -1,
      phase,
      stage: 'accepted',
      windowClosed: false,
      wantsSlot: false,
      counted: '0',
      spot: (spot ?? 0n).toString(),
      confirmedNetDelta: confirmedNetDelta(start.shown) ?? null,
      perpBefore: start.snapshot === null ? null : perpOf(start.snapshot).toString(),
      marketTimeMs: marketTimeAt(state.current, settings.policy.marketSpeed, Date.now()),
      acceptedAtMs,
    };
  }

  async #startWorkflow(
    start: StartRequest,
    acceptedAtMs: number,
    recovered: OperationInput['recovered'],
    fromBackup = false,
  ): Promise<void> {
    const { engineId, state, settings } = this.#core;
    const sizedAfterSlot = unresolvedSlot(state.current);
    const isLive = settings.policy.mode === 'live';
    const input: OperationInput = {
      operationId: start.operationId,
      engineId,
      commandId: start.commandId,
      request: start.request,
      policy: settings.policyJson,
      timing: settings.tuning.timing,
      acceptedAtMs,
      confirmedPriceLimit: start.shown?.priceLimit ?? null,
      ...confirmedExposure(start.shown),
      recovered,
      hedgeTargetPpm: start.request.kind === 'rebalance' ? FULL_HEDGE_PPM : state.current.hedgeTargetPpm,
      ...(sizedAfterSlot === null ? {} : { sizedAfterSlot }),
      whileUnresolved: start.fromFinalized === true || unresolvedOperations(state.current).length > 0,
      ...quoteAssetOf(start.snapshot),
      hadPosition: start.snapshot !== null && perpOf(start.snapshot) !== 0n,
      rules: OPERATION_RULES,
      ...(fromBackup ? { fromBackup } : {}),
      searchAttributes: settings.tuning.searchAttributes,
      asChild: true,
      signsLocally: settings.tuning.signsLocally === true,
      ...(isLive ? { localActivities: false } : {}),
      ...(isLive && settings.tuning.signingQueues === true ? { signsOnQueue: true } : {}),
    };
    this.#inStart += 1;
    try {
      await startChild(OPERATIONS[start.request.kind].workflow, {
        workflowId: operationWorkflowId(start.operationId),
        args: [input],
        workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
        ...(start.reducing ? { priority: FIRST } : {}),
        parentClosePolicy: ParentClosePolicy.ABANDON,
        // A closed workflow may have this id already. Temporal never allows two running ones.
        workflowIdReusePolicy:
          recovered.length > 0 ? WorkflowIdReusePolicy.ALLOW_DUPLICATE : WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: summaryOf(start),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      // If it runs, it reports its state; if it is closed, its record has it. It must not keep the slot.
      await this.askAfter([start.operationId]);
    } finally {
      this.#inStart -= 1;
    }
  }
}

/** Absent: not known when it started. */
function quoteAssetOf(snapshot: Snapshot | null): Pick<OperationInput, 'quoteAsset'> {
  const symbol = snapshot === null ? null : quoteAsset(snapshot.markets);
  return symbol === null ? {} : { quoteAsset: symbol };
}

const summaryOf = ({ request, commandId }: StartRequest): string =>
  `${operationTitle(request)}, ${commandId === null ? 'decided by the engine' : `command ${commandId}`}`;
