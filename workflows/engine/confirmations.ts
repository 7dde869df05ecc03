/** Tokens of commands that a person must confirm. Each is valid once, for this command and the terms that were shown. */
import { uuid4 } from '@temporalio/workflow';
import { CONFIRMATION_LIFE_MS } from '../../src/domain/engine/engine-state.ts';
import { issueConfirmation, spendConfirmation } from '../../src/domain/engine/transitions.ts';
import type { ShownTerms } from '../../src/domain/gates/shown.ts';
import { type CommandAnswer, type CommandEnvelope, refused } from '../../src/domain/order/command.ts';
import type { ConfirmationQuestion } from '../../src/domain/planning/plan-command.ts';
import type { EngineCore } from './core.ts';

export class Confirmations {
  readonly #state: EngineCore['state'];

  constructor({ state }: Pick<EngineCore, 'state'>) {
    this.#state = state;
  }

  ask({ commandId, requestHash }: CommandEnvelope, { message, preview, shown }: ConfirmationQuestion): CommandAnswer {
    const nowMs = Date.now();
    const token = uuid4();
    const expiresAtMs = nowMs + CONFIRMATION_LIFE_MS;
    this.#state.apply(issueConfirmation, { commandId, requestHash, token, shown, expiresAtMs }, nowMs);
    const remedy = 'Send the same command with the same command_id and data.confirmation_token.';
    return refused({ code: 'CONFIRMATION_REQUIRED', message, details: { remedy } }, 'confirmation_required', {
      preview,
      confirmation_token: token,
      expires_at: new Date(expiresAtMs).toISOString(),
    });
  }

  /** Spends the token and returns the terms that were shown with it. Null: none was sent. */
  spend({ commandId, requestHash, confirmationToken }: CommandEnvelope): ShownTerms | 'invalid' | null {
    if (confirmationToken === undefined) return null;
    const found = this.#state.current.confirmations.find(
      (confirmation) =>
        confirmation.commandId === commandId &&
        confirmation.requestHash === requestHash &&
        confirmation.token === confirmationToken &&
        confirmation.expiresAtMs > Date.now(),
    );
    // A token of an older version does not contain the shown terms.
    if (found?.shown === undefined) return 'invalid';
    this.#state.apply(spendConfirmation, confirmationToken);
    return found.shown;
  }
}
