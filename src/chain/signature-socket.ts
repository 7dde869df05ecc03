/**
 * News of signatures over one WebSocket. It only wakes those who wait: what it says is never evidence, and a socket
 * that is down, silent or half open costs no more than the wait that its caller bounds.
 */
import { LiveSocket, type SocketTuning } from './live-socket.ts';

const LEVELS = ['confirmed', 'finalized'] as const;
type Level = (typeof LEVELS)[number];

/** Signatures that are watched at once; the oldest is forgotten, and polled. */
const MAX_WATCHED = 512;
const MAX_MESSAGE_BYTES = 64 * 1024;

interface Watched {
  /** Levels that the server said it would tell of, or has told. */
  readonly live: Set<Level>;
  /** Told and not yet taken by a waiter. */
  news: boolean;
  readonly told: Set<Level>;
  readonly wake: Set<() => void>;
}

interface SignatureMessage {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly subscription?: unknown };
}

export class SignatureSocket {
  readonly #watched = new Map<string, Watched>();
  readonly #requests = new Map<number, readonly [signature: string, level: Level]>();
  readonly #subscriptions = new Map<number, readonly [signature: string, level: Level]>();
  readonly #socket: LiveSocket;
  #nextId = 1;

  constructor(url: string, tuning: Partial<SocketTuning> = {}) {
    this.#socket = new LiveSocket(url, tuning, {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      opened: () => {
        for (const signature of this.#watched.keys()) this.#subscribe(signature);
      },
      took: (message) => this.#take(message),
      ended: () => this.#ended(),
      wanted: () => this.#watched.size > 0,
    });
  }

  /** Begins to listen for a signature; again is harmless. */
  watch(signature: string): void {
    if (this.#socket.isClosed || this.#watched.has(signature)) return;
    const oldest = this.#watched.keys().next().value;
    if (this.#watched.size >= MAX_WATCHED && oldest !== undefined) this.forget(oldest);
    this.#watched.set(signature, { live: new Set(), news: false, told: new Set(), wake: new Set() });
    if (this.#socket.isOpen) this.#subscribe(signature);
    else this.#socket.connect();
  }

  isWatched = (signature: string): boolean => this.#watched.has(signature);

  /** The server said that it will tell of it, and has not told all yet. */
  isLive(signature: string): boolean {
    const one = this.#watched.get(signature);
    return one !== undefined && LEVELS.some((level) => one.live.has(level) && !one.told.has(level));
  }

  forget(signature: string): void {
    const one = this.#watched.get(signature);
    this.#watched.delete(signature);
    for (const wake of one?.wake ?? []) wake();
  }

  /** Resolves at news, when no more can come of this connection, or after `withinMs`; at once where nothing is awaited. */
  async news(signature: string, withinMs: number): Promise<void> {
    const one = this.#watched.get(signature);
    if (one === undefined) return;
    if (!one.news && this.isLive(signature)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          one.wake.delete(done);
          resolve();
        };
        const timer = setTimeout(done, withinMs);
        one.wake.add(done);
      });
    }
    one.news = false;
  }

  close(): void {
    this.#socket.close();
    for (const signature of [...this.#watched.keys()]) this.forget(signature);
  }

  #ended(): void {
    this.#requests.clear();
    this.#subscriptions.clear();
    for (const one of this.#watched.values()) {
      one.live.clear();
      for (const wake of one.wake) wake();
    }
  }

  #subscribe(signature: string): void {
    for (const level of LEVELS) {
      const one = this.#watched.get(signature);
      if (one === undefined || one.told.has(level)) continue;
      const id = this.#nextId++;
      this.#requests.set(id, [signature, level]);
      this.#socket.request(id, 'signatureSubscribe', [signature, { commitment: level }]);
    }
  }

  #take(message: SignatureMessage): void {
    if (typeof message.id === 'number') {
      const asked = this.#requests.get(message.id);
      this.#requests.delete(message.id);
      if (asked === undefined || typeof message.result !== 'number') return;
      this.#subscriptions.set(message.result, asked);
      this.#watched.get(asked[0])?.live.add(asked[1]);
      return;
    }
    const subscription = message.params?.subscription;
    if (message.method !== 'signatureNotification' || typeof subscription !== 'number') return;
    const told = this.#subscriptions.get(subscription);
    this.#subscriptions.delete(subscription);
    if (told !== undefined) this.#tell(told[0], told[1]);
  }

  #tell(signature: string, level: Level): void {
    const one = this.#watched.get(signature);
    if (one === undefined) return;
    one.news = true;
    one.told.add(level);
    for (const wake of [...one.wake]) wake();
  }
}
