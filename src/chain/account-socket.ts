/**
 * News of accounts over one WebSocket. It only wakes who waits: what changed is read from the nodes, and a socket that is
 * down or silent costs no more than the wait that its caller bounds.
 */
import { LiveSocket, type SocketTuning } from './live-socket.ts';

/** The notification carries the account itself; Drift's users have 4 KB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

interface WatchedAccount {
  readonly wake: Set<() => void>;
  /** How often a subscription began: earlier changes were not reported. */
  beginnings: number;
  /** Slot of the newest reported change. */
  changedSlot: number;
  /** The server's number for it; null: it has not said that it will tell. */
  subscription: number | null;
}

export class AccountSocket {
  readonly #watched = new Map<string, WatchedAccount>();
  readonly #requests = new Map<number, string>();
  readonly #subscriptions = new Map<number, string>();
  readonly #socket: LiveSocket;
  #nextId = 1;

  constructor(url: string, tuning: Partial<SocketTuning> = {}) {
    this.#socket = new LiveSocket(url, tuning, {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      opened: () => {
        for (const address of this.#watched.keys()) this.#subscribe(address);
      },
      took: (message) => this.#take(message),
      ended: () => this.#ended(),
      wanted: () => this.#watched.size > 0,
    });
  }

  /** The server said that it will tell of this account. */
  isLive(address: string): boolean {
    return (this.#watched.get(address)?.subscription ?? null) !== null;
  }

  /** Resolves when the account has changed at `confirmed` in a slot after this one, or may have: a subscription began; or after `withinMs`. */
  async changed(address: string, afterSlot: number, withinMs: number): Promise<void> {
    const account = this.#watched.get(address) ?? this.#watch(address);
    if (account.changedSlot > afterSlot || this.#socket.isClosed) return;
    const { beginnings } = account;
    const isOver = () =>
      account.changedSlot > afterSlot ||
      account.beginnings > beginnings ||
      this.#watched.get(address) !== account ||
      this.#socket.isClosed;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        account.wake.delete(told);
        resolve();
      };
      const told = () => {
        if (isOver()) done();
      };
      const timer = setTimeout(done, withinMs);
      account.wake.add(told);
    });
  }

  /** Who waits for news of it goes on. */
  forget(address: string): void {
    const account = this.#watched.get(address);
    if (account === undefined) return;
    this.#watched.delete(address);
    if (account.subscription !== null) {
      this.#subscriptions.delete(account.subscription);
      this.#socket.request(this.#nextId++, 'accountUnsubscribe', [account.subscription]);
    }
    tell(account);
  }

  close(): void {
    this.#socket.close();
    for (const account of this.#watched.values()) tell(account);
  }

  #watch(address: string): WatchedAccount {
    const account = { wake: new Set<() => void>(), beginnings: 0, changedSlot: 0, subscription: null };
    this.#watched.set(address, account);
    if (this.#socket.isOpen) this.#subscribe(address);
    else this.#socket.connect();
    return account;
  }

  #ended(): void {
    this.#requests.clear();
    this.#subscriptions.clear();
    for (const account of this.#watched.values()) account.subscription = null;
  }

  #subscribe(address: string): void {
    const id = this.#nextId++;
    this.#requests.set(id, address);
    this.#socket.request(id, 'accountSubscribe', [address, { commitment: 'confirmed', encoding: 'base64' }]);
  }

  #take(message: AccountMessage): void {
    if (typeof message.id === 'number') {
      const address = this.#requests.get(message.id);
      this.#requests.delete(message.id);
      if (address !== undefined && typeof message.result === 'number') this.#begun(address, message.result);
      return;
    }
    const { subscription, result } = message.params ?? {};
    if (message.method !== 'accountNotification' || typeof subscription !== 'number') return;
    const account = this.#watched.get(this.#subscriptions.get(subscription) ?? '');
    const slot = result?.context?.slot;
    if (account === undefined || typeof slot !== 'number') return;
    // The last word stands: a slot that was false is corrected by the next one.
    account.changedSlot = slot;
    tell(account);
  }

  #begun(address: string, subscription: number): void {
    const account = this.#watched.get(address);
    if (account === undefined) {
      // It was forgotten meanwhile.
      this.#socket.request(this.#nextId++, 'accountUnsubscribe', [subscription]);
      return;
    }
    account.subscription = subscription;
    account.beginnings += 1;
    this.#subscriptions.set(subscription, address);
    tell(account);
  }
}

function tell({ wake }: WatchedAccount): void {
  for (const each of [...wake]) each();
}

interface AccountMessage {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: {
    readonly subscription?: unknown;
    readonly result?: { readonly context?: { readonly slot?: unknown } };
  };
}
