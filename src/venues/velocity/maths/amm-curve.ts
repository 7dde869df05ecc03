/**
 * The AMM's curve brought to the oracle: before it quotes in a slot, the program moves its peg as far as its own money
 * reaches, and makes the curve shallower where that does not suffice. Reserves are at 1e9, prices and the peg at 1e6.
 */
import { abs, max } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { clamp } from './averages.ts';

const RESERVE_ONE = 1_000_000_000n;
const CONCENTRATION_ONE = 1_000_000n;
const SPREAD_ONE = 1_000_000n;
/** The curve becomes shallower by this part at a time. */
const SHALLOWER_PART = 1_000n;
const FULL_INTENSITY = 100;
const NO_DEPTH_CHANGE = 1;

export type AmmCurve = Pick<
  PerpMarketState,
  | 'ammBaseReserve'
  | 'ammQuoteReserve'
  | 'ammTerminalQuoteReserve'
  | 'ammMinBaseReserve'
  | 'ammMaxBaseReserve'
  | 'ammConcentration'
  | 'ammSqrtK'
  | 'ammPeg'
  | 'netUserBase'
>;

/** What brings it up to date reads and changes. */
export type RepeggedAmm = AmmCurve &
  Pick<
    PerpMarketState,
    'ammFeeReserve' | 'ammRevenueSinceFunding' | 'maxSpread' | 'curveUpdateIntensity' | 'marketConfig' | 'minOrderSize'
  >;

/** Between bid and ask. */
export const reservePrice = ({ ammBaseReserve, ammQuoteReserve, ammPeg }: AmmCurve): bigint =>
  ammBaseReserve === 0n ? 0n : (ammQuoteReserve * ammPeg) / ammBaseReserve;

/** Base that users can still buy, and sell, before the AMM is at a bound. */
export const openLiquidity = ({ ammBaseReserve, ammMinBaseReserve, ammMaxBaseReserve }: AmmCurve) => ({
  bids: max(0n, ammBaseReserve - ammMinBaseReserve),
  asks: max(0n, ammMaxBaseReserve - ammBaseReserve),
});

const pegFor = ({ ammQuoteReserve, ammBaseReserve }: AmmCurve, target: bigint): bigint =>
  max(1n, (target * ammBaseReserve) / ammQuoteReserve);

const repegCost = ({ ammQuoteReserve, ammTerminalQuoteReserve, ammPeg }: AmmCurve, peg: bigint): bigint =>
  ((ammQuoteReserve - ammTerminalQuoteReserve) * (peg - ammPeg)) / RESERVE_ONE;

interface Wish {
  readonly peg: bigint;
  readonly budget: bigint;
  /** Whether the AMM must be able to pay for it. */
  readonly mustAfford: boolean;
}

/** The peg that fits the oracle. A distance beyond half of the greatest spread is always closed, whatever it costs. */
function wantedPeg(amm: RepeggedAmm, oracle: bigint): Wish {
  const budget = max(0n, amm.ammFeeReserve);
  const peg = pegFor(amm, oracle);
  if (budget >= max(0n, repegCost(amm, peg))) return { peg, budget, mustAfford: true };
  const half = (oracle * BigInt(Math.floor(amm.maxSpread / 2))) / SPREAD_ONE;
  const reserve = reservePrice(amm);
  const gap = reserve - oracle;
  if (abs(gap) <= half) return { peg, budget, mustAfford: budget !== 0n };
  const move = abs(gap) - half;
  const nearer = pegFor(amm, gap < 0n ? reserve + move : reserve - move);
  return { peg: nearer, budget: max(0n, repegCost(amm, nearer)), mustAfford: false };
}

/** Cost of one unit of the peg, signed, its magnitude rounded up. */
function costPerPeg({ ammQuoteReserve, ammTerminalQuoteReserve }: AmmCurve): bigint {
  const gap = ammQuoteReserve - ammTerminalQuoteReserve;
  if (gap === 0n) return 0n;
  const each = gap / 1_000n + (gap % 1_000n > 0n ? 1n : 0n);
  return each > 0n ? each + 1n : each < 0n ? each - 1n : 0n;
}

/** The curve with other reserves, and what follows from them: the terminal reserve and the bounds. */
function withReserves<T extends AmmCurve>(amm: T, base: bigint, quote: bigint, sqrtK: bigint): T {
  const terminalBase = base + amm.netUserBase;
  return {
    ...amm,
    ammBaseReserve: base,
    ammQuoteReserve: quote,
    ammSqrtK: sqrtK,
    ammTerminalQuoteReserve: (sqrtK * sqrtK) / terminalBase,
    ammMinBaseReserve: (terminalBase * CONCENTRATION_ONE) / amm.ammConcentration,
    ammMaxBaseReserve: (terminalBase * amm.ammConcentration) / CONCENTRATION_ONE,
  };
}

