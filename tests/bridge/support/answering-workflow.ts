/** Stands in for the engine behind the gateway: the command's id tells it how to answer. */
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { refused } from '../../../src/domain/order/command.ts';
import { command, resolveTransactionUpdate } from '../../../workflows/messages.ts';

export async function answeringEngine(): Promise<void> {
  let taken = 0;
  let refusedOnce = false;
  setHandler(
    command,
    async ({ commandId, confirmationToken }) => {
      taken += 1;
      if (commandId === 'fails') {
        throw ApplicationFailure.nonRetryable('On chain', 'TRANSACTION_FAILED', { signature: 'sig' });
      }
      if (commandId === 'fails-as-report') {
        const report = { code: 'VENUE_PAUSED', message: 'Paused', details: { part: 'deposit' } };
        throw ApplicationFailure.nonRetryable('Paused', 'VENUE_PAUSED', report);
      }
      if (commandId === 'fails-unnamed') throw ApplicationFailure.nonRetryable('who knows');
      if (commandId === 'refused-once' && !refusedOnce) {
        refusedOnce = true;
        return refused({ code: 'UNAVAILABLE', message: 'The journal is not reachable. Nothing was sent.' });
      }
      if (commandId === 'waits') await condition(() => false);
      return {
        success: true,
        message: `taken ${taken}`,
        data: { status: 'done', token: confirmationToken ?? null },
      };
    },
    {
      validator: ({ commandId }) => {
        if (commandId === 'busy') throw ApplicationFailure.nonRetryable('Busy', 'ENGINE_BUSY', { waiting: 8 });
      },
    },
  );
  setHandler(resolveTransactionUpdate, async ({ verdict }) => {
    taken += 1;
    return { success: true, message: `${verdict} ${taken}`, data: { status: 'done' } };
  });
  await condition(() => false);
}
