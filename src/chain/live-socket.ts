/**
 * One WebSocket to a node that is made again when it ends: what subscriptions share. A connection that does not answer a
 * ping is ended. Nothing here is evidence, and no error's message is kept: it may quote the URL.
 */
import WebSocket from 'ws';

export interface SocketTuning {
  /** A ping that is not answered within this ends the connection. */
  readonly pingMs: number;
  readonly firstReconnectMs: number;
  readonly maxReconnectMs: number;
}

const DEFAULT_SOCKET: SocketTuning = { pingMs: 5_000, firstReconnectMs: 250, maxReconnectMs: 10_000 };

interface LiveSocketUser {
  readonly maxMessageBytes: number;
  opened(): void;
  /** A message that is a JSON object. */
  took(message: Readonly<Record<string, unknown>>): void;
  ended(): void;
  /** Asked after an end, and again when its pause is over: false leaves the next connection to `connect`. */
  wanted(): boolean;
}

export class LiveSocket {
  readonly #url: string;
  readonly #tuning: SocketTuning;
  readonly #user: LiveSocketUser;
  #socket: WebSocket | null = null;
  #alive = true;
  #failures = 0;
  #pinging: NodeJS.Timeout | null = null;
  #reconnecting: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(url: string, tuning: Partial<SocketTuning>, user: LiveSocketUser) {
    this.#url = url;
    this.#tuning = { ...DEFAULT_SOCKET, ...tuning };
    this.#user = user;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Again is harmless, and a pause between two connections is kept. */
  connect(): void {
    if (this.#closed || this.#reconnecting !== null || this.#socket !== null) return;
    const { pingMs } = this.#tuning;
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: pingMs,
      maxPayload: this.#user.maxMessageBytes,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#failures = 0;
      this.#alive = true;
      this.#pinging = setInterval(() => this.#ping(socket), pingMs);
      this.#pinging.unref();
      this.#user.opened();
    });
    socket.on('pong', () => {
      this.#alive = true;
    });
    socket.on('message', (data) => {
      const message = parse(String(data));
      if (message !== null) this.#user.took(message);
    });
    // An error is always followed by close.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#ended());
  }

  request(id: number, method: string, params: readonly unknown[]): void {
    this.#socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  close(): void {
    this.#closed = true;
    if (this.#reconnecting !== null) clearTimeout(this.#reconnecting);
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#socket?.terminate();
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
    this.#user.ended();
    if (this.#closed || !this.#user.wanted()) return;
    const { firstReconnectMs, maxReconnectMs } = this.#tuning;
    const afterMs = Math.min(firstReconnectMs * 2 ** Math.min(this.#failures, 10), maxReconnectMs);
    this.#failures += 1;
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      if (this.#user.wanted()) this.connect();
    }, afterMs);
    this.#reconnecting.unref();
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' ? (message as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}
