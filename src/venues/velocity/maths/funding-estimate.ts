/**
 * What the next hours of funding pay, our own size included: a trade moves the AMM's inventory, the inventory its spread, and
 * the spread the mark that funding is measured by.
 */
import { rateFraction } from '../../../domain/hedge/funding.ts';
import { price } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { traded } from './amm-curve.ts';
import type { FollowedOracle, Moment } from './amm-refresh.ts';
import { fundingUpdate } from './funding-update.ts';

/** Slots are only counted where the middle changes its side, which a whole hour always leaves time for. */
const SLOTS_PER_SECOND_TENTHS = 25n;
const DAY_SECONDS = 86_400n;
/** After this many hours at an unchanged price and inventory the averages no longer move. */
const HOURS_UNTIL_STILL = 2;

/** The market after users have bought (positive) or sold so much base from the AMM, on the side where the account stands. */
export function afterTrade(market: PerpMarketState, base: bigint, position: bigint): PerpMarketState {
  const [before, after] = [sidesOf(position), sidesOf(position + base)];
  return {
    ...traded(market, base),
    baseLong: market.baseLong + after.long - before.long,
    baseShort: market.baseShort + after.short - before.short,
  };
}

const sidesOf = (position: bigint) => ({
  long: position > 0n ? position : 0n,
  short: position < 0n ? position : 0n,
});

/** The rate of the next full hour, from the averages as they are: nobody trades until then, and the price stays. */
export function nextRate(market: PerpMarketState, oracle: FollowedOracle, at: Moment): bigint | null {
  const { fundingPeriod } = market;
  if (fundingPeriod <= 0n) return null;
  const seconds = fundingPeriod - (at.now % fundingPeriod);
  return shortFraction(fundingUpdate(market, oracle, later(at, seconds)));
}

/**
 * The rate once the averages have caught up with where the market stands now: what each hour pays while the price, and
 * everybody's position, stay. Null: it cannot be computed.
 */
export function settledRate(market: PerpMarketState, oracle: FollowedOracle, at: Moment): bigint | null {
  if (market.fundingPeriod <= 0n) return null;
  let current = market;
  let moment = at;
  let last: ReturnType<typeof fundingUpdate> | null = null;
  for (let hour = 0; hour < HOURS_UNTIL_STILL; hour++) {
    moment = later(moment, market.fundingPeriod);
    last = fundingUpdate(agedTo(current, moment.now - market.fundingPeriod), oracle, moment);
    const day = current.fundingRate24h;
    current = {
      ...last.market,
      lastReferenceOffset: last.market.referenceOffset,
      fundingRate24h: (last.rate * market.fundingPeriod + day * (DAY_SECONDS - market.fundingPeriod)) / DAY_SECONDS,
    };
  }
  return last === null ? null : shortFraction(last);
}

const later = ({ slot, now }: Moment, seconds: bigint): Moment => ({
  now: now + seconds,
  slot: slot + (seconds * SLOTS_PER_SECOND_TENTHS) / 10n,
});

/** As if its averages had last been updated then. */
const agedTo = (market: PerpMarketState, at: bigint): PerpMarketState => ({
  ...market,
  markTwapTs: at,
  oracleTwapTs: at,
});

/** What a short receives, as a fraction of the price at 1e9. */
const shortFraction = ({ market, sides }: ReturnType<typeof fundingUpdate>): bigint | null =>
  rateFraction(sides.short, price(market.oracleTwap));
