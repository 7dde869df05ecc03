/** The port of a market data source. The same feed always gives the same answer for the same market time. */
import type { Price } from '../domain/money/units.ts';

export interface Quote {
  readonly tsMs: number;
  readonly oracle: Price;
  readonly oracleTwap: Price;
  readonly mark: Price;
  readonly valid: boolean;
  /** Where it is not valid: why, naming the source. Absent: the price is too old. */
  readonly invalidReason?: string;
}

/** The end of a funding period. */
export interface FundingPeriod {
  readonly tsMs: number;
  /** Quote per base at 1e9 (1e-9 USD per SOL), positive when longs pay; null: a gap, nothing is settled. */
  readonly rate: bigint | null;
  /** TWAP of the oracle over the period: rate / it is the fraction. */
  readonly oracleTwap: Price;
  /** Reported once when the period is reached (a funding gap, with its line number). */
  readonly warning: string | null;
}

/** Yearly simple rates as fractions at 1e6. */
export interface LendRates {
  readonly solDeposit: bigint;
  readonly solBorrow: bigint;
  readonly usdcDeposit: bigint;
  readonly usdcBorrow: bigint;
}

export interface MarketFeed {
  /** e.g. `synthetic:7`, `replay:/path/funding.csv`, `live`. */
  readonly id: string;
  readonly synthetic: boolean;
  /** Where market time begins for a new account: the first row; for synthetic the wall clock given at the account's start. */
  startMs(wallMs: number): number;
  /** The last instant it knows, null when endless. */
  readonly endMs: number | null;
  /** Null before the first row or after the end. */
  quoteAt(tsMs: number): Quote | null;
  ratesAt(tsMs: number): LendRates | null;
  /** The first instant after `tsMs` at which `ratesAt` may answer differently; null when it never will again. */
  nextRatesChange(tsMs: number): number | null;
  /** The first period that ends after `tsMs`; null at the end of data. */
  nextPeriod(tsMs: number): FundingPeriod | null;
  /** Periods of known rate that ended at or before `tsMs`, newest last, at most `count`. */
  recentPeriods(tsMs: number, count: number): readonly FundingPeriod[];
  /** Names all that it said up to `tsMs`. Absent where that can never change (synthetic). */
  pastDigest?(tsMs: number): string;
  /** Rows done at `tsMs` and in all; null when endless. */
  progress(tsMs: number): { readonly row: number; readonly rows: number } | null;
}
