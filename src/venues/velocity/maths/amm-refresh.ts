/**
 * The market as the program brings it up to date before it quotes in a slot: first the curve, then the averages, then the
 * spread. The stored state may be minutes old.
 */
import { max, min } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { repegged, reservePrice } from './amm-curve.ts';
import { ammSpread } from './amm-spread.ts';
import { type OracleSample, withOracleSample } from './market-averages.ts';

const SPREAD_ONE = 1_000_000n;

/** What the AMM follows, and what the averages take up. */
export interface FollowedOracle extends OracleSample {
  /** The exchange's, or the market makers' where that is fresher and agrees. */
  readonly followed: bigint;
}

export interface Moment {
  readonly slot: bigint;
  /** Seconds of the chain. */
  readonly now: bigint;
}

/** Where one side begins to fill: the reserves are moved by half the spread, in the program's steps. */
function quotedReserves(
  market: PerpMarketState,
  signedSpread: bigint,
): { readonly base: bigint; readonly quote: bigint } {
  const half = signedSpread / 2n;
  const quote = market.ammQuoteReserve + (half === 0n ? 0n : market.ammQuoteReserve / (SPREAD_ONE / half));
  return { base: market.ammSqrtK ** 2n / quote, quote };
}

/** The market with the spreads, and the reserves of both sides that follow from them and the curve. */
export function withQuotes(
  market: PerpMarketState,
  { long, short, offset }: { readonly long: bigint; readonly short: bigint; readonly offset: bigint },
): PerpMarketState {
  const ask = quotedReserves(market, long + offset);
  const bid = quotedReserves(market, offset - short);
  const plain = offset === 0n;
  const { ammBaseReserve: base, ammQuoteReserve: quote } = market;
  return {
    ...market,
    longSpread: Number(long),
    shortSpread: Number(short),
    referenceOffset: Number(offset),
    ammAskBaseReserve: plain ? min(ask.base, base) : ask.base,
    ammAskQuoteReserve: plain ? max(ask.quote, quote) : ask.quote,
    ammBidBaseReserve: plain ? max(bid.base, base) : bid.base,
    ammBidQuoteReserve: plain ? min(bid.quote, quote) : bid.quote,
  };
}

/** The spread computed anew from what the market is now. */
export function requoted(market: PerpMarketState, followed: bigint, slot: bigint): PerpMarketState {
  const spread = ammSpread(market, reservePrice(market), followed, slot);
  return { ...withQuotes(market, spread), oracleReserveGapPpm: spread.gap, spreadUpdateSlot: slot };
}

function withCurve(market: PerpMarketState, { followed }: FollowedOracle, slot: bigint): PerpMarketState {
  if (market.ammUpdateSlot >= slot) return market;
  const curve = repegged(market, followed);
  return curve === null ? market : { ...curve, ammUpdateSlot: slot };
}

/**
 * As a fill, or the funding update, finds it: the averages take up the oracle before the curve is brought to it, and the spread
 * is computed before and after.
 */
export function readyToFill(market: PerpMarketState, oracle: FollowedOracle, { slot, now }: Moment): PerpMarketState {
  const averaged = withOracleSample(market, oracle, reservePrice(market), now);
  const quoted = requoted(averaged, oracle.followed, slot);
  const remembered = { ...quoted, lastReferenceOffset: quoted.referenceOffset };
  return requoted(withCurve(remembered, oracle, slot), oracle.followed, slot);
}

/** As `update_amms` leaves it in this slot. */
export function broughtUpToDate(
  market: PerpMarketState,
  oracle: FollowedOracle,
  { slot, now }: Moment,
): PerpMarketState {
  const moved = withCurve(market, oracle, slot);
  const averaged = withOracleSample(moved, oracle, reservePrice(moved), now);
  const quoted = requoted(averaged, oracle.followed, slot);
  return { ...quoted, lastReferenceOffset: quoted.referenceOffset };
}

/** Where users can sell and buy now, before the size of the order tells. */
export function bidAndAsk(market: PerpMarketState): { readonly bid: bigint; readonly ask: bigint } {
  const reserve = reservePrice(market);
  const at = (spread: number): bigint => (reserve * (SPREAD_ONE + BigInt(spread))) / SPREAD_ONE;
  return {
    bid: at(market.referenceOffset - market.shortSpread),
    ask: at(market.referenceOffset + market.longSpread),
  };
}
