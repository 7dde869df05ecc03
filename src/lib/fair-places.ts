/**
 * A bounded number of places that several parties share. A place that becomes free goes to the party that holds the fewest:
 * one that asks for many has to wait for its own, and one that asks for one is next.
 */
interface PartyInLine {
  readonly party: string;
  readonly start: () => void;
}

export class FairPlaces {
  readonly #places: number;
  readonly #kept: number;
  readonly #held = new Map<string, number>();
  /** In the order of arrival. */
  #waiting: PartyInLine[] = [];
  #taken = 0;

  /** @param kept the last ones are only for parties that hold none, so that a place is free for them at once */
  constructor(places: number, kept = 0) {
    this.#places = places;
    this.#kept = kept;
  }

  get taken(): number {
    return this.#taken;
  }

  heldBy(party: string): number {
    return this.#held.get(party) ?? 0;
  }

  /** True when it has a place, which `giveBack` frees; false when `mostMs` came before one. */
  take(party: string, mostMs: number): Promise<boolean> {
    if (this.#mayHold(party)) {
      this.#hold(party);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiter: PartyInLine = {
        party,
        start: () => {
          clearTimeout(timer);
          this.#hold(party);
          resolve(true);
        },
      };
      const timer = setTimeout(
        () => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          resolve(false);
        },
        Math.max(0, mostMs),
      );
      this.#waiting.push(waiter);
    });
  }

  giveBack(party: string): void {
    const left = this.heldBy(party) - 1;
    if (left > 0) this.#held.set(party, left);
    else this.#held.delete(party);
    this.#taken -= 1;
    const next = this.#next();
    if (next === null) return;
    this.#waiting = this.#waiting.filter((other) => other !== next);
    next.start();
  }

  #mayHold(party: string): boolean {
    const free = this.#places - this.#taken;
    return free > (this.heldBy(party) === 0 ? 0 : this.#kept);
  }

  #hold(party: string): void {
    this.#held.set(party, this.heldBy(party) + 1);
    this.#taken += 1;
  }

  /** Of those that hold the fewest places, the one that came first. */
  #next(): PartyInLine | null {
    let found: PartyInLine | null = null;
    for (const waiter of this.#waiting) {
      if (!this.#mayHold(waiter.party)) continue;
      if (found === null || this.heldBy(waiter.party) < this.heldBy(found.party)) found = waiter;
    }
    return found;
  }
}
