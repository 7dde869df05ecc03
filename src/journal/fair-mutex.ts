/**
 * One holder at a time. Work with the right of way goes first, everybody else in the order of arrival; but the first of the
 * others is passed by a bounded number of times. A wait is bounded, so that a forgotten release cannot hang everyone.
 */
import { hasRightOfWay } from './right-of-way.ts';

/** So that a rush of exits does not keep the journal to itself. */
const PASSED_BY_AT_MOST = 8;

type Turn = () => void;

export class FairMutex {
  readonly #first: Turn[] = [];
  readonly #others: Turn[] = [];
  readonly #maxWaitMs: number;
  /** How often somebody went before the first of the others since one of them had a turn. */
  #passed = 0;
  #held = false;

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** Resolves with the release, which may be called more than once. @throws Error after `maxWaitMs` */
  async acquire(): Promise<() => void> {
    if (this.#held) await this.#wait(hasRightOfWay() ? this.#first : this.#others);
    this.#held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.#next();
      // Handed on without ever being free, so that a newcomer cannot slip in between.
      if (next === undefined) this.#held = false;
      else next();
    };
  }

  #next(): Turn | undefined {
    const passes = this.#first.length > 0 && this.#others.length > 0 && this.#passed < PASSED_BY_AT_MOST;
    if (passes) {
      this.#passed += 1;
      return this.#first.shift();
    }
    if (this.#others.length === 0) return this.#first.shift();
    this.#passed = 0;
    return this.#others.shift();
  }

  #wait(line: Turn[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(turn), 1);
        reject(new Error(`timeout: the database was busy for ${this.#maxWaitMs} ms`));
      }, this.#maxWaitMs);
      line.push(turn);
    });
  }
}
