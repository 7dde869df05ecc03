/**
 * The paper market's time and its effect on an account: price, interest, funding and liquidation, in order and period by
 * period, however long ago the last read was. Pure: the same state and feed always give the same result.
 */
import type { Markets } from '../../domain/account/account.ts';
import { applyFill } from '../../domain/account/position.ts';
import { fundingPayment, rateFraction } from '../../domain/hedge/funding.ts';
import { assessMargin } from '../../domain/margin/margin.ts';
import {
  divCeil,
  divFloor,
  FEMTO_PER_MICRO_USD,
  HOURS_PER_YEAR,
  lamports,
  MS_PER_HOUR,
  max,
  microUsd,
  min,
  type Price,
  price,
  valueAt,
} from '../../domain/money/units.ts';
import type { FundingPeriod, LendRates, MarketFeed, Quote } from '../../market-data/feed.ts';
import { accountOf, withOrders } from './account-view.ts';
import { book, countPrice } from './equity.ts';
import type { PaperParameters } from './parameters.ts';
import { MAX_WARNINGS, type PaperState } from './state.ts';

/** The most events in one database transaction; the rest follow in the next. */
const MAX_EVENTS_PER_WALK = 500;
const RATE_ONE = 1_000_000n;
const FEE_ONE = 1_000_000n;
const YEAR_MS = BigInt(HOURS_PER_YEAR * MS_PER_HOUR);
/** Units of `interestRemainder` in one token base unit. */
const INTEREST_UNIT = RATE_ONE * YEAR_MS;

/** Market time follows the wall clock freely, or goes from period to period in lockstep with the engine. */
export const isLockstep = (state: PaperState): boolean => state.market.speed !== 1;

/** Market time by the clock alone; null at `max`, which follows no clock. Never before the present market time or after the feed's end. */
export function scheduledMs({ market }: PaperState, wallMs: number, feed: MarketFeed): number | null {
  if (market.speed === 'max') return null;
  const scheduled = market.anchorMarketMs + (wallMs - market.anchorWallMs) * market.speed;
  return withinFeed(Math.max(market.timeMs, Math.floor(scheduled)), feed);
}

/**
 * How far the market may go in lockstep: at most to the next period's end, and never ahead of its time. `more`: that
 * period is due, so the next step follows as soon as the engine has finished with this one.
 */
export function lockstepTarget(
  state: PaperState,
  wallMs: number,
  feed: MarketFeed,
): { readonly targetMs: number; readonly more: boolean } {
  const scheduled = scheduledMs(state, wallMs, feed);
  const next = feed.nextPeriod(state.market.timeMs);
  if (next === null) return { targetMs: scheduled ?? withinFeed(state.market.timeMs, feed), more: false };
  const due = scheduled === null || next.tsMs <= scheduled;
  if (!due) return { targetMs: scheduled, more: false };
  const after = feed.nextPeriod(next.tsMs);
  return { targetMs: next.tsMs, more: after !== null && (scheduled === null || after.tsMs <= scheduled) };
}

const withinFeed = (tsMs: number, feed: MarketFeed): number =>
  feed.endMs === null ? tsMs : Math.min(tsMs, feed.endMs);

/** The events of a walk, for the journal. */
interface SettledPeriod {
  readonly periodTsMs: number;
  /** Fraction of the oracle TWAP, 1e9. */
  readonly rate: bigint;
  readonly position: bigint;
  readonly amount: bigint;
}

export interface Liquidation {
  readonly tsMs: number;
  readonly side: 'buy' | 'sell';
  readonly size: bigint;
  readonly price: Price;
}

export interface Walked {
  readonly state: PaperState;
  readonly periods: readonly SettledPeriod[];
  /** The account at the end of each period, counted there. */
  readonly checkpoints: readonly PaperState[];
  readonly liquidations: readonly Liquidation[];
  readonly warnings: readonly { readonly tsMs: number; readonly text: string }[];
  /** Something happened that must be stored; otherwise only the clock and the price moved. */
  readonly eventful: boolean;
  /** The target was reached. */
  readonly arrived: boolean;
}

interface Walking {
  readonly feed: MarketFeed;
  readonly parameters: PaperParameters;
  readonly marketsAt: (state: PaperState, quote: Quote) => Markets;
}

