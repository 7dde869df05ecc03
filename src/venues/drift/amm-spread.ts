/**
 * How far from its middle Drift's AMM quotes on each side, at 1e6 of the price: further with an uncertain or volatile
 * oracle, with inventory, and when little of its fees is left. The arithmetic is the SDK's `calculateSpread` and, for the
 * offset, `calculateReferencePriceOffset`, floating point where the SDK's is.
 */
import { abs, max, min } from '../../domain/money/units.ts';
import type { DriftPerpMarket } from './account-layouts.ts';

const ONE = 1_000_000n;
const ONE_NUMBER = 1_000_000;
const FIVE_MINUTES = 300n;
const TWAP_CLAMP_DIVISOR = 3n;
/** Below a confidence of 25 bps only a twentieth of it counts. */
const CONFIDENT = ONE / 400n;
const MAX_SCALE = 10;
/** Loss in micro-USD since the last funding from which the AMM widens its quotes. */
const RETREAT_BELOW = -25_000_000n;
const RETREAT_SHARE = 10;
/** Above this update intensity the middle itself is offset. */
const OFFSET_INTENSITY = 100;
const RESERVE_TIMES_PEG_TO_QUOTE = 1_000_000_000n;
const RESERVE_TO_QUOTE = 1_000n;
const RATE_TO_PRICE = 1_000n;
const HOURS_PER_DAY = 24n;

export interface SpreadInput {
  readonly amm: DriftPerpMarket;
  readonly base: bigint;
  readonly quote: bigint;
  readonly terminalQuote: bigint;
  readonly peg: bigint;
  readonly feesLeft: bigint;
  readonly revenue: bigint;
  readonly reserve: bigint;
  readonly oracle: { readonly price: bigint; readonly confidence: bigint };
  /** Seconds of the chain's clock. */
  readonly now: bigint;
  readonly slot: number;
}

export interface AmmSpread {
  readonly long: number;
  readonly short: number;
  /** Of the middle, signed. */
  readonly offset: number;
}

const clamp = (value: bigint, least: bigint, most: bigint): bigint => max(least, min(value, most));
const sign = (value: bigint): bigint => (value < 0n ? -1n : 1n);

export function ammSpread(input: SpreadInput): AmmSpread {
  const { amm } = input;
  let { long, short } = baseSpread(input);
  const target = middleOffset(input);
  let offset = target;
  // The middle moves to its other side step by step, and the quotes are wider meanwhile.
  if (Math.sign(target) !== Math.sign(amm.referenceOffset) && amm.curveUpdateIntensity > OFFSET_INTENSITY) {
    const slots = Math.max(input.slot - Number(amm.ammUpdateSlot), 0);
    const whole = target - amm.referenceOffset;
    const most = Math.abs(amm.referenceOffset) || Math.abs(target);
    const raw = Math.trunc(Math.min(Math.abs(whole), slots * 1_000) / 10);
    const change = Math.sign(whole) * Math.min(Math.max(raw, 10), most);
    offset = amm.referenceOffset + change;
    if (change < 0) {
      long += Math.abs(change);
      short += Math.abs(offset);
    } else {
      short += Math.abs(change);
      long += Math.abs(offset);
    }
  }
  return { long, short, offset };
}

function adjusted({ long, short }: { long: number; short: number }, percent: number) {
  if (percent === 0) return { long, short };
  const by = (spread: number): number => Math.max(spread + (spread * percent) / 100, 1);
  return { long: by(long), short: by(short) };
}

