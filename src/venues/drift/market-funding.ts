/** The funding of a market as its account tells it. */
import { rateFraction } from '../../domain/hedge/funding.ts';
import { type Price, price } from '../../domain/money/units.ts';
import type { MarketFunding } from '../solana-perps/program-accounts.ts';
import type { DriftPerpMarket } from './account-layouts.ts';

/**
 * v2.84 does not store the TWAP of the period (`lastFundingOracleTwap` came later and reads as 0). The market's own hourly
 * TWAP stands in for it: the funding update has just updated it, and it changes little until the next.
 */
function fundingTwap({ lastFundingOracleTwap, oracleTwap }: DriftPerpMarket): Price {
  return price(lastFundingOracleTwap === 0n ? oracleTwap : lastFundingOracleTwap);
}

export function marketFunding(market: DriftPerpMarket): MarketFunding {
  const oracleTwap = fundingTwap(market);
  const never = market.lastFundingTs === 0n;
  return {
    oracleTwap,
    lastRate: never ? null : rateFraction(market.lastFundingRateShort, oracleTwap),
    lastRateUsd: never ? null : market.lastFundingRateShort,
    dayMeanRate: never ? null : rateFraction(market.fundingRate24h, oracleTwap),
  };
}
