/** What `--reset-paper` removes from the journal. */
import { jsonText } from './json-text.ts';
import type { Tx } from './writes.ts';

const FORGOTTEN = ['engines', 'fences', 'snapshots', 'trades', 'funding', 'equity', 'series', 'decisions'] as const;

/**
 * Removes the engine's row and its account's figures, so that a new account may start under the same engine id: its
 * funding periods would otherwise count as paid. Commands and operations stay as the record, and a command id is still
 * answered as it was; what had not ended is ended. The paper venue removes its own rows in the same transaction.
 */
export async function forgetAccount(trx: Tx, engineId: string, atMs: number): Promise<void> {
  for (const table of FORGOTTEN) {
    await trx.deleteFrom(table).where('engine_id', '=', engineId).execute();
  }
  await trx
    .updateTable('operations')
    .set({
      status: 'failed',
      ended_at_ms: atMs,
      updated_at_ms: atMs,
      error: jsonText({ code: 'ACCOUNT_RESET', message: 'the paper account was reset while this ran' }),
    })
    .where('engine_id', '=', engineId)
    .where('status', 'not in', ['done', 'rejected', 'failed', 'expired'])
    .execute();
}
