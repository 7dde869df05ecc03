/**
 * Funding rates as policies read them: what each past period paid, as a fraction of the oracle's price. Sums are kept as
 * whole numbers in doubles, so that a mean does not depend on how the window came about.
 */
import type { RateWindow } from '../account/snapshot.ts';
import { MS_PER_HOUR } from '../money/units.ts';

/** Fractions are counted in 1e-14: a year of the worst hour's rate stays far below 2^53 of them. */
export const FRACTION_UNITS = 1e14;
/** Of a window, at least this part must be known, or its mean is not. */
const KNOWN_NUMERATOR = 9;
const KNOWN_DENOMINATOR = 10;

/** Whether so many of the periods wanted are enough for a mean. */
export const isKnownEnough = (known: number, wanted: number, tenths = KNOWN_NUMERATOR): boolean =>
  known * KNOWN_DENOMINATOR >= wanted * tenths;

/** A rate of USD per SOL (1e-9) and the oracle's price (1e-6) as a fraction in `FRACTION_UNITS`. */
export const fractionUnits = (rate: number, oracle: number): number => Math.round((rate * 1e11) / oracle);

/** All rates of a history, counted once however many runs read it. */
export interface RateSums {
  readonly periodMs: number;
  /** How many periods each rate lies after the first: rows some seconds off still fall into their own period. */
  readonly slots: Int32Array;
  /** `sums[i]`: of the first i rates, in `FRACTION_UNITS`. */
  readonly sums: Float64Array;
}

/** `rates` in USD per SOL at 1e-9, `oracles` in 1e-6 USD, `timesMs` ascending: the ends of their periods. */
export function sumRates(
  timesMs: ArrayLike<number>,
  rates: ArrayLike<number>,
  oracles: ArrayLike<number>,
  periodMs: number,
): RateSums {
  const count = timesMs.length;
  const slots = new Int32Array(count);
  const sums = new Float64Array(count + 1);
  const firstMs = timesMs[0] ?? 0;
  for (let index = 0; index < count; index += 1) {
    const slot = Math.round(((timesMs[index] as number) - firstMs) / periodMs);
    slots[index] = index === 0 ? 0 : Math.max(slot, (slots[index - 1] as number) + 1);
    sums[index + 1] = (sums[index] as number) + fractionUnits(rates[index] as number, oracles[index] as number);
  }
  return { periodMs, slots, sums };
}

/** The part of the history that is known: the first `known` rates, and nothing of what follows. */
export class RateHistory {
  readonly periodMs: number;
  known: number;
  readonly #slots: Int32Array;
  readonly #sums: Float64Array;

  constructor({ periodMs, slots, sums }: RateSums, known = slots.length) {
    this.periodMs = periodMs;
    this.#slots = slots;
    this.#sums = sums;
    this.known = known;
  }

  /** The rate at this place, 0 being the first, as a fraction per period. */
  rateAt(index: number): number {
    return ((this.#sums[index + 1] as number) - (this.#sums[index] as number)) / FRACTION_UNITS;
  }

  /** How many periods the rate at this place lies after the first. */
  slotAt(index: number): number {
    return this.#slots[index] as number;
  }

  /** Of the newest rate. */
  get lastSlot(): number {
    return this.known === 0 ? 0 : (this.#slots[this.known - 1] as number);
  }

  periodsIn(hours: number): number {
    return Math.max(1, Math.round((hours * MS_PER_HOUR) / this.periodMs));
  }

  /** Mean fraction per period of the last `hours`; null where less than nine tenths of them are known. */
  mean(hours: number): number | null {
    return this.#meanOf(hours, 0, KNOWN_NUMERATOR);
  }

  /**
   * The same of whatever is known of the `hours` that end `endHoursAgo` before the newest period; null when nothing is.
   */
  meanOfKnown(hours: number, endHoursAgo = 0): number | null {
    return this.#meanOf(hours, endHoursAgo, 0);
  }

  /** What is known of the `hours` that end `endHoursAgo` before the newest period; negative: after it. */
  sumOf(hours: number, endHoursAgo = 0): RateWindow['total'] {
    const lastSlot = this.lastSlot - Math.round((endHoursAgo * MS_PER_HOUR) / this.periodMs);
    const end = this.#indexAfter(lastSlot);
    const start = this.#indexAfter(lastSlot - this.periodsIn(hours));
    return { sum: (this.#sums[end] as number) - (this.#sums[start] as number), known: end - start };
  }

  /** Null where less than `tenths` of the window's periods are known, or none. */
  #meanOf(hours: number, endHoursAgo: number, tenths: number): number | null {
    const wanted = this.periodsIn(hours);
    const lastSlot = this.lastSlot - Math.round((endHoursAgo * MS_PER_HOUR) / this.periodMs);
    const end = this.#indexAfter(lastSlot);
    const start = this.#indexAfter(lastSlot - wanted);
    const known = end - start;
    if (known === 0 || !isKnownEnough(known, wanted, tenths)) return null;
    return ((this.#sums[end] as number) - (this.#sums[start] as number)) / known / FRACTION_UNITS;
  }

  /** How many rates lie in slots up to and with this one. */
  #indexAfter(slot: number): number {
    if (slot < 0) return 0;
    const slots = this.#slots;
    // Without a gap a slot is its own index.
    if (slot < this.known && slots[slot] === slot) return slot + 1;
    let low = 0;
    let high = this.known;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((slots[middle] as number) <= slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
