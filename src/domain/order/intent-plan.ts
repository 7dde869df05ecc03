/** Turns the goal of an operation into an intent that can be signed, with size and price limit from one fresh snapshot. */

import type { ErrorReport } from '../../lib/errors.ts';
import type { PerpMarket } from '../account/account.ts';
import { isReducing } from '../account/position.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { quoteMarket } from '../account/spot-markets.ts';
import { perpMarketOf, perpPosition, perpSize, spotHeld } from '../margin/margin.ts';
import { abs, type Lamports, lamports, max, min, type Price, price } from '../money/units.ts';
import { type CancelIntent, type Intent, type Side, sideOf } from './intent.ts';
import type { OperationRequest } from './operation-request.ts';
import { limitReference, priceLimit } from './slippage.ts';

/** The goal of one leg: the operation's request, or a step before or after it. */
export type Goal = OperationRequest | CancelIntent;

/** The terms that an intent must keep. */
export interface Terms {
  /** The price limit, in multiples of the policy's slippage. */
  readonly slippageMultiple: number;
  /** Never worse than this, as a person confirmed it. */
  readonly priceBound: string | null;
  /** Unsettled PnL (micro-USD, gain or loss) from which a settle is worth a transaction; null settles any amount. */
  readonly settleAbove: string | null;
}

export const PLAIN_TERMS: Terms = { slippageMultiple: 1, priceBound: null, settleAbove: null };

export interface PlanLimits {
  readonly maxSlippageBps: number;
  readonly orderLifeMs: number;
  /** Wall clock: the start of an order's lifetime if the snapshot has no chain time. */
  readonly nowMs: number;
}

export type Planned =
  | { readonly kind: 'intent'; readonly intent: Intent; readonly reducing: boolean; readonly position: string | null }
  /** There is nothing to do: the goal is reached already. */
  | { readonly kind: 'nothing'; readonly why: 'flat' | 'settled' | 'no_orders'; readonly position: string | null }
  | { readonly kind: 'refused'; readonly error: ErrorReport; readonly position: string | null };

export function planIntent(goal: Goal, terms: Terms, snapshot: Snapshot, limits: PlanLimits): Planned {
  if ('asset' in goal) return { kind: 'intent', intent: goal, reducing: false, position: null };
  const market = perpMarketOf(snapshot.markets, goal.market);
  if (market === null)
    return refuse('UNKNOWN_MARKET', `There is no market ${goal.market} here.`, null, { market: goal.market });
  const position = snapshot.account === null ? lamports(0n) : perpSize(snapshot.account, snapshot.markets, goal.market);
  const order: OrderInput = { market, position, terms, limits: on(snapshot, limits) };
  switch (goal.kind) {
    case 'cancel_orders':
      return openOrders(snapshot, market)
        ? cancelOrders(market, position)
        : { kind: 'nothing', why: 'no_orders', position: position.toString() };
    case 'settle':
      return planSettle(terms.settleAbove, snapshot, market, position);
    case 'close':
    case 'flatten':
      return planExit(snapshot, order);
    case 'guard':
    case 'leave':
      return planGuard(lamports(BigInt(goal.size)), order);
    case 'enter':
      // It enters from flat alone: whatever stands there now is not part of the decision.
      return position === 0n
        ? planTrade(lamports(BigInt(goal.size)), order)
        : refuse(
            'ORDER_NOT_FILLED',
            `There is a position in ${goal.market} already, so nothing was entered.`,
            position,
          );
    case 'open':
      return planTrade(lamports(BigInt(goal.size)), order);
    default:
      // It was closed in the meantime, and only OPEN opens a position.
      return position === 0n
        ? refuse('NO_POSITION', `There is no open position in ${goal.market} to rebalance.`, position)
        : planTrade(lamports(BigInt(goal.size)), order);
  }
}

/** By the chain's clock if there is one: ours may differ, and an order with a `maxTs` in the chain's past is not placed. */
const on = (snapshot: Snapshot, limits: PlanLimits): PlanLimits => ({
  ...limits,
  nowMs: snapshot.blockTimeMs ?? limits.nowMs,
});

interface OrderInput {
  readonly market: PerpMarket;
  readonly position: Lamports;
  readonly terms: Terms;
  readonly limits: PlanLimits;
}