function baseSpread(input: SpreadInput): { long: number; short: number } {
  const { amm, reserve, oracle, revenue } = input;
  if (amm.baseSpread === 0 || amm.curveUpdateIntensity === 0) {
    return { long: amm.baseSpread / 2, short: amm.baseSpread / 2 };
  }
  const gap = Number(((reserve - oracle.price) * ONE) / reserve);
  const oracleStd = liveOracleStd(input);
  const confidence = confidenceNow(input);
  const vol = volatilitySpread(input, oracleStd, confidence);

  let long = Math.max(amm.baseSpread / 2, vol.long);
  let short = Math.max(amm.baseSpread / 2, vol.short);
  if (gap > 0) short = Math.max(short, gap + vol.short);
  else if (gap < 0) long = Math.max(long, -gap + vol.long);

  const deviation = Number((max(amm.markStd, oracleStd) * ONE) / reserve);
  const most = Math.floor(
    Math.max(amm.maxSpread, Math.min(Math.max(Math.abs(gap), Number(confidence) * 2, deviation), ONE_NUMBER)),
  );
  ({ long, short } = scaledByInventory(input, long, short, most));
  if (revenue < RETREAT_BELOW) ({ long, short } = retreated(input, long, short, most));
  ({ long, short } = shrunk(long, short, vol, amm.inventorySpreadAdjustment));
  return adjusted(within(long, short, most), amm.spreadAdjustment);
}

/** The side that would add to the AMM's inventory is quoted wider, and more so the less the AMM can lose. */
function scaledByInventory(input: SpreadInput, long: number, short: number, most: number) {
  const held = input.amm.netUserBase;
  const inventory = inventoryScale(input, held > 0n ? long : short, most);
  if (held > 0n) long *= inventory;
  else if (held < 0n) short *= inventory;
  if (input.feesLeft <= 0n) return { long: long * MAX_SCALE, short: short * MAX_SCALE };
  const scale = Math.min(MAX_SCALE, 1 + effectiveLeverage(input, held));
  return held > 0n ? { long: Math.floor(long * scale), short } : { long, short: Math.floor(short * scale) };
}

function retreated({ amm, revenue }: SpreadInput, long: number, short: number, most: number) {
  let retreat = most / RETREAT_SHARE;
  if (revenue >= RETREAT_BELOW * 1_000n) {
    retreat = Math.min(retreat, Math.floor((amm.baseSpread * Number(abs(revenue))) / Number(-RETREAT_BELOW)));
  }
  const half = Math.floor(retreat / 2);
  const held = amm.netUserBase;
  return { long: long + (held > 0n ? retreat : half), short: short + (held < 0n ? retreat : half) };
}

function shrunk(long: number, short: number, vol: { long: number; short: number }, percent: number) {
  if (percent === 0) return { long, short };
  const share = Math.abs(percent);
  const changed = (spread: number): number =>
    Math.max(1, percent < 0 ? spread - Math.floor((spread * share) / 100) : spread + Math.ceil((spread * share) / 100));
  return { long: Math.max(vol.long, changed(long)), short: Math.max(vol.short, changed(short)) };
}

function within(long: number, short: number, most: number): { long: number; short: number } {
  const total = long + short;
  if (total <= most) return { long, short };
  if (long > short) {
    const capped = Math.ceil((long * most) / total);
    return { long: capped, short: Math.floor(most - capped) };
  }
  const capped = Math.ceil((short * most) / total);
  return { long: Math.floor(most - capped), short: capped };
}

function volatilitySpread({ amm, reserve }: SpreadInput, oracleStd: bigint, confidence: bigint) {
  const deviation = ((amm.markStd + oracleStd) * ONE) / reserve / 4n;
  const volatility = max(confidence, deviation / 2n);
  const least = confidence <= CONFIDENT ? confidence / 20n : confidence;
  const volume = max(1n, amm.volume24h);
  const of = (intensity: bigint): number =>
    Number(max(least, (volatility * clamp((intensity * ONE) / volume, ONE / 100n, ONE)) / ONE));
  return { long: of(amm.longIntensity), short: of(amm.shortIntensity) };
}

/** The oracle's distance from its means, added to the stored deviation, which fades. */
function liveOracleStd({ amm, oracle, now }: SpreadInput): bigint {
  const since = max(1n, now - amm.oracleTwapTs);
  const meanOver = (mean: bigint, period: bigint): bigint => {
    const left = max(0n, period - since);
    const range = mean / TWAP_CLAMP_DIVISOR;
    const clamped = min(mean + range, max(oracle.price, mean - range));
    return (mean * left + clamped * since) / (left + since);
  };
  const period = amm.fundingPeriod;
  const slow = meanOver(amm.oracleTwap, period);
  const fast = meanOver(amm.oracleTwap5min, FIVE_MINUTES);
  const left = max(0n, period - since);
  const away = max(abs(oracle.price - slow), abs(oracle.price - fast));
  return away + (amm.oracleStd * left) / (left + since);
}

