/** Kinds of work that must not overlap; of one kind any number runs at a time. */
import { within } from './within.ts';

export class Apart<Kind extends string> {
  readonly #running = new Map<Kind, number>();
  #wake: (() => void)[] = [];

  /** Begins when no work of another kind runs, and at the latest after `patienceMs`: it is late then, never left out. */
  async run<T>(kind: Kind, patienceMs: number, work: () => Promise<T>): Promise<T> {
    let entered = false;
    let impatient = false;
    const enter = async (): Promise<void> => {
      while (!impatient && this.#othersRun(kind)) await new Promise<void>((resolve) => this.#wake.push(resolve));
      if (impatient) return;
      entered = true;
      this.#count(kind, 1);
    };
    await within(patienceMs, enter);
    impatient = true;
    if (!entered) this.#count(kind, 1);
    try {
      return await work();
    } finally {
      this.#count(kind, -1);
    }
  }

  #othersRun(kind: Kind): boolean {
    return [...this.#running].some(([other, count]) => other !== kind && count > 0);
  }

  #count(kind: Kind, change: 1 | -1): void {
    this.#running.set(kind, (this.#running.get(kind) ?? 0) + change);
    if (change > 0) return;
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
