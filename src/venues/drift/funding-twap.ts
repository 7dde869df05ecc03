/** The oracle TWAP against which a market's last funding rate was measured. */
import type { PerpMarketAccount } from '@drift-labs/sdk';
import { type Price, price } from '../../domain/money/units.ts';
import { big } from './integers.ts';

/**
 * v2.84 does not store the TWAP of the period (`lastFundingOracleTwap` came later and reads as 0). The market's own hourly
 * TWAP stands in for it: the funding update has just updated it, and it changes little until the next.
 */
export function fundingTwap({ amm }: Pick<PerpMarketAccount, 'amm'>): Price {
  const written = big(amm.lastFundingOracleTwap);
  return price(written === 0n ? big(amm.historicalOracleData.lastOraclePriceTwap) : written);
}
