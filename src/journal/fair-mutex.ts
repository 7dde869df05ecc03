/** One holder at a time, first come, first served; a wait is bounded, so that a forgotten release cannot hang everyone. */
export class FairMutex {
  readonly #waiting: (() => void)[] = [];
  readonly #maxWaitMs: number;
  #held = false;

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** Resolves with the release, which may be called more than once. @throws Error after `maxWaitMs` */
  async acquire(): Promise<() => void> {
    if (this.#held) await this.#wait();
    this.#held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.#waiting.shift();
      // Handed on without ever being free, so that a newcomer cannot slip in between.
      if (next === undefined) this.#held = false;
      else next();
    };
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new Error(`timeout: the database was busy for ${this.#maxWaitMs} ms`));
      }, this.#maxWaitMs);
      this.#waiting.push(turn);
    });
  }
}