export function walk(from: PaperState, targetMs: number, walking: Walking): Walked {
  const { feed } = walking;
  const periods: SettledPeriod[] = [];
  const checkpoints: PaperState[] = [];
  const liquidations: Liquidation[] = [];
  const warnings: { tsMs: number; text: string }[] = [];
  let state = from;
  let eventful = false;
  let events = 0;

  const liquidateIfDue = (quote: Quote): void => {
    const liquidated = liquidate(state, quote, walking);
    if (liquidated === null) return;
    state = liquidated.state;
    if (liquidated.liquidation !== null) liquidations.push(liquidated.liquidation);
    eventful = true;
  };

  while (events < MAX_EVENTS_PER_WALK) {
    const period = feed.nextPeriod(state.market.timeMs);
    const ratesChange = feed.nextRatesChange(state.interestToMs) ?? Number.POSITIVE_INFINITY;
    const atMs = Math.min(period?.tsMs ?? Number.POSITIVE_INFINITY, ratesChange);
    if (atMs > targetMs) break;
    const quote = quoteAt(feed, atMs);
    state = accrueInterest(moveTo(state, atMs, quote), atMs, feed);
    if (period !== null && period.tsMs === atMs) {
      const { state: paid, settled } = settlePeriod(state, period);
      state = paid;
      if (settled !== null) periods.push(settled);
      if (period.warning !== null) {
        warnings.push({ tsMs: atMs, text: period.warning });
        state = { ...state, warnings: [...state.warnings, period.warning].slice(-MAX_WARNINGS) };
      }
      liquidateIfDue(quote);
      checkpoints.push(state);
    } else {
      liquidateIfDue(quote);
    }
    eventful = true;
    events += 1;
  }
  const arrived = events < MAX_EVENTS_PER_WALK;
  if (arrived) {
    const quote = quoteAt(feed, Math.max(targetMs, state.market.timeMs));
    state = moveTo(state, Math.max(targetMs, state.market.timeMs), quote);
    liquidateIfDue(quote);
  }
  return { state, periods, checkpoints, liquidations, warnings, eventful, arrived };
}

/** A market that has begun always has a quote: market time stands between the feed's start and its end. */
export function quoteAt(feed: MarketFeed, tsMs: number): Quote {
  const quote = feed.quoteAt(tsMs);
  if (quote === null) throw new RangeError(`the feed ${feed.id} has no quote at ${tsMs}, inside its own time`);
  return quote;
}

const moveTo = (state: PaperState, tsMs: number, quote: Quote): PaperState => ({
  ...countPrice(state, quote.oracle),
  market: { ...state.market, timeMs: tsMs },
});

/**
 * Pays the interest since the last payment at the rate since then (each change of rate is an event of the walk, so there
 * is only one rate). The part below a base unit is carried over. Unknown rates pay nothing.
 */
export function accrueInterest(state: PaperState, toMs: number, feed: MarketFeed): PaperState {
  const elapsed = BigInt(Math.max(0, toMs - state.interestToMs));
  if (elapsed === 0n) return state;
  const rates = feed.ratesAt(state.interestToMs);
  if (rates === null) return { ...state, interestToMs: toMs };
  const sol = interestOn(state.sol, rates.solDeposit, elapsed, state.interestRemainder.sol);
  const usdc = interestOn(state.usdc, usdcRate(state, rates), elapsed, state.interestRemainder.usdc);
  const paid = {
    ...state,
    interestToMs: toMs,
    sol: lamports(state.sol + sol.whole),
    usdc: microUsd(state.usdc + usdc.whole),
    interestRemainder: { sol: sol.remainder, usdc: usdc.remainder },
  };
  return book(paid, 'interest', sol.whole * state.countedAt + usdc.whole * FEMTO_PER_MICRO_USD);
}

const usdcRate = (state: PaperState, rates: LendRates): bigint =>
  state.usdc < 0n ? rates.usdcBorrow : rates.usdcDeposit;

/** Whole base units earned at a yearly rate, and what is left for the next time. */
export function interestOn(tokens: bigint, rate: bigint, elapsedMs: bigint, carried: bigint) {
  const exact = tokens * rate * elapsedMs + carried;
  const whole = divFloor(exact, INTEREST_UNIT);
  return { whole, remainder: exact - whole * INTEREST_UNIT };
}

