/**
 * The known funding rates: the market's last period, its own 24-hour mean, and the periods that this engine has seen.
 * Rates are those of a short, as fractions of the oracle's TWAP at 1e9. Drift caps what a side receives by what its pool
 * can pay, so a long's rates may differ.
 */
import type { PerpMarketAccount } from '@drift-labs/sdk';
import type { FundingOutlook } from '../../../domain/account/snapshot.ts';
import { nextBoundary, rateFraction } from '../../../domain/hedge/funding.ts';
import { MS_PER_HOUR } from '../../../domain/money/units.ts';
import { fundingTwap } from '../../drift/funding-twap.ts';
import { big } from '../../drift/integers.ts';

export interface PeriodRate {
  readonly tsMs: number;
  readonly rate: bigint;
}

export const TRAILING_MS = 168 * MS_PER_HOUR;
/** The hours that `last24HAvgFundingRate` covers. */
const OWN_MEAN_HOURS = 24;
/** A snapshot travels through Temporal: three days of rates are 3 KB. */
const RECENT_RATES = 72;

export class FundingMemory {
  readonly #rates = new Map<number, bigint>();
  #added: readonly PeriodRate[] = [];

  /** Adds periods from elsewhere. Those that this process read from the chain itself are not replaced. */
  remember(rates: readonly PeriodRate[]): void {
    this.#added = [...this.#added, ...rates];
  }

  /** The market as read at `nowMs` of the chain's clock. */
  outlook(market: PerpMarketAccount, nowMs: number): FundingOutlook {
    const { amm } = market;
    const periodMs = amm.fundingPeriod.toNumber() * 1000;
    const twap = fundingTwap(market);
    const lastMs = amm.lastFundingRateTs.toNumber() * 1000;
    const lastRate = lastMs === 0 ? null : rateFraction(big(amm.lastFundingRateShort), twap);
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
    const ownMean = lastMs === 0 ? null : rateFraction(big(amm.last24HAvgFundingRate), twap);
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
    };
  }
}
