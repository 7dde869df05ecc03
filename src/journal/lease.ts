/** One process of several does a piece of work: whoever holds its lease, by the database's clock. */
import { type Kysely, sql } from 'kysely';
import { DATABASE_NOW_MS } from './database-clock.ts';
import type { Database } from './schema.ts';

const keyOf = (name: string): string => `lease ${name}`;

/**
 * Takes a lease or renews it. A lease that nobody renewed for `forMs` is free.
 * @returns whether the holder has it now
 */
export async function takeLease(db: Kysely<Database>, name: string, holder: string, forMs: number): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO meta AS m (key, value) VALUES (${keyOf(name)}, (${DATABASE_NOW_MS} + ${forMs}::int8)::text || ' ' || ${holder}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
      WHERE split_part(m.value, ' ', 2) = ${holder}::text OR split_part(m.value, ' ', 1)::int8 < ${DATABASE_NOW_MS}
    RETURNING key`.execute(db);
  return rows.length > 0;
}
