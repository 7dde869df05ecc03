/**
 * `synthetic[:seed]`: a made-up market, a pure function of seed and time. No state, no history: any two processes, before
 * and after a restart, agree on every price. Only IEEE arithmetic and 32-bit integers are used, so that every platform
 * agrees too (Math.sin and Math.exp may differ in the last bit).
 *
 * The funding rate. A newcomer hedges the default 10 SOL, and the profitability gate asks that half of (the lower of the
 * last rate and the trailing 168 h mean) over 720 h pay a round trip: at worst 2 x 0.3 % slippage and 2 x 0.1 % fees,
 * 0.8 %, hence 0.0022 % an hour. Each seed's mean lies between 0.0040 and 0.0055 % an hour (35 to 48 % a year: generous,
 * and the page says that the feed is synthetic) and swings by a quarter around it over days and hours: a first OPEN
 * passes at any hour. Hours in which shorts pay, and the gate's refusal of them, are what a replay of real history shows.
 */

import { MS_PER_HOUR, type Price } from '../domain/money/units.ts';
import { BoundedMap } from '../lib/bounded.ts';
import type { FundingPeriod, LendRates, MarketFeed, Quote } from './feed.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * MS_PER_HOUR;
const TICK_MS = 1_000;
const PRICE_SCALE = 1e6;
const RATE_SCALE = 1e9;
const TWAP_SAMPLES = 12;
const TWAP5_SAMPLES = 5;
const CACHED_PERIODS = 512;

/** Waves of the price: each a smooth curve through hashed points `spanMs` apart, up to `amplitude` of the base price. */
const PRICE_WAVES = [
  { spanMs: 30 * DAY_MS, amplitude: 0.15 },
  { spanMs: 3 * DAY_MS, amplitude: 0.05 },
  { spanMs: 6 * MS_PER_HOUR, amplitude: 0.015 },
  { spanMs: 20 * MINUTE_MS, amplitude: 0.004 },
  { spanMs: MINUTE_MS, amplitude: 0.0006 },
  { spanMs: 5 * TICK_MS, amplitude: 0.0002 },
] as const;

const MEAN_RATE_MIN = 4.0e-5;
const MEAN_RATE_SPREAD = 1.5e-5;
const RATE_SLOW_SWING = 0.15;
const RATE_FAST_SWING = 0.1;
/** The premium of mark over oracle that belongs to a rate: Drift's hourly funding is a 24th of the premium. */
const PREMIUM_PER_RATE = 24;
const PREMIUM_NOISE = 0.0002;

/** Independent sources of noise; the price's waves take the numbers from PRICE on. */
const STREAM = { base: 1, mean: 2, slow: 3, fast: 4, premium: 5, lend: 6, price: 16 } as const;

/** 32 bits well mixed from a seed, a stream and a 53-bit position (the finaliser of MurmurHash3). */
function hash(seed: number, stream: number, position: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
  h = mix(h ^ (position >>> 0));
  return mix(h ^ Math.imul(Math.floor(position / 2 ** 32) + 1, 0x27d4eb2f));
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const unitNoise = (seed: number, stream: number, position: number): number => hash(seed, stream, position) / 2 ** 32;

/** A smooth curve through hashed points, in [-1, 1]. */
function wave(seed: number, stream: number, tsMs: number, spanMs: number): number {
  const cell = Math.floor(tsMs / spanMs);
  const t = (tsMs - cell * spanMs) / spanMs;
  const from = 2 * unitNoise(seed, stream, cell) - 1;
  const to = 2 * unitNoise(seed, stream, cell + 1) - 1;
  return from + (to - from) * t * t * (3 - 2 * t);
}

/** Any text is a seed; numbers are the usual ones. */
function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) h = Math.imul(h ^ text.charCodeAt(index), 0x01000193);
  return mix(h);
}

interface SyntheticOptions {
  readonly id: string;
  /** Any text; the same text is the same market. */
  readonly seed: string;
  readonly periodMs: number;
}