/** What the AMM would get or pay if all users closed. */
function closingValue({ ammBaseReserve, ammQuoteReserve, ammSqrtK, ammPeg, netUserBase }: AmmCurve): bigint {
  if (netUserBase === 0n) return 0n;
  const after = (ammSqrtK * ammSqrtK) / (ammBaseReserve + netUserBase);
  return netUserBase > 0n
    ? ((ammQuoteReserve - after) * ammPeg) / RESERVE_ONE
    : ((after - ammQuoteReserve + 1n) * ammPeg) / RESERVE_ONE + 1n;
}

function mayBeShallower(amm: RepeggedAmm): boolean {
  if ((amm.marketConfig & NO_DEPTH_CHANGE) !== 0 || amm.curveUpdateIntensity < FULL_INTENSITY) return false;
  const { bids, asks } = openLiquidity(amm);
  const held = abs(amm.netUserBase);
  const [less, more] = bids < asks ? [bids, asks] : [asks, bids];
  return held < less && max(held, amm.minOrderSize) < amm.ammSqrtK && amm.minOrderSize < more;
}

/** A little shallower, and what that gains the AMM. */
function shallower(amm: RepeggedAmm): { readonly amm: RepeggedAmm; readonly gain: bigint } {
  const least = clamp(max(amm.minOrderSize, abs(amm.netUserBase)), 0n, amm.ammSqrtK);
  const sqrtK = max(least, amm.ammSqrtK - amm.ammSqrtK / SHALLOWER_PART);
  const exact = (sqrtK * RESERVE_ONE) / amm.ammSqrtK;
  const ratio = exact < RESERVE_ONE ? exact + 1n : exact;
  const base = (amm.ammBaseReserve * ratio) / RESERVE_ONE;
  const next = withReserves(amm, base, (sqrtK * sqrtK) / base, sqrtK);
  return { amm: next, gain: abs(closingValue(next) - closingValue(amm)) };
}

/** As far as the budget reaches, with a shallower curve where that helps. */
function budgeted(amm: RepeggedAmm, budget: bigint): RepeggedAmm {
  const { amm: next, gain } = mayBeShallower(amm) ? shallower(amm) : { amm, gain: 0n };
  const each = costPerPeg(next);
  if (each === 0n) return next;
  const move = ((budget + gain) * 1_000_000n) / each;
  return { ...next, ammPeg: move > 0n ? amm.ammPeg + move : max(1n, amm.ammPeg - abs(move)) };
}

function moved(amm: RepeggedAmm, { peg, budget }: Wish): { readonly amm: RepeggedAmm; readonly cost: bigint } {
  const change = peg - amm.ammPeg;
  if (change === 0n) return { amm, cost: 0n };
  const each = costPerPeg(amm);
  const reach = each === 0n ? 0n : abs((budget * 1_000_000n) / each);
  const free = each === 0n || (each > 0n && change < 0n) || (each < 0n && change > 0n);
  if (free || reach > abs(change)) return { amm: { ...amm, ammPeg: peg }, cost: repegCost(amm, peg) };
  const next = budgeted(amm, budget);
  return { amm: next, cost: repegCost({ ...next, ammPeg: amm.ammPeg }, next.ammPeg) };
}

/** The curve as the program has it after it has been brought to this oracle. Null: it cannot pay for that, and stays. */
export function repegged<T extends RepeggedAmm>(amm: T, oracle: bigint): T | null {
  if (amm.curveUpdateIntensity === 0) return amm;
  const wish = wantedPeg(amm, oracle);
  const { amm: next, cost } = moved(amm, wish);
  if (cost > 0n && wish.mustAfford && amm.ammFeeReserve < cost) return null;
  return withReserves(
    {
      ...amm,
      ...next,
      ammFeeReserve: amm.ammFeeReserve - cost,
      ammRevenueSinceFunding: amm.ammRevenueSinceFunding - cost,
    },
    next.ammBaseReserve,
    next.ammQuoteReserve,
    next.ammSqrtK,
  );
}

/** The curve after users have bought (positive) or sold so much base in all, at unchanged peg and depth. */
export function traded<T extends AmmCurve>(amm: T, base: bigint): T {
  const after = amm.ammBaseReserve - base;
  return {
    ...amm,
    ammBaseReserve: after,
    ammQuoteReserve: (amm.ammSqrtK * amm.ammSqrtK) / after,
    netUserBase: amm.netUserBase + base,
  };
}