function planTrade(wanted: Lamports, input: OrderInput): Planned {
  const { market, position } = input;
  const size = toStep(wanted, market);
  if (size === 0n) {
    return refuse('BELOW_MINIMUM', `The size is below one step of ${market.market}.`, position, {
      size: abs(wanted).toString(),
      step: market.stepSize.toString(),
    });
  }
  return planOrder(size, isReducing(position, size), input);
}

/** Decided on an earlier read, so it takes at most the whole present position and never crosses to the other side. */
function planGuard(wanted: Lamports, input: OrderInput): Planned {
  const { market, position } = input;
  if (position === 0n || position > 0n === wanted > 0n) {
    return refuse('NO_POSITION', `There is nothing left to reduce in ${market.market}.`, position);
  }
  return planTrade(abs(wanted) > abs(position) ? lamports(-position) : wanted, input);
}

function planExit(snapshot: Snapshot, input: OrderInput): Planned {
  const { market, position } = input;
  const size = toStep(lamports(-position), market);
  if (size !== 0n) return planOrder(size, true, input);
  // Open orders of ours could still open a position from flat.
  return openOrders(snapshot, market)
    ? cancelOrders(market, position)
    : { kind: 'nothing', why: 'flat', position: position.toString() };
}

const cancelOrders = ({ market }: PerpMarket, position: Lamports): Planned => ({
  kind: 'intent',
  intent: { kind: 'cancel_orders', market },
  reducing: true,
  position: position.toString(),
});

function planOrder(size: Lamports, reducing: boolean, { market, position, terms, limits }: OrderInput): Planned {
  const side = sideOf(size);
  const reference = limitReference(market, side);
  if (reference === null)
    return refuse('UNAVAILABLE', `${market.market} has no price, so no price limit can be set.`, position, {
      part: 'price',
    });
  const limit = priceLimit(reference, limits.maxSlippageBps * terms.slippageMultiple, side, market.tickSize);
  return {
    kind: 'intent',
    reducing,
    position: position.toString(),
    intent: {
      kind: 'order',
      market: market.market,
      size: size.toString(),
      reduceOnly: reducing,
      priceLimit: bounded(limit, terms.priceBound, side).toString(),
      maxTsMs: limits.nowMs + limits.orderLifeMs,
      cancelOpenOrders: reducing,
    },
  };
}

/** A better price than the confirmed one is fine; a worse one never. */
function bounded(limit: Price, bound: string | null, side: Side): Price {
  if (bound === null) return limit;
  const confirmed = price(BigInt(bound));
  return side === 'buy' ? min(limit, confirmed) : max(limit, confirmed);
}

function planSettle(above: string | null, snapshot: Snapshot, market: PerpMarket, position: Lamports): Planned {
  const held = snapshot.account === null ? null : perpPosition(snapshot.account, market.market, snapshot.markets);
  const unsettled = held?.quoteAmount ?? 0n;
  // The whole quote amount of a flat position is realized and unsettled.
  if (above !== null && position === 0n && !worthSettling(unsettled, BigInt(above), snapshot, market)) {
    return { kind: 'nothing', why: 'settled', position: position.toString() };
  }
  if (held === null || (position === 0n && unsettled === 0n)) {
    return { kind: 'nothing', why: 'settled', position: position.toString() };
  }
  return {
    kind: 'intent',
    intent: { kind: 'settle', market: market.market },
    reducing: false,
    position: position.toString(),
  };
}

/** Without a command, a loss is settled only from the deposited quote asset: beyond that it would become a debt with interest. */
function worthSettling(unsettled: bigint, above: bigint, { account, markets }: Snapshot, market: PerpMarket): boolean {
  if (unsettled >= 0n || account === null) return unsettled > above;
  const quote = quoteMarket(markets, market.market);
  return -unsettled > above && quote !== null && spotHeld(account, markets, quote.asset) >= -unsettled;
}

/** Rounded toward zero to the market's step, which the venue would do silently. */
const toStep = (size: Lamports, market: PerpMarket): Lamports =>
  lamports(market.stepSize <= 0n ? size : size - (size % market.stepSize));

const openOrders = (snapshot: Snapshot, market: PerpMarket): boolean =>
  snapshot.account?.orders.some((order) => order.marketIndex === market.marketIndex) ?? false;

const refuse = (
  code: string,
  message: string,
  position: Lamports | null,
  details: ErrorReport['details'] = {},
): Planned => ({
  kind: 'refused',
  error: { code, message, details },
  position: position?.toString() ?? null,
});
