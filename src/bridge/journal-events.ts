/** The journal's events, listened to once for all desks of a process: each gets those of its engine. */
import type { Logger } from 'pino';
import type { Journal, JournalEvent } from '../journal/journal.ts';
import { within } from '../lib/within.ts';
import { LISTEN_RETRY_MS, STATS_WAIT_MS } from './limits.ts';

export interface EventTaker {
  readonly engineId: string;
  readonly take: (event: JournalEvent) => void;
  /** Events may have been missed. */
  readonly gap: () => void;
}

interface EventPorts {
  readonly journal: Pick<Journal, 'listen'>;
  readonly logger: Logger;
}

export class JournalEvents {
  readonly #ports: EventPorts;
  readonly #takers = new Map<string, EventTaker>();
  #listening: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #unlisten: (() => Promise<void>) | null = null;
  #closed = false;

  constructor(ports: EventPorts) {
    this.#ports = ports;
  }

  /** Resolves when events come, or after a bounded time: a journal that is away is tried again. */
  async subscribe(taker: EventTaker): Promise<void> {
    this.#takers.set(taker.engineId, taker);
    // All who came before listening began are told of the gap when it does.
    if (this.#unlisten !== null) return taker.gap();
    this.#listening ??= this.#listen();
    await within(STATS_WAIT_MS, () => this.#listening ?? Promise.resolve());
  }

  unsubscribe(engineId: string): void {
    this.#takers.delete(engineId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await within(STATS_WAIT_MS, async () => this.#unlisten?.());
  }

  async #listen(): Promise<void> {
    if (this.#closed) return;
    const { journal, logger } = this.#ports;
    try {
      const unlisten = await journal.listen(
        (event) => this.#take(event),
        () => this.#gap(),
      );
      if (this.#closed) return await unlisten();
      this.#unlisten = unlisten;
      this.#gap();
    } catch (error) {
      logger.warn({ err: error, code: 'UNAVAILABLE' }, 'Cannot listen to the journal; trying again');
      if (!this.#closed) this.#timer = setTimeout(() => void this.#listen(), LISTEN_RETRY_MS);
    }
  }

  #take(event: JournalEvent): void {
    if (event.key === '') this.#gap();
    else if (event.engineId === null) for (const { take } of this.#takers.values()) take(event);
    else this.#takers.get(event.engineId)?.take(event);
  }

  #gap(): void {
    for (const { gap } of this.#takers.values()) gap();
  }
}