export function openSynthetic({ id, seed: seedText, periodMs }: SyntheticOptions): MarketFeed {
  const seed = seedOf(seedText);
  const basePrice = 120 + 60 * unitNoise(seed, STREAM.base, 0);
  const meanRate = MEAN_RATE_MIN + MEAN_RATE_SPREAD * unitNoise(seed, STREAM.mean, 0);
  const periodHours = periodMs / MS_PER_HOUR;
  const periods = new BoundedMap<number, FundingPeriod>(CACHED_PERIODS);

  const oracleAt = (tsMs: number): number => {
    const at = Math.floor(tsMs / TICK_MS) * TICK_MS;
    let swing = 0;
    for (const [index, { spanMs, amplitude }] of PRICE_WAVES.entries()) {
      swing += amplitude * wave(seed, STREAM.price + index, at, spanMs);
    }
    return basePrice * (1 + swing);
  };

  const twap = (endMs: number, windowMs: number, samples: number): number => {
    let sum = 0;
    for (let sample = 0; sample < samples; sample += 1) sum += oracleAt(endMs - (sample * windowMs) / samples);
    return sum / samples;
  };

  /** Fraction of the oracle price for the period with this number. */
  const rateOf = (period: number): number => {
    const endMs = period * periodMs;
    const slow = RATE_SLOW_SWING * wave(seed, STREAM.slow, endMs, 3 * DAY_MS);
    const fast = RATE_FAST_SWING * (2 * unitNoise(seed, STREAM.fast, period) - 1);
    return meanRate * periodHours * (1 + slow + fast);
  };

  const periodAt = (period: number): FundingPeriod => {
    const known = periods.get(period);
    if (known !== undefined) return known;
    const tsMs = period * periodMs;
    const oracleTwap = Math.round(twap(tsMs, periodMs, TWAP_SAMPLES) * PRICE_SCALE);
    const perSol = (rateOf(period) * oracleTwap * RATE_SCALE) / PRICE_SCALE;
    const made = { tsMs, rate: BigInt(Math.round(perSol)), oracleTwap: BigInt(oracleTwap) as Price, warning: null };
    periods.set(period, made);
    return made;
  };

  const lendRate = (market: number, tsMs: number, usual: number, swing: number): bigint => {
    const hour = Math.floor(tsMs / MS_PER_HOUR) * MS_PER_HOUR;
    return BigInt(Math.round((usual + swing * wave(seed, STREAM.lend, hour + market * 400 * DAY_MS, DAY_MS)) * 1e6));
  };

  return {
    id,
    synthetic: true,
    endMs: null,
    startMs: (wallMs) => wallMs,
    quoteAt(tsMs): Quote {
      const oracle = oracleAt(tsMs);
      const rate = rateOf(Math.floor(tsMs / periodMs) + 1) / periodHours;
      const premium = rate * PREMIUM_PER_RATE + PREMIUM_NOISE * wave(seed, STREAM.premium, tsMs, MINUTE_MS);
      return {
        tsMs,
        oracle: toPrice(oracle),
        oracleTwap: toPrice(twap(tsMs, 5 * MINUTE_MS, TWAP5_SAMPLES)),
        mark: toPrice(oracle * (1 + premium)),
        valid: true,
      };
    },
    ratesAt(tsMs): LendRates {
      return {
        solDeposit: lendRate(0, tsMs, 0.05, 0.02),
        solBorrow: lendRate(1, tsMs, 0.095, 0.02),
        usdcDeposit: lendRate(2, tsMs, 0.04, 0.015),
        usdcBorrow: lendRate(3, tsMs, 0.085, 0.02),
      };
    },
    nextRatesChange: (tsMs) => (Math.floor(tsMs / MS_PER_HOUR) + 1) * MS_PER_HOUR,
    nextPeriod: (tsMs) => periodAt(Math.floor(tsMs / periodMs) + 1),
    recentPeriods(tsMs, count) {
      const last = Math.floor(tsMs / periodMs);
      return Array.from({ length: count }, (_, index) => periodAt(last - count + 1 + index));
    },
    progress: () => null,
  };
}

const toPrice = (value: number): Price => BigInt(Math.round(value * PRICE_SCALE)) as Price;
