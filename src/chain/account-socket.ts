/**
 * News of one account over a WebSocket. It only wakes who waits: what changed is read from the nodes, and a socket that
 * is down or silent costs no more than the wait that its caller bounds.
 */
import { LiveSocket, type SocketTuning } from './live-socket.ts';

/** The notification carries the account itself; Drift's users have 4 KB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const REQUEST_ID = 1;

export class AccountSocket {
  readonly #address: string;
  readonly #wake = new Set<() => void>();
  readonly #socket: LiveSocket;
  /** How often a subscription began: earlier changes were not reported. */
  #beginnings = 0;
  /** Slot of the newest reported change. */
  #changedSlot = 0;
  #live = false;

  constructor(url: string, address: string, tuning: Partial<SocketTuning> = {}) {
    this.#address = address;
    this.#socket = new LiveSocket(url, tuning, {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      opened: () => this.#subscribe(),
      took: (message) => this.#take(message),
      ended: () => {
        this.#live = false;
      },
      wanted: () => true,
    });
  }

  /** The server said that it will tell. */
  get isLive(): boolean {
    return this.#live;
  }

  /** Resolves when the account has changed at `confirmed` in a slot after this one, or may have: a subscription began; or after `withinMs`. */
  async changed(afterSlot: number, withinMs: number): Promise<void> {
    this.#socket.connect();
    if (this.#changedSlot > afterSlot || this.#socket.isClosed) return;
    const beginnings = this.#beginnings;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(told);
        resolve();
      };
      const told = () => {
        if (this.#changedSlot > afterSlot || this.#beginnings > beginnings || this.#socket.isClosed) done();
      };
      const timer = setTimeout(done, withinMs);
      this.#wake.add(told);
    });
  }

  close(): void {
    this.#socket.close();
    this.#tell();
  }

  #subscribe(): void {
    this.#socket.request(REQUEST_ID, 'accountSubscribe', [
      this.#address,
      { commitment: 'confirmed', encoding: 'base64' },
    ]);
  }

  #take(message: AccountMessage): void {
    if (message.id === REQUEST_ID && typeof message.result === 'number') {
      this.#live = true;
      this.#beginnings += 1;
      this.#tell();
    }
    if (message.method !== 'accountNotification') return;
    const slot = message.params?.result?.context?.slot;
    if (typeof slot !== 'number') return;
    // The last word stands: a slot that was false is corrected by the next one.
    this.#changedSlot = slot;
    this.#tell();
  }

  #tell(): void {
    for (const wake of [...this.#wake]) wake();
  }
}

interface AccountMessage {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly result?: { readonly context?: { readonly slot?: unknown } } };
}
