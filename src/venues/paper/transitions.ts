/**
 * The effect of a landed transaction on a paper account: pure, so simulation and landing cannot differ. Every change books
 * its source. A failed transaction costs gas and changes nothing else.
 */

import type { Asset } from '../../domain/account/account.ts';
import { type Markets, SOL_PERP } from '../../domain/account/account.ts';
import { applyFill } from '../../domain/account/position.ts';
import type { VenuePauses } from '../../domain/account/snapshot.ts';
import { takerFeeOn } from '../../domain/hedge/account-after.ts';
import { assessMargin } from '../../domain/margin/margin.ts';
import { formatAmount, formatSol, formatUsd, invalidField } from '../../domain/money/amounts.ts';
import {
  abs,
  divCeil,
  FEMTO_PER_MICRO_USD,
  type Lamports,
  lamports,
  microUsd,
  min,
  type Price,
  valueAt,
} from '../../domain/money/units.ts';
import {
  type Fill,
  type Intent,
  intentAmount,
  type OrderIntent,
  orderPriceLimit,
  orderSize,
  type Side,
  sideOf,
} from '../../domain/order/intent.ts';
import { fillPriceAt, paperFillPrice } from '../../domain/order/slippage.ts';
import type { ErrorReport } from '../../lib/errors.ts';
import type { Quote } from '../../market-data/feed.ts';
import type { LandedEffect } from '../venue.ts';
import { accountOf, withOrders } from './account-view.ts';
import { book } from './equity.ts';
import { type PaperParameters, QUOTE_ASSET } from './parameters.ts';
import type { PaperState, RestingOrder } from './state.ts';

export const WHOLE_PPM = 1_000_000;

/** Where and when a transaction runs. The state must be counted up to the quote's oracle price before. */
export interface ExecutionContext {
  readonly parameters: PaperParameters;
  readonly quote: Quote;
  /** The markets for `state`, with weights and prices for the margin check. */
  readonly markets: (state: PaperState) => Markets;
  readonly pauses: VenuePauses;
  readonly signature: string;
  /** Block time, against which `maxTsMs` is checked. */
  readonly blockTimeMs: number;
  readonly slot: number;
  /** How an order is filled: the part, and how many slots after its placement; whole and at once unless a fault says. */
  readonly filling: { readonly ppm: number; readonly afterSlots: number };
}

type Applied =
  | {
      readonly ok: true;
      readonly state: PaperState;
      readonly effect: LandedEffect;
      /** Signatures whose orders this ends. */
      readonly gone: readonly string[];
    }
  | { readonly ok: false; readonly error: ErrorReport };

/**
 * Pays the gas, then carries out the intent, or fails without effect (`failure`: an ordered fault). Null: the wallet
 * cannot pay, so the transaction never lands.
 */
export function runTransaction(
  state: PaperState,
  intent: Intent,
  landing: ExecutionContext,
  failure: ErrorReport | null = null,
): { readonly state: PaperState; readonly applied: Applied } | null {
  const cost = landing.parameters.transactionCost;
  if (state.wallet.sol < cost) return null;
  const paid = book(
    { ...state, wallet: { ...state.wallet, sol: lamports(state.wallet.sol - cost) } },
    'gas',
    -(cost * landing.quote.oracle),
  );
  const applied = failure === null ? applyIntent(paid, intent, landing) : refused(failure);
  return { state: applied.ok ? applied.state : paid, applied };
}

/** What the wallet needs to send anything at all; checked before anything else. */
export function feeMoneyMissing(state: PaperState, parameters: PaperParameters): ErrorReport | null {
  if (state.wallet.sol >= parameters.transactionCost) return null;
  return insufficient('wallet', 'SOL', state.wallet.sol, parameters.transactionCost, 'the transaction fee');
}

function applyIntent(state: PaperState, intent: Intent, landing: ExecutionContext): Applied {
  if (state.status === 'bankrupt')
    return failed('ACCOUNT_BANKRUPT', 'The paper account is bankrupt. It owes more than it holds.');
  switch (intent.kind) {
    case 'deposit':
      return deposit(state, intent.asset, intentAmount(intent), landing);
    case 'withdraw':
      return withdraw(state, intent.asset, intentAmount(intent), landing);
    case 'order':
      return order(state, intent, landing);
    case 'cancel_orders':
      return intent.market === SOL_PERP
        ? done(cancelOrders(state), {}, orderSignatures(state))
        : unknownMarket(intent.market);
    case 'settle':
      return intent.market === SOL_PERP ? settle(state, landing) : unknownMarket(intent.market);
  }
}

function deposit(state: PaperState, asset: Asset, amount: bigint, { pauses }: ExecutionContext): Applied {
  if (pauses.deposit) return paused('deposits', pauses);
  if (amount <= 0n) return refused(invalidField('amount', amount.toString(), 'an amount above zero'));
  const have = asset === 'SOL' ? state.wallet.sol : state.wallet.usdc;
  if (amount > have) return refused(insufficient('wallet', asset, have, amount, 'the deposit'));
  return done(move(state, asset, amount), {});
}

