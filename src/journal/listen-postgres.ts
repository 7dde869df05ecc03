/** LISTEN on a Postgres server, over a connection of its own. */
import pg from 'pg';
import { asJournalError } from './database-errors.ts';
import type { JournalEvent } from './journal.ts';
import { CHANNEL, eventOf, type Listen } from './listen.ts';
import { clientConfig } from './postgres-pool.ts';

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** A query without an answer reveals a connection that died silently. */
const PROBE_EVERY_MS = 10_000;

/** Has its own client, because a pooled one comes and goes. It reconnects by itself and then reports a gap. */
class PostgresListener {
  readonly #databaseUrl: string;
  readonly #onEvent: (event: JournalEvent) => void;
  readonly #onGap: () => void;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(databaseUrl: string, onEvent: (event: JournalEvent) => void, onGap: () => void) {
    this.#databaseUrl = databaseUrl;
    this.#onEvent = onEvent;
    this.#onGap = onGap;
  }

  async connect(): Promise<void> {
    const client = new pg.Client(clientConfig(this.#databaseUrl));
    this.#client = client;
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.#onEvent(eventOf(payload));
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.#drop(client);
      throw asJournalError(error);
    }
    this.#schedule(PROBE_EVERY_MS, () => this.#probe(client));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  #schedule(delayMs: number, run: () => void): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(run, delayMs);
  }

  #probe(client: pg.Client): void {
    client.query('SELECT 1').then(
      () => {
        if (this.#client === client) this.#schedule(PROBE_EVERY_MS, () => this.#probe(client));
      },
      () => this.#lost(client),
    );
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = null;
    client.end().catch(() => {});
  }

  #lost(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#drop(client);
    this.#reconnect(RECONNECT_MIN_MS);
  }

  #reconnect(delayMs: number): void {
    this.#schedule(delayMs, () => {
      this.connect().then(
        () => {
          if (!this.#closed) this.#onGap();
          else void this.close();
        },
        () => this.#reconnect(Math.min(delayMs * 2, RECONNECT_MAX_MS)),
      );
    });
  }
}

export const listenOnPostgres =
  (databaseUrl: string): Listen =>
  async (onEvent, onGap) => {
    const listener = new PostgresListener(databaseUrl, onEvent, onGap);
    await listener.connect();
    return () => listener.close();
  };
