/**
 * How far from its middle the AMM quotes on each side, at 1e6 of the price: further with an uncertain or volatile oracle,
 * with inventory, and when it has lost money since the last funding. The side that would add to its inventory carries most.
 */
import { abs, max, min } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { type AmmCurve, openLiquidity } from './amm-curve.ts';
import { clamp } from './averages.ts';

const ONE = 1_000_000n;
/** A spread grows at most by this factor, for inventory and for exposure each. */
const MAX_SCALE = 10n * ONE;
/** Below this confidence (25 bp) only a twentieth of it counts. */
const CONFIDENT = ONE / 400n;
const UNCERTAINTY_DISCOUNT = 20n;
const DEVIATION_DISCOUNT = 4n;
/** Revenue since the last funding below which the AMM widens its quotes. */
const RETREAT_BELOW = -25_000_000n;
const RETREAT_PART = 10n;
/** Above this update intensity the middle itself is offset. */
const OFFSET_INTENSITY = 100;
const FULL_OFFSET_INTENSITY = 200;
const RATE_PER_PRICE = 1_000n;
const HOURS_PER_DAY = 24n;
/** The funding rate without any premium: this part of the price a day. */
const FUNDING_OFFSET = 3_333n;
const BASE_TIMES_PRICE_TO_QUOTE = 1_000_000_000n;
/** While the middle changes sides: per slot, before it is divided by ten. */
const SMOOTHING_BUDGET = 1_000n;

export type SpreadMarket = AmmCurve &
  Pick<
    PerpMarketState,
    | 'ammFeeReserve'
    | 'ammRevenueSinceFunding'
    | 'baseSpread'
    | 'maxSpread'
    | 'curveUpdateIntensity'
    | 'spreadAdjustment'
    | 'inventorySpreadAdjustment'
    | 'referenceDeadbandPct'
    | 'lastReferenceOffset'
    | 'spreadUpdateSlot'
    | 'markStd'
    | 'oracleStd'
    | 'oracleConfidencePpm'
    | 'volume24h'
    | 'longIntensity'
    | 'shortIntensity'
    | 'fundingRate24h'
    | 'markTwap'
    | 'markTwap5min'
    | 'oracleTwap'
    | 'oracleTwap5min'
  >;

interface Sides {
  readonly long: bigint;
  readonly short: bigint;
}

export interface QuotedSpread extends Sides {
  /** By which both quotes are shifted, signed. */
  readonly offset: bigint;
  /** The middle's distance from the oracle. */
  readonly gap: bigint;
}

const signOf = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);

/** @param reserve the AMM's middle @param oracle what it follows */
export function ammSpread(market: SpreadMarket, reserve: bigint, oracle: bigint, slot: bigint): QuotedSpread {
  const gap = ((reserve - oracle) * ONE) / reserve;
  const half = BigInt(Math.floor(market.baseSpread / 2));
  const built = market.curveUpdateIntensity > 0 ? builtSpread(market, reserve, gap) : { long: half, short: half };
  const sides = adjusted(built, market.spreadAdjustment, { long: 1n, short: 1n });
  return { ...smoothed(market, sides, middleOffset(market, reserve), slot), gap };
}

function builtSpread(market: SpreadMarket, reserve: bigint, gap: bigint): Sides {
  const half = BigInt(Math.floor(market.baseSpread / 2));
  const volatile = volatilitySpread(market, reserve);
  const floors = { long: max(half, volatile.long), short: max(half, volatile.short) };
  const most = greatest(market, reserve, gap);
  const retreated = {
    long: gap < 0n ? max(floors.long, volatile.long - gap) : floors.long,
    short: gap > 0n ? max(floors.short, volatile.short + gap) : floors.short,
  };
  const scaled = forInventory(market, reserve, retreated, most);
  const retreat = revenueRetreat(market, most);
  const wide = onSide(
    scaled,
    market.netUserBase,
    (spread) => spread + retreat,
    (spread) => spread + retreat / 2n,
  );
  return within(adjusted(wide, market.inventorySpreadAdjustment, floors), most);
}

