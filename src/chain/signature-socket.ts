/**
 * News of signatures over one WebSocket. It only wakes those who wait: what it says is never evidence, and a socket
 * that is down, silent or half open costs no more than the wait that its caller bounds.
 */
import WebSocket from 'ws';

export interface SocketTuning {
  /** A ping that is not answered within this ends the connection. */
  readonly pingMs: number;
  readonly firstReconnectMs: number;
  readonly maxReconnectMs: number;
}

export const DEFAULT_SOCKET: SocketTuning = { pingMs: 5_000, firstReconnectMs: 250, maxReconnectMs: 10_000 };

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

interface Message {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly subscription?: unknown };
}

export class SignatureSocket {
  readonly #url: string;
  readonly #tuning: SocketTuning;
  readonly #watched = new Map<string, Watched>();
  readonly #requests = new Map<number, readonly [signature: string, level: Level]>();
  readonly #subscriptions = new Map<number, readonly [signature: string, level: Level]>();
  #socket: WebSocket | null = null;
  #alive = true;
  #nextId = 1;
  #failures = 0;
  #pinging: NodeJS.Timeout | null = null;
  #reconnecting: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(url: string, tuning: Partial<SocketTuning> = {}) {
    this.#url = url;
    this.#tuning = { ...DEFAULT_SOCKET, ...tuning };
  }

  /** Begins to listen for a signature; again is harmless. */
  watch(signature: string): void {
    if (this.#closed || this.#watched.has(signature)) return;
    const oldest = this.#watched.keys().next().value;
    if (this.#watched.size >= MAX_WATCHED && oldest !== undefined) this.forget(oldest);
    this.#watched.set(signature, { live: new Set(), news: false, told: new Set(), wake: new Set() });
    if (this.#socket?.readyState === WebSocket.OPEN) this.#subscribe(signature);
    else this.#connect();
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
    this.#closed = true;
    for (const signature of [...this.#watched.keys()]) this.forget(signature);
    if (this.#reconnecting !== null) clearTimeout(this.#reconnecting);
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#socket?.terminate();
  }

  #connect(): void {
    if (this.#closed || this.#reconnecting !== null || this.#socket !== null) return;
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: this.#tuning.pingMs,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#failures = 0;
      this.#alive = true;
      this.#pinging = setInterval(() => this.#ping(socket), this.#tuning.pingMs);
      this.#pinging.unref();
      for (const signature of this.#watched.keys()) this.#subscribe(signature);
    });
    socket.on('pong', () => {
      this.#alive = true;
    });
    socket.on('message', (data) => this.#take(String(data)));
    // An error is always followed by close; its message may quote the URL.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#ended());
  }

  #ping(socket: WebSocket): void {
    if (!this.#alive) {
      socket.terminate();
      return;
    }
    this.#alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }

  #ended(): void {
    this.#socket = null;
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#pinging = null;
    this.#requests.clear();
    this.#subscriptions.clear();
    for (const one of this.#watched.values()) {
      one.live.clear();
      for (const wake of one.wake) wake();
    }
    if (this.#closed || this.#watched.size === 0) return;
    const { firstReconnectMs, maxReconnectMs } = this.#tuning;
    const afterMs = Math.min(firstReconnectMs * 2 ** Math.min(this.#failures, 10), maxReconnectMs);
    this.#failures += 1;
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      if (this.#watched.size > 0) this.#connect();
    }, afterMs);
    this.#reconnecting.unref();
  }

  #subscribe(signature: string): void {
    for (const level of LEVELS) {
      const one = this.#watched.get(signature);
      if (one === undefined || one.told.has(level)) continue;
      const id = this.#nextId++;
      this.#requests.set(id, [signature, level]);
      const params = [signature, { commitment: level }];
      this.#socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'signatureSubscribe', params }));
    }
  }

  #take(text: string): void {
    const message = parse(text);
    if (message === null) return;
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

function parse(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' ? (message as Message | null) : null;
  } catch {
    return null;
  }
}
