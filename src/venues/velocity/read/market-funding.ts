/** The funding of a market as its account tells it: rates of a short, as fractions of the oracle's mean at 1e9. */
import { rateFraction } from '../../../domain/hedge/funding.ts';
import { type Price, price } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';

interface VelocityFunding {
  /** Null before the market's first period. */
  readonly lastRate: bigint | null;
  /** The market's own mean of 24 hours. */
  readonly dayMeanRate: bigint | null;
  /** The mean of the oracle against which the last rate was measured. */
  readonly oracleTwap: Price;
}

export function marketFunding(market: PerpMarketState): VelocityFunding {
  const oracleTwap = price(market.lastFundingOracleTwap === 0n ? market.oracleTwap : market.lastFundingOracleTwap);
  const never = market.lastFundingTs === 0n;
  return {
    oracleTwap,
    lastRate: never ? null : rateFraction(market.lastFundingRateShort, oracleTwap),
    dayMeanRate: never ? null : rateFraction(market.fundingRate24h, oracleTwap),
  };
}