/** Changes the side that adds to the inventory in one way, the other in another; without inventory both in the other. */
function onSide(
  { long, short }: Sides,
  held: bigint,
  loaded: (spread: bigint) => bigint,
  other: (spread: bigint) => bigint,
): Sides {
  return { long: held > 0n ? loaded(long) : other(long), short: held < 0n ? loaded(short) : other(short) };
}

const same = (spread: bigint): bigint => spread;

function forInventory(market: SpreadMarket, reserve: bigint, sides: Sides, most: bigint): Sides {
  const held = market.netUserBase;
  const inventory = inventoryScale(market, held > 0n ? sides.long : sides.short, most);
  const scaled = onSide(sides, held, (spread) => (spread * inventory) / ONE, same);
  if (market.ammFeeReserve <= 0n)
    return { long: (scaled.long * MAX_SCALE) / ONE, short: (scaled.short * MAX_SCALE) / ONE };
  const exposure = exposureScale(market, reserve);
  return onSide(scaled, held, (spread) => (spread * exposure) / ONE, same);
}

/** What the deviations and the confidence ask of each side, more where the last hour's volume was. */
function volatilitySpread(market: SpreadMarket, reserve: bigint): Sides {
  const confidence = market.oracleConfidencePpm;
  const deviation = ((market.oracleStd + market.markStd) * ONE) / reserve / 2n;
  const volatility = max(confidence, deviation / DEVIATION_DISCOUNT);
  const least = confidence > CONFIDENT ? confidence : confidence / UNCERTAINTY_DISCOUNT;
  const of = (intensity: bigint): bigint => {
    const share = clamp((intensity * ONE) / max(market.volume24h, 1n), ONE / 100n, ONE);
    return max(least, (volatility * share) / ONE);
  };
  return { long: of(market.longIntensity), short: of(market.shortIntensity) };
}

/** The most that both sides may have together. */
function greatest(market: SpreadMarket, reserve: bigint, gap: bigint): bigint {
  const deviation = (max(market.markStd, market.oracleStd) * ONE) / reserve;
  const baseline = max(abs(gap), min(max(market.oracleConfidencePpm * 2n, deviation), ONE));
  return max(BigInt(market.maxSpread), baseline);
}

function inventoryScale(market: SpreadMarket, spread: bigint, most: bigint): bigint {
  const held = abs(market.netUserBase);
  if (held === 0n) return ONE;
  const { bids, asks } = openLiquidity(market);
  const share = usedShare(held, min(bids, asks));
  const limit = max(MAX_SCALE, (most * ONE) / max(spread, 1n));
  return min(limit, ONE + (limit * share) / ONE);
}

const usedShare = (held: bigint, liquidity: bigint): bigint =>
  held < liquidity ? min((held * ONE) / max(liquidity, 1n), ONE) : ONE;

/** What the position would lose at once, over what the AMM owns. */
function exposureScale(market: SpreadMarket, reserve: bigint): bigint {
  const { ammQuoteReserve, ammTerminalQuoteReserve, ammPeg, netUserBase, ammFeeReserve } = market;
  const net = ((ammQuoteReserve - ammTerminalQuoteReserve) * ammPeg) / BASE_TIMES_PRICE_TO_QUOTE;
  const local = (netUserBase * reserve) / BASE_TIMES_PRICE_TO_QUOTE;
  const leverage = (max(0n, local - net) * ONE) / (max(0n, ammFeeReserve) + 1n);
  return min(MAX_SCALE, ONE + leverage + 1n);
}

function revenueRetreat({ ammRevenueSinceFunding: revenue, baseSpread }: SpreadMarket, most: bigint): bigint {
  if (revenue >= RETREAT_BELOW) return 0n;
  const limit = most / RETREAT_PART;
  return revenue < RETREAT_BELOW * 1_000n ? limit : min(limit, (BigInt(baseSpread) * -revenue) / -RETREAT_BELOW);
}

