/** Opens the journal: embedded PGlite, or Postgres when a URL is given; migrates it; the same SQL on both. */
import type { PGlite } from '@electric-sql/pglite';
import { Kysely, sql } from 'kysely';
import { ENDED_STATUSES } from './advance.ts';
import { whyNotLetIn } from './database-errors.ts';
import { insertDecision } from './decisions.ts';
import { acknowledgeAlert, receptionOf } from './deliveries.ts';
import { checkpoint, startUpkeep } from './embedded-upkeep.ts';
import type { Journal, JournalCopied } from './journal.ts';
import { takeLease } from './lease.ts';
import { listenOnPGlite } from './listen.ts';
import {
  listAlerts,
  listCommands,
  listDecisions,
  listEquity,
  listFunding,
  listOperations,
  listTrades,
  withAttempts,
} from './lists.ts';
import { appliedMigrations, migrateToLatest, requireLatest, type SchemaState, schemaState } from './migrate.ts';
import { muteUntil, unmute } from './muting.ts';
import type { JournalLogger, Opened } from './opened.ts';
import { operationCounts, standingBySeverity } from './operation-counts.ts';
import { pgliteDialect } from './pglite-dialect.ts';
import { copyDatabase, openPGlite } from './pglite-folder.ts';
import type { EngineRecord } from './records.ts';
import { alertOf, commandOf, transitionOf } from './rows.ts';
import type { Database } from './schema.ts';
import { readSeries, thinSeries } from './series.ts';
import { insertPlainSnapshot, insertSnapshot, latestSnapshot, thinSnapshots } from './snapshots.ts';
import { readStatistics } from './statistics.ts';
import { thinEquity } from './thin-equity.ts';
import * as writes from './writes.ts';

interface JournalOptions {
  /** Null: embedded PGlite. */
  readonly databaseUrl: string | null;
  /** PGlite's folder; null: in memory. The caller holds its lock (data-lock.ts). */
  readonly dataDir: string | null;
  readonly logger?: JournalLogger;
  /** Embedded only: a database that is open already, instead of one in `dataDir`. */
  readonly database?: PGlite;
  /** False: one that is not of this program's schema is refused, and nothing in it is changed. */
  readonly migrates?: boolean;
  /** Called with the database as it was found, before it is migrated. */
  readonly beforeMigration?: (db: Kysely<Database>) => Promise<void>;
}