function withdraw(state: PaperState, asset: Asset, amount: bigint, { pauses, markets }: ExecutionContext): Applied {
  if (pauses.withdraw) return paused('withdrawals', pauses);
  if (amount <= 0n) return refused(invalidField('amount', amount.toString(), 'an amount above zero'));
  const have = asset === 'SOL' ? state.sol : state.usdc;
  if (amount > have) return refused(insufficient('sub-account', asset, have, amount, 'the withdrawal'));
  const after = move(state, asset, -amount);
  return marginError(after, markets) ?? done(after, {});
}

/** Moves tokens between wallet and sub-account. Equity includes both, so no source changes. */
function move(state: PaperState, asset: Asset, inward: bigint): PaperState {
  const { wallet } = state;
  return asset === 'SOL'
    ? {
        ...state,
        sol: lamports(state.sol + inward),
        wallet: { ...wallet, sol: lamports(wallet.sol - inward) },
      }
    : {
        ...state,
        usdc: microUsd(state.usdc + inward),
        wallet: { ...wallet, usdc: microUsd(wallet.usdc - inward) },
      };
}

function order(state: PaperState, intent: OrderIntent, landing: ExecutionContext): Applied {
  const { parameters, pauses } = landing;
  if (intent.market !== SOL_PERP) return unknownMarket(intent.market);
  const side = sideOf(orderSize(intent));
  const size = abs(orderSize(intent));
  const exactClose = intent.reduceOnly && size === abs(state.perp.baseAmount);
  if (size <= 0n || (size % parameters.stepSize !== 0n && !exactClose)) {
    return refused(
      invalidField('size', formatSol(size), `a multiple of the market's step, ${formatSol(parameters.stepSize)} SOL`),
    );
  }
  if (size < parameters.minimumSize && !intent.reduceOnly) {
    return failed('BELOW_MINIMUM', `The smallest order is ${formatSol(parameters.minimumSize)} SOL.`, {
      size: size.toString(),
      minimum: parameters.minimumSize.toString(),
    });
  }
  const gone = intent.cancelOpenOrders ? orderSignatures(state) : [];
  const before = intent.cancelOpenOrders ? cancelOrders(state) : state;
  const reducing = isReduction(before, { side, size });
  if (reducing || intent.reduceOnly ? pauses.reduce : pauses.increase) return paused('fills', pauses);
  if (landing.blockTimeMs > intent.maxTsMs) {
    return done({ ...before, nextOrderId: before.nextOrderId + 1 }, placed(before, []), gone);
  }
  const resting: RestingOrder = {
    orderId: before.nextOrderId,
    marketIndex: before.perp.marketIndex,
    side,
    size,
    filled: lamports(0n),
    reduceOnly: intent.reduceOnly,
    maxTsMs: intent.maxTsMs,
    signature: landing.signature,
    dueSlot: landing.slot + landing.filling.afterSlots,
    fillPpm: landing.filling.ppm,
    priceLimit: orderPriceLimit(intent),
  };
  const numbered = { ...before, nextOrderId: before.nextOrderId + 1 };
  if (landing.filling.afterSlots > 0) {
    const open = withOrders(numbered, [...numbered.orders, resting]);
    return (intent.reduceOnly ? null : marginError(open, landing.markets)) ?? done(open, placed(before, []), gone);
  }
  const filled = fillOrder(numbered, resting, landing);
  if (!filled.ok) return filled;
  return done(filled.state, placed(before, filled.fill === null ? [] : [filled.fill]), gone);
}

const placed = (before: PaperState, fills: readonly Fill[]): LandedEffect => ({ orderId: before.nextOrderId, fills });

type Filled =
  | { readonly ok: true; readonly state: PaperState; readonly fill: Fill | null }
  | { readonly ok: false; readonly error: ErrorReport };

/** Fills the order as far as allowed, at the mark plus slippage; nothing if that is worse than the limit. */
export function fillOrder(state: PaperState, order: RestingOrder, landing: ExecutionContext): Filled {
  const { parameters, quote } = landing;
  const wanted = lamports((order.size * BigInt(order.fillPpm)) / BigInt(WHOLE_PPM));
  const possible = order.reduceOnly ? min(wanted, fillable(state, order)) : wanted;
  // A reduction to flat need not be a multiple of the step, as on the venue.
  const size = possible === order.size ? possible : lamports(possible - (possible % parameters.stepSize));
  const all = order.reduceOnly && possible === abs(state.perp.baseAmount) ? possible : size;
  if (all === 0n) return { ok: true, state, fill: null };
  const price =
    parameters.slippagePpm === undefined
      ? paperFillPrice(quote.mark, all, order.side)
      : fillPriceAt(quote.mark, parameters.slippagePpm, order.side);
  const beyondLimit = order.side === 'buy' ? price > order.priceLimit : price < order.priceLimit;
  if (beyondLimit) return { ok: true, state, fill: null };

  const delta = lamports(order.side === 'buy' ? all : -all);
  const trade = tradeAt(state, delta, price, quote, parameters);
  if (!isReduction(state, { side: order.side, size: all })) {
    const error = marginError(trade.state, landing.markets);
    if (error !== null) return error;
  }
  const fill: Fill = {
    market: SOL_PERP,
    side: order.side,
    size: all.toString(),
    price: price.toString(),
    fee: trade.fee.toString(),
    signature: order.signature,
    tsMs: landing.blockTimeMs,
  };
  return { ok: true, state: trade.state, fill };
}