/** Pays one period's funding on the position held at its end, into the unsettled quote; a settle moves it later. */
function settlePeriod(
  state: PaperState,
  period: FundingPeriod,
): { readonly state: PaperState; readonly settled: SettledPeriod | null } {
  if (period.rate === null) return { state, settled: null };
  const position = state.perp.baseAmount;
  const { amount, remainder } = fundingPayment(position, period.rate, state.fundingRemainder);
  const cumulative = state.cumulativeFundingRate + period.rate;
  const paid: PaperState = {
    ...state,
    cumulativeFundingRate: cumulative,
    fundingRemainder: remainder,
    lastFundingTsMs: period.tsMs,
    perp: {
      ...state.perp,
      quoteAmount: microUsd(state.perp.quoteAmount + amount),
      // As on Drift, funding changes the break-even of an open position, never its entry.
      quoteBreakEvenAmount: microUsd(state.perp.quoteBreakEvenAmount + (position === 0n ? 0n : amount)),
      lastCumulativeFundingRate: cumulative,
    },
  };
  return {
    state: book(paid, 'funding', amount * FEMTO_PER_MICRO_USD),
    settled: { periodTsMs: period.tsMs, rate: rateFraction(period.rate, period.oracleTwap) ?? 0n, position, amount },
  };
}

/**
 * At maintenance margin the whole perp is closed at the oracle plus the liquidator's fee; then SOL pays a USDC debt that
 * is still too high, with the same fee. Null if the account is above maintenance margin, or its figures are unknown.
 */
export function liquidate(
  state: PaperState,
  quote: Quote,
  { parameters, marketsAt }: Pick<Walking, 'parameters' | 'marketsAt'>,
): { readonly state: PaperState; readonly liquidation: Liquidation | null } | null {
  const owes = state.perp.baseAmount !== 0n || state.perp.quoteAmount < 0n || state.usdc < 0n;
  if (!owes || state.status !== 'active' || !belowMaintenance(state, marketsAt(state, quote))) return null;
  let next = withOrders(state, []);
  let liquidation: Liquidation | null = null;
  if (next.perp.baseAmount !== 0n) {
    const delta = lamports(-next.perp.baseAmount);
    const at = liquidationPriceOf(quote.oracle, delta, parameters.perpLiquidatorFee);
    const quoteDelta = microUsd(-divCeil(delta * at, FEMTO_PER_MICRO_USD));
    const { position } = applyFill(next.perp, delta, quoteDelta, microUsd(0n));
    next = book({ ...next, perp: position }, 'external', quoteDelta * FEMTO_PER_MICRO_USD + delta * quote.oracle);
    liquidation = {
      tsMs: state.market.timeMs,
      side: delta > 0n ? 'buy' : 'sell',
      size: delta > 0n ? delta : -delta,
      price: at,
    };
  }
  if (belowMaintenance(next, marketsAt(next, quote))) next = payDebt(next, quote, parameters);
  return { state: { ...next, lastLiquidationMs: state.market.timeMs }, liquidation };
}

function belowMaintenance(state: PaperState, markets: Markets): boolean {
  const assessment = assessMargin(accountOf(state), markets);
  if (assessment.kind === 'unknown') return false;
  return assessment.figures.totalCollateralMaintenance < assessment.figures.maintenanceMargin;
}

/** What the account buys back costs it more than the oracle; what it sells brings less. */
const liquidationPriceOf = (oracle: Price, delta: bigint, fee: bigint): Price =>
  delta > 0n ? price(divCeil(oracle * (FEE_ONE + fee), FEE_ONE)) : price(divFloor(oracle * (FEE_ONE - fee), FEE_ONE));

/** Unsettled losses become a debt, and SOL is sold to pay it, as far as there is any. */
function payDebt(state: PaperState, quote: Quote, parameters: PaperParameters): PaperState {
  const pnl = microUsd(valueAt(state.perp.baseAmount, quote.oracle) + state.perp.quoteAmount);
  const settled: PaperState = {
    ...state,
    usdc: microUsd(state.usdc + pnl),
    perp: {
      ...state.perp,
      quoteAmount: microUsd(state.perp.quoteAmount - pnl),
      settledPnl: microUsd(state.perp.settledPnl + pnl),
    },
  };
  const debt = max(0n, -settled.usdc);
  const at = liquidationPriceOf(quote.oracle, -1n, parameters.spotLiquidatorFee);
  const sold = lamports(min(settled.sol, divCeil(debt * FEMTO_PER_MICRO_USD, max(at, price(1n)))));
  const proceeds = valueAt(sold, at);
  const paid: PaperState = {
    ...settled,
    sol: lamports(settled.sol - sold),
    usdc: microUsd(settled.usdc + proceeds),
  };
  const booked = book(paid, 'external', proceeds * FEMTO_PER_MICRO_USD - sold * quote.oracle);
  return booked.usdc < 0n && booked.sol === 0n ? { ...booked, status: 'bankrupt' } : booked;
}