/** The methods of the journal over an opened and migrated database. */
function journalOf({ db, listen, copyTo, close }: Opened, journalId: string): Journal {
  const inTransaction = <T>(work: (trx: writes.Tx) => Promise<T>): Promise<T> => db.transaction().execute(work);
  const quietly = <T>(work: (trx: writes.Tx) => Promise<T>): Promise<T> =>
    inTransaction(async (trx) => {
      await sql`SELECT set_config('driftless.quiet', 'on', true)`.execute(trx);
      return await work(trx);
    });
  const operation: Journal['operation'] = async (operationId) => {
    const rows = await db.selectFrom('operations').selectAll().where('operation_id', '=', operationId).execute();
    return (await withAttempts(db, rows))[0] ?? null;
  };
  return {
    journalId,
    db,
    async engine(engineId) {
      const row = await db.selectFrom('engines').select('record').where('engine_id', '=', engineId).executeTakeFirst();
      return row?.record ?? null;
    },
    engines: (mode) => readEngines(db, mode),
    publishEngine: (record) => inTransaction((trx) => writes.publishEngine(trx, record)),
    admitCommand: (record) => writes.admitCommand(db, record),
    async command(commandId) {
      const row = await db.selectFrom('commands').selectAll().where('command_id', '=', commandId).executeTakeFirst();
      return row === undefined ? null : commandOf(row);
    },
    recordAnswer: (commandId, answer, atMs) => writes.insertAnswer(db, commandId, answer, atMs),
    openOperation: (record) => writes.insertOperation(db, record),
    recordAttempt: (record) => writes.upsertAttempt(db, record),
    recordTransition: (record) => writes.insertTransitions(db, [record]),
    updateOperation: (operationId, change) => writes.changeOperation(db, { operationId, ...change }, null),
    writeOperation: (write) => inTransaction((trx) => writes.writeOperation(trx, write)),
    operation,
    rebuilding: {
      operation,
      admitCommand: (record) => quietly((trx) => writes.admitCommand(trx, record)),
      recordAnswer: (commandId, answer, atMs) => quietly((trx) => writes.insertAnswer(trx, commandId, answer, atMs)),
      writeOperation: (write) => quietly((trx) => writes.writeOperation(trx, write)),
    },
    async transitions(operationId) {
      const rows = await db
        .selectFrom('transitions')
        .selectAll()
        .where('operation_id', '=', operationId)
        .orderBy('at_ms')
        .orderBy('sequence')
        .execute();
      return rows.map(transitionOf);
    },
    async unfinishedOperations(engineId) {
      const rows = await db
        .selectFrom('operations')
        .selectAll()
        .where('engine_id', '=', engineId)
        .where('ended_at_ms', 'is', null)
        .where('status', 'not in', ENDED_STATUSES)
        .orderBy('created_at_ms')
        .orderBy('seq')
        .execute();
      return withAttempts(db, rows);
    },
    async recordSnapshot(fence, snapshot, chart) {
      const plain = chart === undefined ? null : await insertPlainSnapshot(db, fence, snapshot, chart);
      return plain ?? (await inTransaction((trx) => insertSnapshot(trx, fence, snapshot, chart)));
    },
    latestSnapshot: (engineId) => latestSnapshot(db, engineId),
    thinSnapshots: (engineId, nowMs) => thinSnapshots(db, engineId, nowMs),
    thinEquity: (engineId, nowMs) => thinEquity(db, engineId, nowMs),
    thinSeries: (engineId) => thinSeries(db, engineId),
    series: (query) => readSeries(db, query),
    statistics: (engineId) => readStatistics(db, engineId),
    recordDecision: (record) => inTransaction((trx) => insertDecision(trx, record)),
    recordTrades: (trades) => inTransaction((trx) => writes.insertTrades(trx, trades)),
    recordFunding: (payments) => inTransaction((trx) => writes.insertFunding(trx, payments)),
    recordEquity: (record) => writes.insertEquity(db, record),
    raiseAlert: (alert) => writes.insertAlert(db, alert),
    async alert(id) {
      const row = await db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : alertOf(row);
    },
    acknowledgeAlert: (id, atMs) => acknowledgeAlert(db, id, atMs),
    operationCounts: (engineId, afterMs) => operationCounts(db, engineId, afterMs),
    standingBySeverity: (engineId) => standingBySeverity(db, engineId),
    alertReception: (ids) => receptionOf(db, ids),
    muteAlerts: (untilMs, engineId) => muteUntil(db, untilMs, engineId),
    unmuteAlerts: (engineId) => unmute(db, engineId),
    takeLease: (name, holder, forMs) => takeLease(db, name, holder, forMs),
    operations: (query) => listOperations(db, query),
    trades: (query) => listTrades(db, query),
    funding: (query) => listFunding(db, query),
    equity: (query) => listEquity(db, query),
    alerts: (query) => listAlerts(db, query),
    decisions: (query) => listDecisions(db, query),
    commands: (query) => listCommands(db, query),
    async fundingTotal(engineId, market) {
      const row = await db
        .selectFrom('funding')
        .select((eb) => eb.fn.sum<string | null>('amount').as('total'))
        .where('engine_id', '=', engineId)
        .where('market', '=', market)
        .executeTakeFirst();
      return row?.total ?? '0';
    },
    listen,
    copyTo,
    async ping() {
      await sql`UPDATE meta SET value = value WHERE key = 'journal_id'`.execute(db);
    },
    async timeMs() {
      const { rows } = await sql<{
        ms: number;
      }>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`.execute(db);
      return Number(rows[0]?.ms);
    },
    close,
  };
}

async function openEmbedded({ dataDir, database, logger }: JournalOptions): Promise<Opened> {
  const pglite = database ?? (await openPGlite(dataDir));
  const db = new Kysely<Database>({ dialect: pgliteDialect(pglite) });
  const stopUpkeep = startUpkeep(db, (error) => logger?.warn({ err: error }, 'the upkeep of the journal failed'));
  return {
    db,
    listen: listenOnPGlite(pglite),
    migrate: () => migrateToLatest(db),
    copyTo: dataDir === null ? null : (folder) => copyBetween(db, dataDir, folder),
    async close() {
      stopUpkeep();
      await db.destroy();
    },
  };
}

/** Holds the only connection, so nothing writes meanwhile, and what was answered is in the log. */
async function copyBetween(db: Kysely<Database>, dataDir: string, folder: string): Promise<JournalCopied> {
  return await db.connection().execute(async (connection) => {
    // Little is left to be read again when the copy is opened.
    await checkpoint(connection);
    await copyDatabase(dataDir, folder);
    return await contentOf(connection);
  });
}

async function readEngines(db: Kysely<Database>, mode?: EngineRecord['mode']): Promise<readonly EngineRecord[]> {
  const rows = await db
    .selectFrom('engines')
    .select('record')
    .$if(mode !== undefined, (query) => query.where(sql`record ->> 'mode'`, '=', mode))
    .orderBy('engine_id')
    .execute();
  return rows.map((row) => row.record);
}

/** What a copy of it holds. */
async function contentOf(db: Kysely<Database>): Promise<JournalCopied> {
  const { value: journalId } = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'journal_id')
    .executeTakeFirstOrThrow();
  return { journalId, engines: await readEngines(db), migrations: await appliedMigrations(db) };
}

/** node-postgres is loaded only with a server: it brings Node's whole fetch with it. */
async function openServer(databaseUrl: string, { logger }: JournalOptions): Promise<Opened> {
  const { openPostgres } = await import('./open-postgres.ts');
  return openPostgres(databaseUrl, logger);
}

/**
 * @throws TransientError UNAVAILABLE when the database does not answer; CriticalError JOURNAL_SCHEMA or
 * DATA_FOLDER_INVALID when it cannot be used
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { databaseUrl, migrates = true, beforeMigration } = options;
  const opened = databaseUrl === null ? await openEmbedded(options) : await openServer(databaseUrl, options);
  try {
    if (migrates) {
      await beforeMigration?.(opened.db);
      await opened.migrate();
    } else await requireLatest(opened.db);
    const meta = await opened.db
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'journal_id')
      .executeTakeFirstOrThrow();
    return journalOf(opened, meta.value);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What stands in a database, for a look. */
export interface JournalInspection {
  /** As it was found. Null: nobody has migrated it yet. */
  readonly schema: SchemaState | null;
  /** By its own clock. */
  readonly timeMs: number;
  /** Null: it is not of our schema, so its rows cannot be read. */
  readonly journal: Journal | null;
  readonly content: () => Promise<JournalCopied>;
  readonly close: () => Promise<void>;
}

/**
 * Opens it as it is. With `migrates`, for a copy, an older one is brought to our schema, so that it can be read.
 * @throws TransientError UNAVAILABLE, CriticalError DATABASE_MISSING, DATABASE_DENIED, DATA_FOLDER_INVALID
 */
export async function inspectJournal({ migrates = false, ...options }: JournalOptions): Promise<JournalInspection> {
  const { databaseUrl } = options;
  const opened = databaseUrl === null ? await openEmbedded(options) : await openServer(databaseUrl, options);
  try {
    const { rows } = await sql<{
      ms: number;
    }>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`.execute(opened.db);
    const schema = await schemaState(opened.db);
    const isOlder = schema !== null && schema.newer.length === 0 && schema.pending.length > 0;
    if (isOlder && migrates) await opened.migrate();
    const isReadable = schema !== null && schema.newer.length === 0 && (!isOlder || migrates);
    const journal = isReadable ? journalOf(opened, 'inspected') : null;
    const content = () => contentOf(opened.db);
    return { schema, timeMs: Number(rows[0]?.ms), journal, content, close: opened.close };
  } catch (error) {
    await opened.close();
    throw whyNotLetIn(error) ?? error;
  }
}
