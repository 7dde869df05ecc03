/**
 * PGlite for Kysely: Kysely's own Postgres dialect over a pool of one connection. A transaction has the connection
 * alone, so whatever runs inside one must use that transaction: a query beside it waits for its end.
 */
import type { PGlite } from '@electric-sql/pglite';
import { PostgresDialect, type PostgresPool, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import { COLUMN_PARSERS } from './column-parsers.ts';
import { asJournalError } from './database-errors.ts';
import { runStatement } from './extended-query.ts';
import { FairMutex } from './fair-mutex.ts';

/** Our transactions take milliseconds. After this time a waiting call fails: the journal is unavailable. */
const MAX_WAIT_MS = 30_000;

/** Kysely's statements around a transaction. They have no parameters or rows, and the simple protocol takes half the time. */
const TRANSACTION_WORDS: ReadonlySet<string> = new Set(['begin', 'commit', 'rollback']);

class PGliteClient implements PostgresPoolClient {
  readonly #db: PGlite;
  readonly #release: () => void;

  constructor(db: PGlite, release: () => void) {
    this.#db = db;
    this.#release = release;
  }

  query<R>(sql: string, parameters: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>>;
  query<_R>(cursor: never): never;
  async query<R>(sql: string, parameters?: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>> {
    try {
      if (TRANSACTION_WORDS.has(sql)) {
        await this.#db.exec(sql);
        return { command: 'SELECT', rowCount: 0, rows: [] };
      }
      const { command, rowCount, rows } = await runStatement(this.#db, sql, parameters ?? [], COLUMN_PARSERS);
      return { command: command as PostgresQueryResult<R>['command'], rowCount, rows: rows as R[] };
    } catch (error) {
      throw asJournalError(error);
    }
  }

  release(): void {
    this.#release();
  }
}

class PGlitePool implements PostgresPool {
  readonly #db: PGlite;
  readonly #mutex = new FairMutex(MAX_WAIT_MS);

  constructor(db: PGlite) {
    this.#db = db;
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new PGliteClient(this.#db, await this.#mutex.acquire());
    } catch (error) {
      throw asJournalError(error);
    }
  }

  async end(): Promise<void> {
    const release = await this.#mutex.acquire();
    try {
      await this.#db.close();
    } finally {
      release();
    }
  }
}

export const pgliteDialect = (db: PGlite): PostgresDialect => new PostgresDialect({ pool: new PGlitePool(db) });
