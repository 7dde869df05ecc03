/**
 * One local activity at a time. Live, two that run beside each other resolve in two activations, in replay in one: what
 * follows them would issue its commands in another order, and a worker that replays would stop at it (TMPRL1100).
 */
export class OneAtATime {
  private readonly waiting: (() => void)[] = [];
  private busy = false;

  /** `first`: before all that waits, as a way out must be. */
  async run<T>(work: () => Promise<T>, first = false): Promise<T> {
    if (this.busy) {
      await new Promise<void>((resolve) => {
        if (first) this.waiting.unshift(resolve);
        else this.waiting.push(resolve);
      });
    }
    this.busy = true;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The place is handed on, never free in between.
      if (next === undefined) this.busy = false;
      else next();
    }
  }
}