/**
 * Books a trade at a price: basis is mark against oracle, slippage is the fill against the mark (including the rounding of
 * the quote to whole micro-USD, against the taker). The spot balance does not change.
 */
function tradeAt(state: PaperState, delta: Lamports, price: Price, quote: Quote, parameters: PaperParameters) {
  const quoteDelta = microUsd(-divCeil(delta * price, FEMTO_PER_MICRO_USD));
  const fee = microUsd(takerFeeOn(quoteDelta, parameters.takerFee));
  const { position } = applyFill(state.perp, delta, quoteDelta, fee);
  let next: PaperState = { ...state, perp: { ...position, lastCumulativeFundingRate: state.cumulativeFundingRate } };
  next = book(next, 'basis', -delta * (quote.mark - quote.oracle));
  next = book(next, 'slippage', quoteDelta * FEMTO_PER_MICRO_USD + delta * quote.mark);
  next = book(next, 'fees', -fee * FEMTO_PER_MICRO_USD);
  return { state: next, fee };
}

/** Moves the unsettled PnL, including unrealized PnL at the oracle, to the USDC balance, as Drift's settle does. */
function settle(state: PaperState, { quote, pauses }: ExecutionContext): Applied {
  if (pauses.settle) return paused('settling', pauses);
  const pnl = microUsd(valueAt(state.perp.baseAmount, quote.oracle) + state.perp.quoteAmount);
  const perp = {
    ...state.perp,
    quoteAmount: microUsd(state.perp.quoteAmount - pnl),
    settledPnl: microUsd(state.perp.settledPnl + pnl),
  };
  return done(
    { ...state, perp, usdc: microUsd(state.usdc + pnl) },
    { settledPnl: pnl.toString(), quoteAsset: QUOTE_ASSET },
  );
}

const cancelOrders = (state: PaperState): PaperState => (state.orders.length === 0 ? state : withOrders(state, []));

const orderSignatures = (state: PaperState): readonly string[] => state.orders.map((order) => order.signature);

interface TradeSize {
  readonly side: Side;
  readonly size: bigint;
}

/** What a reduce-only order may still fill: nothing when it is on the wrong side. */
function fillable(state: PaperState, { side, size }: TradeSize): Lamports {
  const base = state.perp.baseAmount;
  const against = side === 'buy' ? base < 0n : base > 0n;
  return against ? min(lamports(size), abs(base)) : lamports(0n);
}

const isReduction = (state: PaperState, trade: TradeSize): boolean =>
  state.perp.baseAmount !== 0n && fillable(state, trade) === trade.size;

function marginError(state: PaperState, markets: ExecutionContext['markets']): Extract<Applied, { ok: false }> | null {
  const assessment = assessMargin(accountOf(state), markets(state));
  if (assessment.kind === 'unknown') {
    return failed('SIMULATION_FAILED', `The margin is unknown: ${assessment.missing.join('; ')}.`);
  }
  const { totalCollateralInitial: have, initialMargin: need } = assessment.figures;
  if (need === 0n || have >= need) return null;
  return failed(
    'INSUFFICIENT_FUNDS',
    `Collateral after it would be ${formatUsd(have)} USD, below the initial margin of ${formatUsd(need)} USD.`,
    { have: have.toString(), need: need.toString(), unit: 'micro-USD', remedy: 'Deposit more, or trade less.' },
  );
}

function insufficient(where: string, asset: Asset, have: bigint, need: bigint, what: string): ErrorReport {
  const decimals = asset === 'SOL' ? 9 : 6;
  const text = (amount: bigint) => `${formatAmount(amount, decimals)} ${asset}`;
  return {
    code: 'INSUFFICIENT_FUNDS',
    message: `The ${where} holds ${text(have)}; ${what} needs ${text(need)}.`,
    details: { asset, where, have: have.toString(), need: need.toString() },
  };
}

const done = (state: PaperState, effect: LandedEffect, gone: readonly string[] = []): Applied => ({
  ok: true,
  state,
  effect,
  gone,
});
const refused = (error: ErrorReport): Extract<Applied, { ok: false }> => ({ ok: false, error });
const failed = (code: string, message: string, details: ErrorReport['details'] = {}): Extract<Applied, { ok: false }> =>
  refused({ code, message, details });
const unknownMarket = (market: string) =>
  failed('UNKNOWN_MARKET', `Unknown market: ${JSON.stringify(market)}.`, {
    field: 'market',
    got: market,
    expected: SOL_PERP,
  });
const paused = (what: string, pauses: VenuePauses) =>
  failed('VENUE_PAUSED', `The venue has paused ${what}.`, { detail: pauses.detail });
