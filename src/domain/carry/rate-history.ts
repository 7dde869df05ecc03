/**
 * Funding rates as policies read them: what each past period paid, as a fraction of the oracle's price. Sums are kept as
 * whole numbers in doubles, so that a mean does not depend on how the window came about.
 */

/** Fractions are counted in 1e-14: a year of the worst hour's rate stays far below 2^53 of them. */
export const FRACTION_UNITS = 1e14;
/** Of a window, at least this part must be known, or its mean is not. */
const KNOWN_NUMERATOR = 9;
const KNOWN_DENOMINATOR = 10;

/** A rate of USD per SOL (1e-9) and the oracle's price (1e-6) as a fraction in `FRACTION_UNITS`. */
export const fractionUnits = (rate: number, oracle: number): number => Math.round((rate * 1e11) / oracle);

export class RateHistory {
  readonly periodMs: number;
  readonly #slots: number[] = [];
  /** `#sums[i]`: of the first i rates. */
  readonly #sums: number[] = [0];
  #firstMs = 0;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  get known(): number {
    return this.#slots.length;
  }

  /** The rate at this place, 0 being the first, as a fraction per period. */
  rateAt(index: number): number {
    return ((this.#sums[index + 1] as number) - (this.#sums[index] as number)) / FRACTION_UNITS;
  }

  /** How many periods the rate at this place lies after the first. */
  slotAt(index: number): number {
    return this.#slots[index] as number;
  }

  /** How many periods the newest lies after the first. */
  get lastSlot(): number {
    return this.#slots[this.#slots.length - 1] ?? 0;
  }

  /** A period that ended at `tsMs`, later than all before it: rows some seconds off still fall into their own period. */
  add(tsMs: number, units: number): void {
    if (this.known === 0) this.#firstMs = tsMs;
    const slot = Math.round((tsMs - this.#firstMs) / this.periodMs);
    this.#slots.push(this.known === 0 ? 0 : Math.max(slot, this.lastSlot + 1));
    this.#sums.push((this.#sums[this.#sums.length - 1] as number) + units);
  }

  periodsIn(hours: number): number {
    return Math.max(1, Math.round((hours * 3_600_000) / this.periodMs));
  }

  /**
   * Mean fraction per period of the `hours` that end `endHoursAgo` before the newest period; null where less than nine
   * tenths of them are known.
   */
  mean(hours: number, endHoursAgo = 0): number | null {
    const wanted = this.periodsIn(hours);
    const skipped = endHoursAgo === 0 ? 0 : Math.round((endHoursAgo * 3_600_000) / this.periodMs);
    const end = this.#indexAfter(this.lastSlot - skipped);
    const start = this.#indexAfter(this.lastSlot - skipped - wanted);
    const known = end - start;
    if (known * KNOWN_DENOMINATOR < wanted * KNOWN_NUMERATOR) return null;
    return ((this.#sums[end] as number) - (this.#sums[start] as number)) / known / FRACTION_UNITS;
  }

  /** The same of whatever is known of the window; null when nothing is. */
  meanOfKnown(hours: number, endHoursAgo = 0): number | null {
    const skipped = Math.round((endHoursAgo * 3_600_000) / this.periodMs);
    const end = this.#indexAfter(this.lastSlot - skipped);
    const start = this.#indexAfter(this.lastSlot - skipped - this.periodsIn(hours));
    if (end === start) return null;
    return ((this.#sums[end] as number) - (this.#sums[start] as number)) / (end - start) / FRACTION_UNITS;
  }

  /** How many rates lie in slots up to and with this one. */
  #indexAfter(slot: number): number {
    if (slot < 0) return 0;
    const slots = this.#slots;
    // Without a gap a slot is its own index.
    if (slots[slot] === slot) return slot + 1;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((slots[middle] as number) <= slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
