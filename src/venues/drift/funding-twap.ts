/** The oracle's TWAP that a market's last funding rate was measured by. */
import type { PerpMarketAccount } from '@drift-labs/sdk';
import { type Price, price } from '../../domain/money/units.ts';
import { big } from './integers.ts';

/**
 * v2.84 does not write down the TWAP of the period (`lastFundingOracleTwap` came later and reads as 0): there the
 * market's own hourly TWAP stands for it, which the update itself has just moved and which moves little until the next.
 */
export function fundingTwap({ amm }: Pick<PerpMarketAccount, 'amm'>): Price {
  const written = big(amm.lastFundingOracleTwap);
  return price(written === 0n ? big(amm.historicalOracleData.lastOraclePriceTwap) : written);
}
