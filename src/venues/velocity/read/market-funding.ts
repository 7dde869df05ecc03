/** The funding of a market as its account tells it: rates of a short, as fractions of the oracle's mean at 1e9. */
import type { FundingOutlook } from '../../../domain/account/snapshot.ts';
import { rateFraction } from '../../../domain/hedge/funding.ts';
import { lamports, price } from '../../../domain/money/units.ts';
import type { OracleReading } from '../../solana-perps/oracle-accounts.ts';
import type { MarketFunding } from '../../solana-perps/program-accounts.ts';
import { afterTrade, nextRate, settledRate } from '../maths/funding-estimate.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { ammOf } from './decode.ts';
import { ammOracle, type ReadMoment } from './oracle.ts';

const SOL = 1_000_000_000n;
/** Between two of them the rate is nearly straight, and rather too low. Each costs a read a third of a millisecond. */
const TRADE_SIZES: readonly bigint[] = [1n, 5n, 10n, 20n, 50n, 100n, 200n, 500n, 1_000n];

/** What the market's account says by itself. */
export function marketFunding(market: PerpMarketState): MarketFunding {
  const oracleTwap = price(market.lastFundingOracleTwap === 0n ? market.oracleTwap : market.lastFundingOracleTwap);
  const never = market.lastFundingTs === 0n;
  return {
    oracleTwap,
    lastRate: never ? null : rateFraction(market.lastFundingRateShort, oracleTwap),
    lastRateUsd: never ? null : market.lastFundingRateShort,
    dayMeanRate: never ? null : rateFraction(market.fundingRate24h, oracleTwap),
  };
}

/** The trades that the AMM's bounds leave room for. */
function tradesWithin(market: PerpMarketState, position: bigint): readonly bigint[] {
  const { ammBaseReserve: base, ammMinBaseReserve: least, ammMaxBaseReserve: most } = market;
  const deltas = [0n, ...TRADE_SIZES.flatMap((size) => [size * SOL, -size * SOL]), -position];
  const fits = (delta: bigint): boolean => base - delta > least && base - delta < most;
  return [...new Set(deltas.filter(fits))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** With the estimates: the running period's, and what each size of a trade would leave. @param position signed, of the account */
export function fundingOutlook(
  market: PerpMarketState,
  oracle: OracleReading | null,
  position: bigint,
  at: ReadMoment,
): MarketFunding {
  const stored = marketFunding(market);
  if (oracle === null || oracle.price <= 0n || market.ammBaseReserve === 0n || market.status !== 'active')
    return stored;
  const followed = ammOracle(market, oracle, at);
  const moment = { slot: BigInt(at.slot), now: BigInt(Math.floor(at.nowMs / 1000)) };
  const ready = ammOf(market, oracle, at);
  const points: NonNullable<FundingOutlook['afterTrade']>[number][] = [];
  for (const delta of tradesWithin(ready, position)) {
    const rate = settledRate(afterTrade(ready, delta, position), followed, moment);
    if (rate !== null) points.push({ delta: lamports(delta), rate });
  }
  return { ...stored, nextRate: nextRate(market, followed, moment), afterTrade: points };
}
