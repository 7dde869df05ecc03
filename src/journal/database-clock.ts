/** The database's own clock, which all processes of an engine can go by. */
import { sql } from 'kysely';

/** The time now, not the transaction's: whole ms. */
export const DATABASE_NOW_MS = sql`(extract(epoch FROM clock_timestamp()) * 1000)::int8`;
