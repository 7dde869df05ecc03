/** A live engine gets its full id: everything that was written under the one of before is kept by it. */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

/** Those that name the engine in a column alone. */
const TABLES = [
  ...['commands', 'operations', 'fences', 'trades', 'funding'],
  ...['equity', 'series', 'decisions', 'alerts', 'drift_books'],
];

/** In one transaction, without notifying listeners: nothing happened to the account. Repeating it changes nothing. */
export async function renameEngine(db: Kysely<Database>, from: string, to: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`SELECT set_config('driftless.quiet', 'on', true)`.execute(trx);
    await sql`
      UPDATE engines SET engine_id = ${to}, record = jsonb_set(record::jsonb, '{engineId}', to_jsonb(${to}::text))
      WHERE engine_id = ${from}`.execute(trx);
    await sql`
      UPDATE snapshots SET engine_id = ${to}, snapshot = jsonb_set(snapshot::jsonb, '{engineId}', to_jsonb(${to}::text))
      WHERE engine_id = ${from}`.execute(trx);
    for (const table of TABLES) {
      await sql`UPDATE ${sql.table(table)} SET engine_id = ${to} WHERE engine_id = ${from}`.execute(trx);
    }
  });
}
