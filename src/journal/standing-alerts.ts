/** Alerts that stand: the newest row of each code unless it is `recovered`. Only the journal remembers them. */
import type { Alert } from '../domain/alerts/alert.ts';
import { alertOf } from './rows.ts';
import type { Db } from './writes.ts';

/** The newest row of each code, `recovered` ones too: the id of the next alert follows from it. */
export async function newestAlerts(db: Db, engineId: string): Promise<ReadonlyMap<string, Alert>> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .distinctOn('code')
    .where('engine_id', '=', engineId)
    .orderBy('code')
    .orderBy('seq', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.code, alertOf(row)]));
}
