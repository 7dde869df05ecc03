/**
 * A person's retry of an operation whose expiry is proven. What had to be confirmed as a command is confirmed again as a
 * retry, on the account as it is now; and it is held to what was shown.
 */
import { getExternalWorkflowHandle, isCancellation, patched } from '@temporalio/workflow';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, raised } from '../../src/domain/alerts/alert.ts';
import {
  leaveSlot,
  slotWantedBy,
  type TrackedOperation,
  trackedOperation,
} from '../../src/domain/engine/engine-state.ts';
import { consentToRetry, grantSlot, holdRetry } from '../../src/domain/engine/transitions.ts';
import type { ShownTerms } from '../../src/domain/gates/shown.ts';
import { type CommandAnswer, type CommandEnvelope, done, refused } from '../../src/domain/order/command.ts';
import { isExitRequest, type OperationRequest, type SizedOperation } from '../../src/domain/order/operation-request.ts';
import { isAutomatic, isExit } from '../../src/domain/order/operations.ts';
import { planRetry } from '../../src/domain/planning/plan-command.ts';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { slotGranted } from '../messages.ts';
import type { AccountReader } from './account-reader.ts';
import { durable } from './activities.ts';
import { CONFIRMATION_INVALID, JOURNAL_DOWN, VENUE_DOWN } from './command-refusals.ts';
import type { Confirmations } from './confirmations.ts';
import { confirmedExposure } from './confirmed-exposure.ts';
import type { EngineCore } from './core.ts';

export interface RetriesPorts {
  readonly account: AccountReader;
  readonly confirmations: Confirmations;
  readonly raise: (draft: AlertDraft, subject: string) => void;
}

export class Retries {
  readonly #core: EngineCore;
  readonly #ports: RetriesPorts;

  constructor(core: EngineCore, ports: RetriesPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  /**
   * Before the operation is told: a question, a refusal, or the engine's consent. `changed`: the retry waited for this
   * alone and goes on now.
   */
  async consent(envelope: CommandEnvelope, operationId: string): Promise<CommandAnswer> {
    const { confirmations, account } = this.#ports;
    const { state } = this.#core;
    const shown = confirmations.spend(envelope);
    if (shown === 'invalid') return refused(CONFIRMATION_INVALID);
    const operation = trackedOperation(state.current, operationId);
    const waited = operation?.retryHeld === true;
    const consented = (): CommandAnswer => {
      state.apply(consentToRetry, operationId, shown);
      return done('The retry may go on.', { changed: waited });
    };
    if (operation === null || !isAsked(operation)) return consented();
    const request = await this.#requestOf(operationId);
    if (request === null) return refused(JOURNAL_DOWN);
    const snapshot = await account.tryRead(true);
    if (snapshot === null) return refused(VENUE_DOWN);
    const plan = this.#plan(request, snapshot, shown);
    return plan.kind === 'confirm' ? confirmations.ask(envelope, plan) : consented();
  }

  /** Gives the free slot to a retry that has its proof; it runs in it like any other operation, through gates again. */
  async grantSlot(): Promise<void> {
    const { state } = this.#core;
    const operation = slotWantedBy(state.current);
    if (operation === null) return;
    const { operationId } = operation;
    const consent = state.current.retryConsents.find((one) => one.operationId === operationId)?.shown ?? null;
    if (isAsked(operation) && patched('retry-confirmed') && !(await this.#isConfirmed(operation, consent))) return;
    state.apply(grantSlot, operationId);
    try {
      await getExternalWorkflowHandle(operationWorkflowId(operationId)).signal(slotGranted, {
        confirmedPriceLimit: consent?.priceLimit ?? null,
        ...confirmedExposure(consent),
      });
    } catch {
      // It has just ended: its last report frees the slot, or is requested again.
      state.apply(leaveSlot, operationId);
    }
  }

  /** False: it needs a confirmation that it does not have, or another operation has taken the slot. */
  async #isConfirmed({ operationId }: TrackedOperation, consent: ShownTerms | null): Promise<boolean> {
    const { state } = this.#core;
    const request = await this.#requestOf(operationId);
    const snapshot = request === null ? null : await this.#ports.account.tryRead(true);
    if (slotWantedBy(state.current)?.operationId !== operationId) return false;
    const unread = request === null || snapshot === null;
    if (!unread && this.#plan(request, snapshot, consent).kind !== 'confirm') return true;
    // The signal alone has no way to ask, and what was shown may have become worse while the proof was awaited.
    state.apply(holdRetry, operationId);
    this.#ports.raise(raised('RETRY_UNCONFIRMED', { operation_id: operationId }), operationId);
    return false;
  }

  #plan(request: SizedOperation, snapshot: Snapshot, shown: ShownTerms | null) {
    const { hedgeTargetPpm } = this.#core.state.current;
    const { policy } = this.#core.settings;
    const nowMs = Date.now();
    return planRetry(request, { snapshot, policy, hedgeTargetPpm, cooldownUntilMs: null, shown, nowMs });
  }

  /** As the journal has it. Null: it cannot be read now. */
  async #requestOf(operationId: string): Promise<SizedOperation | null> {
    try {
      const [found] = await durable.operationStates({
        engineId: this.#core.engineId,
        operationIds: [operationId],
      });
      const request = (found?.record?.intent ?? null) as unknown as OperationRequest | null;
      return request === null || isExitRequest(request) ? null : (request as SizedOperation);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }
}

/** Exits, settles and the engine's own trades need no confirmation: their gates decide. */
const isAsked = ({ kind, commandId }: TrackedOperation): boolean =>
  commandId !== null && kind !== 'settle' && !isExit(kind) && !isAutomatic(kind);
