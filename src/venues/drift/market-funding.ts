/** The funding of a market as its account tells it. */
import type { PerpMarketAccount } from '@drift-labs/sdk';
import { rateFraction } from '../../domain/hedge/funding.ts';
import { type Price, price } from '../../domain/money/units.ts';
import type { MarketFunding } from '../solana-perps/program-accounts.ts';
import { big } from './integers.ts';

/**
 * v2.84 does not store the TWAP of the period (`lastFundingOracleTwap` came later and reads as 0). The market's own hourly
 * TWAP stands in for it: the funding update has just updated it, and it changes little until the next.
 */
function fundingTwap({ amm }: Pick<PerpMarketAccount, 'amm'>): Price {
  const written = big(amm.lastFundingOracleTwap);
  return price(written === 0n ? big(amm.historicalOracleData.lastOraclePriceTwap) : written);
}

export function marketFunding(market: Pick<PerpMarketAccount, 'amm'>): MarketFunding {
  const { amm } = market;
  const oracleTwap = fundingTwap(market);
  const never = amm.lastFundingRateTs.isZero();
  return {
    oracleTwap,
    lastRate: never ? null : rateFraction(big(amm.lastFundingRateShort), oracleTwap),
    dayMeanRate: never ? null : rateFraction(big(amm.last24HAvgFundingRate), oracleTwap),
  };
}
