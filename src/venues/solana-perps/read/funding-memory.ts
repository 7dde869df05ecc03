/**
 * The known funding rates: the market's last period, its own 24-hour mean, and the periods that this engine has seen.
 * Rates are those of a short, as fractions of the oracle's TWAP at 1e9. The programs cap what a side receives by what its pool
 * can pay, so a long's rates may differ.
 */
import type { PerpMarket } from '../../../domain/account/account.ts';
import type { FundingOutlook } from '../../../domain/account/snapshot.ts';
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

type FundedPeriods = Pick<PerpMarket, 'fundingPeriodMs' | 'lastFundingRateTsMs'>;

export class FundingMemory {
  readonly #rates = new Map<number, bigint>();
  #added: readonly PeriodRate[] = [];

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
      if (tsMs <= nowMs - TRAILING_MS || tsMs > nowMs) this.#rates.delete(tsMs);
    }
    const rates = [...this.#rates].map(([tsMs, rate]) => ({ tsMs, rate })).sort((a, b) => a.tsMs - b.tsMs);
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
      ...(nextRate === undefined ? {} : { nextRate }),
      ...(afterTrade === undefined ? {} : { afterTrade }),
    };
  }
}
