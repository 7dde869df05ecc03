/** In one process some work goes before other work: work that can wait a moment lets it by. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Work that takes longer waits for something outside this process, and nobody need wait along with it. */
const HELD_AT_MOST_MS = 1_500;

const first = new AsyncLocalStorage<true>();

/** Whether this code runs within work that has the right of way, however deep below it. */
export const hasRightOfWay = (): boolean => first.getStore() === true;

export class RightOfWay {
  readonly #heldAtMostMs: number;
  readonly #holders = new Set<object>();
  readonly #waiting = new Set<() => void>();

  constructor(heldAtMostMs = HELD_AT_MOST_MS) {
    this.#heldAtMostMs = heldAtMostMs;
  }

  /** Does this work first. Others let it by until it ends, or has taken too long for that. */
  async held<T>(work: () => Promise<T>): Promise<T> {
    const holder = {};
    this.#holders.add(holder);
    const timer = setTimeout(() => this.#end(holder), this.#heldAtMostMs);
    try {
      return await first.run(true, work);
    } finally {
      clearTimeout(timer);
      this.#end(holder);
    }
  }

  /** Lets the others by: resolves when nobody has the right of way, at the latest after `mostMs`. */
  letBy(mostMs: number): Promise<void> {
    if (this.#holders.size === 0 || hasRightOfWay()) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, mostMs);
      this.#waiting.add(go);
    });
  }

  #end(holder: object): void {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return;
    for (const go of [...this.#waiting]) go();
  }
}
