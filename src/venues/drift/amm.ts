/**
 * The price at which Drift's AMM would fill now. A fill first updates the AMM: it moves the peg towards the oracle as far
 * as its budget allows, then sets its spread. The stored state may be minutes old. The arithmetic is the SDK's
 * (`calculateBidAskPrice` with its update), integers truncated toward zero.
 */
import { abs, max, min, type Price, price } from '../../domain/money/units.ts';
import type { DriftPerpMarket } from './account-layouts.ts';
import { type AmmSpread, ammSpread, type SpreadInput } from './amm-spread.ts';

/** Reserves at 1e9; prices, the peg and quote amounts at 1e6. */
const RESERVE_TO_QUOTE = 1_000n;
const PEG_ONE = 1_000_000n;
const PRICE_ONE = 1_000_000n;
const PERCENTAGE_ONE = 1_000_000n;
const SPREAD_ONE = 1_000_000n;
const RESERVE_TO_PRICE = 1_000n;
/** If the budget does not pay for the peg, the curve becomes shallower first. */
const SHALLOWER = { numerator: 999n, denominator: 1_000n } as const;

/** The price that the AMM follows, with its uncertainty. */
interface AmmOracle {
  readonly price: bigint;
  readonly confidence: bigint;
}

interface AmmQuote {
  /** Between bid and ask. */
  readonly mark: Price;
  /** Where a sell begins to fill. */
  readonly bid: Price;
  /** Where a buy begins to fill. */
  readonly ask: Price;
}

/** The part of the AMM that an update changes. */
interface Curve {
  readonly base: bigint;
  readonly quote: bigint;
  readonly sqrtK: bigint;
  readonly peg: bigint;
  readonly terminalQuote: bigint;
  readonly feesLeft: bigint;
  readonly revenue: bigint;
}

const curveOf = (amm: DriftPerpMarket): Curve => ({
  base: amm.ammBaseReserve,
  quote: amm.ammQuoteReserve,
  sqrtK: amm.ammSqrtK,
  peg: amm.ammPeg,
  terminalQuote: amm.ammTerminalQuoteReserve,
  feesLeft: amm.ammFeeReserve,
  revenue: amm.ammRevenueSinceFunding,
});

const priceAt = (base: bigint, quote: bigint, peg: bigint): bigint =>
  base <= 0n ? 0n : (quote * PRICE_ONE * peg) / PEG_ONE / base;

const pegFor = (target: bigint, { base, quote }: Curve): bigint => max((target * base) / quote, 1n);

const repegCost = ({ quote, terminalQuote, peg }: Curve, newPeg: bigint): bigint =>
  ((quote - terminalQuote) * (newPeg - peg)) / RESERVE_TO_QUOTE / PEG_ONE;

/** The peg that fits the oracle, and its budget. A distance beyond half of the greatest spread is always paid. */
function wantedPeg(
  curve: Curve,
  amm: DriftPerpMarket,
  oracle: bigint,
): { peg: bigint; budget: bigint; target: bigint } {
  const peg = pegFor(oracle, curve);
  const budget = max(0n, curve.feesLeft - amm.ammExchangeFees / 2n);
  const halfSpread = ((BigInt(amm.maxSpread) / 2n) * oracle) / SPREAD_ONE;
  const gap = priceAt(curve.base, curve.quote, curve.peg) - oracle;
  if (budget >= repegCost(curve, peg) || abs(gap) <= halfSpread) return { peg, budget, target: oracle };
  const move = abs(gap) - halfSpread;
  const reserve = oracle + gap;
  const target = gap < 0n ? reserve + move : reserve - move;
  const nearer = pegFor(target, curve);
  return { peg: nearer, budget: repegCost(curve, nearer), target };
}

/** What the AMM's fees gain from a shallower curve. */
function shallowerGain({ base, quote, peg }: Curve, held: bigint): bigint {
  const scale = PERCENTAGE_ONE * PERCENTAGE_ONE;
  const share = (SHALLOWER.numerator * PRICE_ONE) / SHALLOWER.denominator;
  const worth = quote * held * peg;
  const before = (worth * scale) / (base + held);
  const after = (worth * share * scale) / PRICE_ONE / ((base * share) / PRICE_ONE + held);
  return -((before - after) / PERCENTAGE_ONE / PERCENTAGE_ONE / RESERVE_TO_QUOTE / PEG_ONE);
}

/** The curve with new reserves, and the quote reserve if all positions were closed. */
function shaped(curve: Curve, held: bigint, { numerator, denominator }: { numerator: bigint; denominator: bigint }) {
  const base = (curve.base * numerator) / denominator;
  const sqrtK = (curve.sqrtK * numerator) / denominator;
  const invariant = sqrtK * sqrtK;
  return { ...curve, base, sqrtK, quote: invariant / base, terminalQuote: invariant / (base + held) };
}

