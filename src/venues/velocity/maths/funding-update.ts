/** What `update_funding_rate` would book now: the averages as it leaves them, and the rates of both sides. */
import { max, min } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { reservePrice } from './amm-curve.ts';
import { bidAndAsk, type FollowedOracle, type Moment, readyToFill, requoted } from './amm-refresh.ts';
import { fundingRate, ratesOfSides, type SideRates } from './funding-rate.ts';
import { type MarkSample, withMarkSample, withOracleSample } from './market-averages.ts';

interface ComputedFundingUpdate {
  /** With its averages as of the update. What the payment costs the AMM is not taken off. */
  readonly market: PerpMarketState;
  /** Before the cut that spares the AMM: quote per base at 1e9, positive when longs pay. */
  readonly rate: bigint;
  readonly sides: SideRates;
}

/**
 * The bid and ask that the mark's averages take up. The side that is quoted farther from the middle counts as where the
 * market trades; the other side is held near the oracle.
 */
export function markSampleOf(market: PerpMarketState): MarkSample {
  const { bid, ask } = bidAndAsk(market);
  const { oraclePrice: oracle, baseSpread, longSpread, shortSpread } = market;
  if (longSpread === shortSpread) {
    const trade = reservePrice(market);
    const between = min(max(trade, bid), ask);
    return { bid: between, ask: between, trade };
  }
  const trade = longSpread > shortSpread ? ask : bid;
  const premium = trade - oracle;
  const away = (spread: number, distance: bigint): bigint =>
    min(min(BigInt(baseSpread), BigInt(Math.floor(spread / 2))), distance);
  const bestBid = max(premium > 0n ? max(oracle - away(shortSpread, premium), market.tickSize) : trade, bid);
  const bestAsk = min(premium < 0n ? oracle + away(longSpread, -premium) : trade, ask);
  return longSpread > shortSpread
    ? { bid: bestBid, ask: max(trade, bestBid), trade }
    : { bid: min(trade, bestAsk), ask: bestAsk, trade };
}

/**
 * The program takes up the oracle twice, before and after it moves the curve, both times from the middle as it was stored.
 * The second one leaves the averages, but measures the deviation from them, and the spread follows from that.
 */
function quotedForFunding(market: PerpMarketState, oracle: FollowedOracle, moment: Moment): PerpMarketState {
  const ready = readyToFill(market, oracle, moment);
  const sampled = withOracleSample(ready, oracle, reservePrice(market), moment.now);
  return requoted(sampled, oracle.followed, moment.slot);
}

/** @param oracle of the slot of the update @param moment at or after the full hour */
export function fundingUpdate(market: PerpMarketState, oracle: FollowedOracle, moment: Moment): ComputedFundingUpdate {
  const quoted = quotedForFunding(market, oracle, moment);
  const updated = withMarkSample(quoted, markSampleOf(quoted), moment.now);
  const rate = fundingRate(updated, updated);
  return { market: updated, rate, sides: ratesOfSides(rate, quoted) };
}
