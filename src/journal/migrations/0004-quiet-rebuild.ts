/** Restored rows notify no listener: the listeners were notified when the rows first came. */
import { type Kysely, sql } from 'kysely';

/** Written by a rebuild; every other table's rows are news whoever writes them. */
const REBUILT = ['commands', 'operations', 'attempts', 'transitions', 'alerts'] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of REBUILT) {
    await sql.raw(`DROP TRIGGER tell ON ${table}`).execute(db);
    await sql
      .raw(
        `CREATE TRIGGER tell AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW
        WHEN (current_setting('driftless.quiet', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION tell_${table}()`,
      )
      .execute(db);
  }
}