/** @param percent signed; a wider spread is rounded up */
function adjusted(sides: Sides, percent: number, floors: Sides): Sides {
  if (percent === 0) return sides;
  const part = BigInt(Math.abs(percent));
  const change = (spread: bigint): bigint =>
    percent < 0 ? spread - (spread * part) / 100n : spread + (spread * part + 99n) / 100n;
  const of = (spread: bigint, floor: bigint): bigint => max(floor, max(change(spread), 1n));
  return { long: of(sides.long, floors.long), short: of(sides.short, floors.short) };
}

function within({ long, short }: Sides, most: bigint): Sides {
  const total = long + short;
  if (total <= most) return { long, short };
  const capped = (spread: bigint): bigint => (spread * most + total - 1n) / total;
  if (long > short) return { long: capped(long), short: most - capped(long) };
  return { long: most - capped(short), short: capped(short) };
}

function greatestOffset({ curveUpdateIntensity, maxSpread }: SpreadMarket): bigint {
  if (curveUpdateIntensity <= OFFSET_INTENSITY) return 0n;
  const half = BigInt(Math.floor(maxSpread / 2));
  if (curveUpdateIntensity >= FULL_OFFSET_INTENSITY) return max(half, 10_000n);
  return min(half, 100n * BigInt(curveUpdateIntensity - OFFSET_INTENSITY));
}

/** How far the middle follows the market's premium, where the AMM's inventory agrees with it. */
function middleOffset(market: SpreadMarket, reserve: bigint): bigint {
  const most = greatestOffset(market);
  if (most === 0n) return 0n;
  const fraction = inventoryFraction(market);
  if (market.fundingRate24h === 0n || fraction === 0n) return 0n;
  const mostPrice = (most * reserve) / ONE;
  const premium = (value: bigint): bigint => clamp(value, -mostPrice, mostPrice);
  const daily = (market.fundingRate24h / RATE_PER_PRICE) * HOURS_PER_DAY - abs(market.oracleTwap) / FUNDING_OFFSET;
  const mean =
    (premium(market.markTwap5min - market.oracleTwap5min) +
      premium(market.markTwap - market.oracleTwap) +
      premium(daily)) /
    3n;
  const share = (mean * ONE) / reserve;
  const agrees = (share >= 0n && fraction >= 0n) || (share <= 0n && fraction <= 0n);
  return agrees ? clamp((share * abs(fraction)) / 2n, -most, most) : 0n;
}

/** Signed, less the part in which nothing is offset. */
function inventoryFraction(market: SpreadMarket): bigint {
  const held = market.netUserBase;
  const { bids, asks } = openLiquidity(market);
  const fraction = usedShare(abs(held), (bids + asks) / 2n) * signOf(held);
  const deadband = (ONE * BigInt(market.referenceDeadbandPct)) / 100n;
  return abs(fraction) <= deadband ? 0n : fraction - deadband * signOf(fraction);
}

/** The middle moves to its other side step by step, and the quotes are wider meanwhile. */
function smoothed(
  market: SpreadMarket,
  { long, short }: Sides,
  target: bigint,
  slot: bigint,
): Omit<QuotedSpread, 'gap'> {
  const last = BigInt(market.lastReferenceOffset);
  if (signOf(last) === signOf(target) || market.curveUpdateIntensity <= OFFSET_INTENSITY)
    return { long, short, offset: target };
  const slots = max(0n, slot - market.spreadUpdateSlot);
  const raw = min(abs(target - last), slots * SMOOTHING_BUDGET) / 10n;
  const change = signOf(target - last) * min(max(raw, 10n), last === 0n ? abs(target) : abs(last));
  const offset = last + change;
  return change < 0n
    ? { long: long - change, short: short + abs(offset), offset }
    : { long: long + abs(offset), short: short + change, offset };
}
