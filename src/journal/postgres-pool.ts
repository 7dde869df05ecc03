/** node-postgres for Kysely: every wait is bounded, and a connection in an unknown state is never used again. */

import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { COLUMN_PARSERS } from './column-parsers.ts';
import { asJournalError, breaksConnection } from './database-errors.ts';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 3_000;
const IDLE_TIMEOUT_MS = 30_000;
/** The server ends a statement first; the client gives up a little later if the server does not respond at all. */
const STATEMENT_TIMEOUT_MS = 4_000;
const QUERY_TIMEOUT_MS = 5_000;
/** The longest time that a process which died or stopped within a transaction keeps its locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    COLUMN_PARSERS[oid] ?? pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/** Enough to migrate a large database, or to wait for another process that does. */
const MIGRATION_TIMEOUT_MS = 120_000;

export const clientConfig = (databaseUrl: string): pg.ClientConfig => ({
  connectionString: databaseUrl,
  application_name: 'driftless',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  query_timeout: QUERY_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  keepAlive: true,
  types,
});

class GuardedClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #broken = false;
  /** The pool listens only to idle connections; an unhandled error of a connection in use would end the process. */
  readonly #onError = (): void => {
    this.#broken = true;
  };

  constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  query<R>(sql: string, parameters: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>>;
  query<_R>(cursor: never): never;
  async query<R>(sql: string, parameters?: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>> {
    try {
      const { command, rowCount, rows } = await this.#client.query(sql, [...(parameters ?? [])]);
      return { command: command as PostgresQueryResult<R>['command'], rowCount: rowCount ?? 0, rows: rows as R[] };
    } catch (error) {
      this.#broken ||= breaksConnection(error);
      throw asJournalError(error);
    }
  }

  release(): void {
    this.#client.release(this.#broken);
    // A broken connection is being closed and may raise another error.
    if (!this.#broken) this.#client.removeListener('error', this.#onError);
  }
}

function guardedPool(config: pg.PoolConfig, onIdleError: (error: Error) => void): PostgresPool {
  const pool = new pg.Pool(config);
  pool.on('error', onIdleError);
  return {
    async connect() {
      try {
        return new GuardedClient(await pool.connect());
      } catch (error) {
        throw asJournalError(error);
      }
    },
    end: () => pool.end(),
  };
}

/** @param onIdleError called for an error on an idle connection; the pool replaces it by itself */
export const postgresPool = (databaseUrl: string, onIdleError: (error: Error) => void): PostgresPool =>
  guardedPool({ ...clientConfig(databaseUrl), max: MAX_CONNECTIONS, idleTimeoutMillis: IDLE_TIMEOUT_MS }, onIdleError);

/** Only for migrations: with long limits, and closed afterwards. */
export const migrationPool = (databaseUrl: string, onIdleError: (error: Error) => void): PostgresPool =>
  guardedPool(
    {
      ...clientConfig(databaseUrl),
      statement_timeout: MIGRATION_TIMEOUT_MS,
      query_timeout: MIGRATION_TIMEOUT_MS,
      idle_in_transaction_session_timeout: MIGRATION_TIMEOUT_MS,
      max: 2,
    },
    onIdleError,
  );
