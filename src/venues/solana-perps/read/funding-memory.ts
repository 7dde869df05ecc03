/**
 * The known funding rates: the market's last period, its own 24-hour mean, and the periods that this engine has seen.
 * Rates are those of a short, as fractions of the oracle's TWAP at 1e9. The programs cap what a side receives by what its pool
 * can pay, so a long's rates may differ.
 */
import type { PerpMarket } from '../../../domain/account/account.ts';
import type { FundingOutlook } from '../../../domain/account/snapshot.ts';
import { blockHoursOf, rateWindow } from '../../../domain/carry/confidence.ts';
import { RateHistory, sumRates } from '../../../domain/carry/rate-history.ts';
import { nextBoundary } from '../../../domain/hedge/funding.ts';
import { MS_PER_HOUR } from '../../../domain/money/units.ts';
import type { MarketFunding } from '../program-accounts.ts';

export interface PeriodRate {
  readonly tsMs: number;
  readonly rate: bigint;
}

export const TRAILING_MS = 168 * MS_PER_HOUR;
/** The hours that the market's own mean covers. */
const OWN_MEAN_HOURS = 24;
/** A snapshot travels through Temporal: three days of rates are 3 KB. */
const RECENT_RATES = 72;
/** Beside the window a backtest of the rule needs as much again, and more is better. */
const PAST_WINDOWS = 4;
/** A price of 1 at 1e-6: our rates are fractions of the price already. */
const WHOLE = 1_000_000;

type FundedPeriods = Pick<PerpMarket, 'fundingPeriodMs' | 'lastFundingRateTsMs'>;

export class FundingMemory {
  readonly #windowHours: number | null;
  readonly #keptMs: number;
  readonly #rates = new Map<number, bigint>();
  #added: readonly PeriodRate[] = [];

  /** @param windowHours of the window that the confidence rule goes by (CARRY_WINDOW_HOURS); null: none is told */
  constructor(windowHours: number | null = null) {
    this.#windowHours = windowHours;
    this.#keptMs = windowHours === null ? TRAILING_MS : Math.max(TRAILING_MS, PAST_WINDOWS * windowHours * MS_PER_HOUR);
  }

  /** Adds periods from elsewhere. Those that this process read from the chain itself are not replaced. */
  remember(rates: readonly PeriodRate[]): void {
    this.#added = [...this.#added, ...rates];
  }

  /** The market as read at `nowMs` of the chain's clock. */
  outlook(
    { fundingPeriodMs: periodMs, lastFundingRateTsMs: lastMs }: FundedPeriods,
    { lastRate, dayMeanRate: ownMean, nextRate, afterTrade }: MarketFunding,
    nowMs: number,
  ): FundingOutlook {
    // The boundary that the rate belongs to: keepers update funding seconds or minutes after the hour.
    const boundary = (tsMs: number): number => (periodMs === 0 ? tsMs : Math.floor(tsMs / periodMs) * periodMs);
    const periodTsMs = boundary(lastMs);
    for (const { tsMs, rate } of this.#added)
      if (!this.#rates.has(boundary(tsMs))) this.#rates.set(boundary(tsMs), rate);
    this.#added = [];
    if (lastRate !== null) this.#rates.set(periodTsMs, lastRate);

    for (const tsMs of this.#rates.keys()) {
      if (tsMs <= nowMs - this.#keptMs || tsMs > nowMs) this.#rates.delete(tsMs);
    }
    const kept = this.past;
    const rates = kept.filter(({ tsMs }) => tsMs > nowMs - TRAILING_MS);
    const seenHours = (rates.length * periodMs) / MS_PER_HOUR;
    const seenMean = rates.length === 0 ? null : rates.reduce((sum, { rate }) => sum + rate, 0n) / BigInt(rates.length);
    const ours = seenHours > OWN_MEAN_HOURS || ownMean === null;
    return {
      periodMs,
      lastRate,
      lastPeriodTsMs: lastRate === null ? null : periodTsMs,
      trailingMeanRate: ours ? seenMean : ownMean,
      knownHours: ours ? seenHours : OWN_MEAN_HOURS,
      nextPeriodTsMs: periodMs === 0 ? null : nextBoundary(Math.max(nowMs, lastMs), periodMs),
      recentRates: rates.slice(-RECENT_RATES),
      ...this.#window(kept, periodMs, boundary(nowMs)),
      ...(nextRate === undefined ? {} : { nextRate }),
      ...(afterTrade === undefined ? {} : { afterTrade }),
    };
  }

  /** All that is remembered, oldest first. */
  get past(): readonly PeriodRate[] {
    return [...this.#rates].map(([tsMs, rate]) => ({ tsMs, rate })).sort((a, b) => a.tsMs - b.tsMs);
  }

  /** Ends at the last boundary, so that a period which nobody has settled yet counts as unknown. */
  #window(rates: readonly PeriodRate[], periodMs: number, endMs: number): Pick<FundingOutlook, 'window'> {
    const hours = this.#windowHours;
    if (hours === null || periodMs === 0) return {};
    const missed = (endMs - (rates.at(-1)?.tsMs ?? endMs)) / MS_PER_HOUR;
    const sums = sumRates(
      rates.map(({ tsMs }) => tsMs),
      rates.map(({ rate }) => Number(rate)),
      rates.map(() => WHOLE),
      periodMs,
    );
    return { window: rateWindow(new RateHistory(sums), { hours, blockHours: blockHoursOf(hours) }, -missed) };
  }
}