/** As far towards the target as the budget reaches. */
function budgetedPeg(curve: Curve, budget: bigint, target: bigint): bigint {
  const wanted = (target * curve.base) / curve.quote;
  const each = (curve.quote - curve.terminalQuote) / RESERVE_TO_PRICE;
  const perPeg = each > 0n ? each + 1n : each < 0n ? each - 1n : 0n;
  const change = wanted - curve.peg;
  const free = perPeg === 0n || (perPeg < 0n && change > 0n) || (perPeg > 0n && change < 0n);
  return free ? wanted : max(1n, curve.peg + (budget * PEG_ONE) / perPeg);
}

function broughtUpToDate(curve: Curve, amm: DriftPerpMarket, oracle: bigint): Curve {
  if (amm.curveUpdateIntensity === 0) return curve;
  const held = amm.netUserBase;
  const { peg: wanted, budget, target } = wantedPeg(curve, amm, oracle);
  const wantedCost = repegCost(curve, wanted);
  const affordable = wantedCost < budget || wantedCost <= 0n;
  const next = shaped(curve, held, affordable ? { numerator: 1n, denominator: 1n } : SHALLOWER);
  const peg = affordable ? wanted : budgetedPeg(next, budget + abs(shallowerGain(curve, held)), target);
  const cost = affordable ? wantedCost : repegCost(next, peg);
  return { ...next, peg, feesLeft: curve.feesLeft - cost, revenue: curve.revenue - cost };
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  const small = squareRoot(value >> 2n) << 1n;
  const large = small + 1n;
  return large * large > value ? small : large;
}

/** The quote reserves between which the price of a prediction stays within 0 and 1 USD. */
function predictionBounds({ sqrtK, peg }: Curve, side: 'bid' | 'ask'): readonly [bigint, bigint] {
  const root = squareRoot(peg * PEG_ONE + 1n) + 1n;
  const most = (sqrtK * root) / peg;
  return side === 'ask'
    ? [(sqrtK * 22_361n * root) / 100_000n / peg, most]
    : [0n, (sqrtK * 97_467n * root) / 100_000n / peg];
}

/** @param spread signed, at 1e6: above the middle for the ask, below it for the bid */
function quotedAt(curve: Curve, spread: number, side: 'bid' | 'ask', prediction: boolean): bigint {
  if (spread === 0) return priceAt(curve.base, curve.quote, curve.peg);
  const half = BigInt(Math.trunc(spread)) / 2n;
  const fraction = half === 0n ? (spread >= 0 ? 1n : -1n) : max(-SPREAD_ONE, min(half, SPREAD_ONE));
  let quote = max(1n, curve.quote + curve.quote / (SPREAD_ONE / fraction));
  if (prediction) {
    const [least, most] = predictionBounds(curve, side);
    quote = max(least, min(quote, most));
  }
  return priceAt((curve.sqrtK * curve.sqrtK) / quote, quote, curve.peg);
}

/**
 * @param oracle null: it cannot be read, so the AMM's stored state and spread are used
 * @returns null for a market without an AMM
 */
export function ammQuote(
  amm: DriftPerpMarket,
  oracle: AmmOracle | null,
  at: { readonly slot: number; readonly nowMs: number },
): AmmQuote | null {
  const stored = curveOf(amm);
  if (stored.base === 0n || stored.quote === 0n) return null;
  if (oracle === null || oracle.price <= 0n) return storedQuote(amm, stored);
  const curve = broughtUpToDate(stored, amm, oracle.price);
  const reserve = priceAt(curve.base, curve.quote, curve.peg);
  if (reserve === 0n) return null;
  const now = BigInt(Math.floor(at.nowMs / 1000));
  const input: SpreadInput = { amm, ...curve, reserve, oracle, now, slot: at.slot };
  const spread: AmmSpread = ammSpread(input);
  const prediction = amm.contractType === 'prediction';
  return {
    mark: price(reserve),
    bid: price(quotedAt(curve, -spread.short + spread.offset, 'bid', prediction)),
    ask: price(quotedAt(curve, spread.long + spread.offset, 'ask', prediction)),
  };
}

function storedQuote(amm: DriftPerpMarket, curve: Curve): AmmQuote {
  const mark = priceAt(curve.base, curve.quote, curve.peg);
  const of = (base: bigint, quote: bigint): Price => price(priceAt(base, quote, curve.peg) || mark);
  return {
    mark: price(mark),
    bid: of(amm.ammBidBaseReserve, amm.ammBidQuoteReserve),
    ask: of(amm.ammAskBaseReserve, amm.ammAskQuoteReserve),
  };
}
