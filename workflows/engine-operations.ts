/** Starts operations as children that outlive the engine's runs, and takes back those whose workflow is gone. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { EngineActivities } from '../activities/contract.ts';
import { SOL_PERP } from '../src/domain/account.ts';
import type { Action } from '../src/domain/decide.ts';
import { exposure, FULL_HEDGE_PPM } from '../src/domain/delta.ts';
import {
  slotWantedBy,
  startOperation,
  type TrackedOperation,
  takeReport,
  trackedOperation,
  unresolvedOperations,
} from '../src/domain/engine-state.ts';
import { withHold } from '../src/domain/hold.ts';
import { operationIdOf, operationWorkflowId } from '../src/domain/ids.ts';
import { perpOf } from '../src/domain/reconcile.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import type { OperationRecord } from '../src/journal/records.ts';
import type { EngineRun } from './engine.ts';
import { type OperationInput, type OperationRequest, reportAgain, slotGranted } from './messages.ts';

export interface StartRequest {
  readonly operationId: string;
  readonly commandId: string | null;
  readonly request: OperationRequest;
  readonly purpose: TrackedOperation['purpose'];
  readonly reducing: boolean;
  readonly snapshot: Snapshot | null;
  readonly confirmedPriceLimit: string | null;
  readonly exposureConfirmed: boolean;
}

const WORKFLOW_OF: Record<OperationRequest['kind'], string> = {
  deposit: 'deposit',
  withdraw: 'withdraw',
  open: 'openPosition',
  close: 'closePosition',
  rebalance: 'rebalance',
  settle: 'settle',
};

export class OperationStarter {
  private readonly run: EngineRun;
  private inStart = 0;

  constructor(run: EngineRun) {
    this.run = run;
  }

  get starting(): boolean {
    return this.inStart > 0;
  }

  /** The action of a decision, as an operation of the engine's own. */
  async startDecided(action: Exclude<Action, { kind: 'none' }>, snapshot: Snapshot): Promise<void> {
    const decisions = this.run.engine.decisions + 1;
    this.run.engine = { ...this.run.engine, decisions };
    const guard = action.kind === 'guard';
    await this.start({
      operationId: operationIdOf(this.run.engineId, `decision:${this.run.engine.epoch}:${decisions}`),
      commandId: null,
      request: { kind: 'rebalance', market: SOL_PERP, delta: action.delta.toString(), guard },
      purpose: guard ? 'guard' : 'correct',
      reducing: guard || !action.enlarging,
      snapshot,
      confirmedPriceLimit: null,
      exposureConfirmed: false,
    });
  }

  /** Takes the slot and starts the child. One that exists already is asked where it stands. */
  async start(start: StartRequest): Promise<void> {
    const acceptedAtMs = Date.now();
    this.run.engine = startOperation(this.run.engine, this.tracked(start, acceptedAtMs, 'running'));
    await this.startWorkflow(start, acceptedAtMs, []);
  }

  /** A retry whose expiry is proven runs in the slot like any other, through gates again. */
  async grantSlot(): Promise<void> {
    const operation = slotWantedBy(this.run.engine);
    if (operation === null) return;
    const { operationId } = operation;
    this.run.engine = {
      ...this.run.engine,
      slot: operationId,
      operations: this.run.engine.operations.map((other) =>
        other.operationId === operationId ? { ...other, wantsSlot: false } : other,
      ),
    };
    try {
      await getExternalWorkflowHandle(operationWorkflowId(operationId)).signal(slotGranted, {
        confirmedPriceLimit: null,
        exposureConfirmed: false,
      });
    } catch {
      // It ended meanwhile: its last report frees the slot, or is asked for again.
      this.run.engine = {
        ...this.run.engine,
        slot: this.run.engine.slot === operationId ? null : this.run.engine.slot,
      };
    }
  }

  /** Temporal lost what the journal has: each unfinished operation is unresolved until its signatures are proven. */
  async recover(unfinished: readonly OperationRecord[]): Promise<void> {
    for (const record of unfinished) await this.prove(record);
  }

  /** An operation that we carry and whose workflow no longer runs: its end stands in the journal, or must be proven. */
  async adoptEnded(state: Awaited<ReturnType<EngineActivities['operationStates']>>[number]): Promise<void> {
    const operation = trackedOperation(this.run.engine, state.operationId);
    if (operation === null) return;
    const { record } = state;
    if (record === null || record.endedAtMs !== null || record.attempts.length === 0) {
      this.run.engine = {
        ...takeReport(
          this.run.engine,
          {
            operationId: operation.operationId,
            kind: operation.kind,
            sequence: operation.reported + 1,
            stage: 'ended',
            phase: 'ended',
            reducing: operation.reducing,
            answer: record?.answer ?? null,
            perpChange: operation.counted,
            windowClosed: true,
            contradicted: false,
            error: record?.error ?? null,
          },
          { nowMs: Date.now(), marketNowMs: this.run.marketNowMs(), cooldownMs: 0, cooldownWallMs: 0 },
        ),
        vaultPerp: null,
      };
      return;
    }
    await this.prove(record);
  }

  private async prove(record: OperationRecord): Promise<void> {
    if (record.attempts.length === 0) return;
    const nowMs = Date.now();
    const start: StartRequest = {
      operationId: record.operationId,
      commandId: record.commandId,
      request: record.intent as unknown as OperationRequest,
      purpose: purposeOf(record.intent as unknown as OperationRequest),
      reducing: false,
      snapshot: null,
      confirmedPriceLimit: null,
      exposureConfirmed: false,
    };
    const others = this.run.engine.operations.filter((other) => other.operationId !== record.operationId);
    this.run.engine = {
      ...this.run.engine,
      slot: this.run.engine.slot === record.operationId ? null : this.run.engine.slot,
      vaultPerp: null,
      operations: [...others, this.tracked(start, record.createdAtMs, 'unresolved')],
      holds: withHold(this.run.engine.holds, {
        code: 'unresolved',
        key: record.operationId,
        sinceMs: nowMs,
        permits: 'reducing',
        clearedBy: 'itself',
        reason: 'An operation lost its workflow; its signatures are being proven.',
        details: { operation_id: record.operationId },
      }),
    };
    await this.startWorkflow(
      start,
      record.createdAtMs,
      record.attempts.map(({ signature, wire, lastValidBlockHeight, slot, signedAtMs, intent }) => ({
        intent,
        signature,
        wire,
        lastValidBlockHeight,
        slot,
        signedAtMs,
      })),
    );
  }

  private tracked(start: StartRequest, acceptedAtMs: number, phase: TrackedOperation['phase']): TrackedOperation {
    const spot = start.snapshot === null ? null : exposure(start.snapshot, this.run.policy).spot;
    return {
      operationId: start.operationId,
      kind: start.request.kind,
      commandId: start.commandId,
      reducing: start.reducing,
      reported: -1,
      phase,
      stage: 'accepted',
      windowClosed: false,
      wantsSlot: false,
      counted: '0',
      spot: (spot ?? 0n).toString(),
      perpBefore: start.snapshot === null ? null : perpOf(start.snapshot).toString(),
      marketTimeMs: this.run.marketNowMs(),
      acceptedAtMs,
      purpose: start.purpose,
    };
  }

  private async startWorkflow(
    start: StartRequest,
    acceptedAtMs: number,
    recovered: OperationInput['recovered'],
  ): Promise<void> {
    const input: OperationInput = {
      operationId: start.operationId,
      engineId: this.run.engineId,
      commandId: start.commandId,
      request: start.request,
      policy: this.run.policyJson,
      timing: this.run.tuning.timing,
      acceptedAtMs,
      confirmedPriceLimit: start.confirmedPriceLimit,
      exposureConfirmed: start.exposureConfirmed,
      recovered,
      hedgeTargetPpm: start.purpose === 'rebalance' ? FULL_HEDGE_PPM : this.run.engine.hedgeTargetPpm,
      whileUnresolved: unresolvedOperations(this.run.engine).length > 0,
      hadPosition: start.snapshot !== null && perpOf(start.snapshot) !== 0n,
      searchAttributes: this.run.tuning.searchAttributes,
    };
    this.inStart += 1;
    try {
      await startChild(WORKFLOW_OF[start.request.kind], {
        workflowId: operationWorkflowId(start.operationId),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: summaryOf(start),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await getExternalWorkflowHandle(operationWorkflowId(start.operationId))
        .signal(reportAgain)
        .catch(() => undefined);
    } finally {
      this.inStart -= 1;
    }
  }
}

function purposeOf(request: OperationRequest): TrackedOperation['purpose'] {
  switch (request.kind) {
    case 'deposit':
    case 'withdraw':
      return 'capital';
    case 'open':
      return 'open';
    case 'close':
      return request.flatten ? 'flatten' : 'close';
    case 'rebalance':
      return request.guard ? 'guard' : 'correct';
    case 'settle':
      return 'settle';
  }
}

function summaryOf({ request, commandId }: StartRequest): string {
  const by = commandId === null ? 'decided by the engine' : `command ${commandId}`;
  switch (request.kind) {
    case 'deposit':
    case 'withdraw':
      return `${request.kind} ${request.amount} base units of ${request.asset}, ${by}`;
    case 'open':
      return `open ${request.direction} ${request.size} lamports of ${request.market}, ${by}`;
    case 'rebalance':
      return `${request.guard ? 'guard' : 'rebalance'} ${request.delta} lamports of ${request.market}, ${by}`;
    case 'close':
    case 'settle':
      return `${request.kind} ${request.market}, ${by}`;
  }
}