/** The oracle's confidence, which falls by at most a fifth at a time. */
function confidenceNow({ amm, oracle, reserve, now }: SpreadInput): bigint {
  const since = max(0n, now - amm.oracleTwapTs);
  const stored = amm.oracleConfidencePpm;
  const least = since > 0n ? stored - stored / max(21n - since, 5n) : stored;
  return max((oracle.confidence * ONE) / reserve, least);
}

/** Base that the AMM can still buy and sell. */
function liquidity({ amm, base }: SpreadInput): { readonly bids: bigint; readonly asks: bigint } {
  return { bids: max(0n, amm.ammMaxBaseReserve - base), asks: max(0n, base - amm.ammMinBaseReserve) };
}

function inventoryScale(input: SpreadInput, spread: number, most: number): number {
  const held = input.amm.netUserBase;
  if (held === 0n) return 1;
  const { bids, asks } = liquidity(input);
  const ratio = min(abs((held * ONE) / max(min(bids, asks), 1n)), ONE);
  const limit = max(ONE * 10n, (BigInt(most) * ONE) / BigInt(Math.trunc(Math.max(spread, 1))));
  return Number(min(limit, ONE + (limit * ratio) / ONE)) / ONE_NUMBER;
}

function effectiveLeverage(input: SpreadInput, held: bigint): number {
  const net = ((input.quote - input.terminalQuote) * input.peg) / RESERVE_TIMES_PEG_TO_QUOTE;
  const local = (held * input.reserve) / (RESERVE_TO_QUOTE * ONE);
  return Math.max(0, Number(local - net)) / (Math.max(0, Number(input.feesLeft)) + 1) + 1 / ONE_NUMBER;
}

/** How far the middle follows the market's premium, if the AMM's inventory agrees with it. */
function middleOffset(input: SpreadInput): number {
  const { amm, reserve } = input;
  if (amm.curveUpdateIntensity <= OFFSET_INTENSITY) return 0;
  const most = Math.max(amm.maxSpread / 2, (ONE_NUMBER / 10_000) * (amm.curveUpdateIntensity - OFFSET_INTENSITY));
  const fraction = beyondDeadband(inventoryFraction(input), BigInt(amm.referenceDeadbandPct || 0));
  const rate = amm.fundingRate24h;
  if (rate === 0n || fraction === 0n) return 0;

  const mostPct = BigInt(Math.trunc(most));
  const mostPrice = (mostPct * reserve) / ONE;
  const premium = (value: bigint): bigint => clamp(value, -mostPrice, mostPrice);
  const mean =
    (premium(amm.markTwap5min - amm.oracleTwap5min) +
      premium(amm.markTwap - amm.oracleTwap) +
      premium((rate / RATE_TO_PRICE) * HOURS_PER_DAY)) /
    3n;
  const meanPct = (mean * ONE) / reserve;
  const inventoryPct = clamp((fraction * mostPct) / ONE, -mostPct, mostPct);
  if (sign(inventoryPct) !== sign(meanPct)) return 0;
  return Number(clamp(meanPct + inventoryPct, -mostPct, mostPct));
}

function inventoryFraction(input: SpreadInput): bigint {
  const held = input.amm.netUserBase;
  const { bids, asks } = liquidity(input);
  const ratio = min(abs((held * ONE) / max((bids + asks) / 2n, 1n)), ONE);
  return ratio * sign(held + input.amm.unsettledLpBase);
}

function beyondDeadband(fraction: bigint, deadbandPercent: bigint): bigint {
  const deadband = (ONE * deadbandPercent) / 100n;
  if (fraction === 0n || deadband === 0n) return fraction;
  return abs(fraction) <= deadband ? 0n : fraction - deadband * sign(fraction);
}
