/**
 * News of one account over a WebSocket. It only wakes who waits: what changed is read from the nodes, and a socket that
 * is down or silent costs no more than the wait that its caller bounds.
 */
import WebSocket from 'ws';
import { DEFAULT_SOCKET, type SocketTuning } from './signature-socket.ts';

/** The notification carries the account itself; Drift's users have 4 KB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const REQUEST_ID = 1;

export class AccountSocket {
  readonly #url: string;
  readonly #address: string;
  readonly #tuning: SocketTuning;
  readonly #wake = new Set<() => void>();
  /** Times that a subscription began: what changed before it was told to nobody. */
  #beginnings = 0;
  #socket: WebSocket | null = null;
  /** Of the newest change that was told. */
  #changedSlot = 0;
  #alive = true;
  #live = false;
  #failures = 0;
  #pinging: NodeJS.Timeout | null = null;
  #reconnecting: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(url: string, address: string, tuning: Partial<SocketTuning> = {}) {
    this.#url = url;
    this.#address = address;
    this.#tuning = { ...DEFAULT_SOCKET, ...tuning };
  }

  /** The server said that it will tell. */
  get isLive(): boolean {
    return this.#live;
  }

  /** Resolves when the account has changed at `confirmed` in a slot after this one, or may have: a subscription began; or after `withinMs`. */
  async changed(afterSlot: number, withinMs: number): Promise<void> {
    this.#connect();
    if (this.#changedSlot > afterSlot || this.#closed) return;
    const beginnings = this.#beginnings;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(told);
        resolve();
      };
      const told = () => {
        if (this.#changedSlot > afterSlot || this.#beginnings > beginnings || this.#closed) done();
      };
      const timer = setTimeout(done, withinMs);
      this.#wake.add(told);
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#reconnecting !== null) clearTimeout(this.#reconnecting);
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#socket?.terminate();
    for (const wake of [...this.#wake]) wake();
  }

  #connect(): void {
    if (this.#closed || this.#reconnecting !== null || this.#socket !== null) return;
    const { pingMs } = this.#tuning;
    const socket = new WebSocket(this.#url, {
      handshakeTimeout: pingMs,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#failures = 0;
      this.#alive = true;
      this.#pinging = setInterval(() => this.#ping(socket), pingMs);
      this.#pinging.unref();
      const params = [this.#address, { commitment: 'confirmed', encoding: 'base64' }];
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: REQUEST_ID, method: 'accountSubscribe', params }));
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
    this.#live = false;
    if (this.#pinging !== null) clearInterval(this.#pinging);
    this.#pinging = null;
    if (this.#closed) return;
    const { firstReconnectMs, maxReconnectMs } = this.#tuning;
    const afterMs = Math.min(firstReconnectMs * 2 ** Math.min(this.#failures, 10), maxReconnectMs);
    this.#failures += 1;
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      this.#connect();
    }, afterMs);
    this.#reconnecting.unref();
  }

  #take(text: string): void {
    const message = parse(text);
    if (message?.id === REQUEST_ID && typeof message.result === 'number') {
      this.#live = true;
      this.#beginnings += 1;
      for (const wake of [...this.#wake]) wake();
    }
    if (message?.method !== 'accountNotification') return;
    const slot = message.params?.result?.context?.slot;
    if (typeof slot !== 'number') return;
    this.#changedSlot = Math.max(this.#changedSlot, slot);
    for (const wake of [...this.#wake]) wake();
  }
}

interface Message {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly result?: { readonly context?: { readonly slot?: unknown } } };
}

function parse(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' ? (message as Message | null) : null;
  } catch {
    return null;
  }
}
