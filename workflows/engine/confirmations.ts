/** Tokens of orders that a person must confirm: bound to the command and to the price that was shown, valid once. */
import { uuid4 } from '@temporalio/workflow';
import { CONFIRMATION_LIFE_MS, type Confirmation } from '../../src/domain/engine/engine-state.ts';
import { issueConfirmation, spendConfirmation } from '../../src/domain/engine/transitions.ts';
import { type CommandAnswer, type CommandEnvelope, refused } from '../../src/domain/order/command.ts';
import type { OperationPlan } from '../../src/domain/planning/plan-command.ts';
import type { EngineCore } from './core.ts';

export class Confirmations {
  readonly #state: EngineCore['state'];

  constructor({ state }: Pick<EngineCore, 'state'>) {
    this.#state = state;
  }

  ask({ commandId, requestHash }: CommandEnvelope, plan: Extract<OperationPlan, { kind: 'confirm' }>): CommandAnswer {
    const nowMs = Date.now();
    const token = uuid4();
    const expiresAtMs = nowMs + CONFIRMATION_LIFE_MS;
    const { message, preview, priceLimit } = plan;
    this.#state.apply(issueConfirmation, { commandId, requestHash, token, priceLimit, expiresAtMs }, nowMs);
    const remedy = 'Send the same command with the same command_id and data.confirmation_token.';
    return refused({ code: 'CONFIRMATION_REQUIRED', message, details: { remedy } }, 'confirmation_required', {
      preview,
      confirmation_token: token,
      expires_at: new Date(expiresAtMs).toISOString(),
    });
  }

  /** Spends the token. Null: none was sent. */
  spend({ commandId, requestHash, confirmationToken }: CommandEnvelope): Confirmation | 'invalid' | null {
    if (confirmationToken === undefined) return null;
    const found = this.#state.current.confirmations.find(
      (confirmation) =>
        confirmation.commandId === commandId &&
        confirmation.requestHash === requestHash &&
        confirmation.token === confirmationToken &&
        confirmation.expiresAtMs > Date.now(),
    );
    if (found === undefined) return 'invalid';
    this.#state.apply(spendConfirmation, confirmationToken);
    return found;
  }
}
