/** From what an operation wants to an intent that can be signed: sizes and price limits from one fresh snapshot. */

import type { ErrorReport } from '../../lib/errors.ts';
import type { Asset, PerpMarket } from '../account/account.ts';
import { isReducing } from '../account/position.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { quoteMarket } from '../account/spot-markets.ts';
import { perpMarketOf, perpPosition, perpSize, spotHeld } from '../margin/margin.ts';
import { abs, type Lamports, lamports, max, min, type Price, price } from '../money/units.ts';
import type { Intent, Side } from './intent.ts';
import { limitReference, priceLimit } from './slippage.ts';

/** Amounts are decimal strings of base units. */
export type Plan =
  | { readonly kind: 'deposit' | 'withdraw'; readonly asset: Asset; readonly amount: string }
  /** `delta`: signed lamports, positive = buy. `priceBound`: never worse than this, as a person confirmed it. */
  | { readonly kind: 'trade'; readonly market: string; readonly delta: string; readonly priceBound: string | null }
  /** The exact flattening size, reduce-only; the limit is `slippageMultiple` times the policy's slippage away. */
  | { readonly kind: 'close'; readonly market: string; readonly slippageMultiple: number }
  | { readonly kind: 'cancel_orders'; readonly market: string }
  /** `above`: micro-USD of unsettled PnL, a gain or a loss, that is worth a transaction; null settles whatever is there. */
  | { readonly kind: 'settle'; readonly market: string; readonly above: string | null };

export interface PlanLimits {
  readonly maxSlippageBps: number;
  readonly orderLifeMs: number;
  /** Wall clock: when an order's life begins where the snapshot tells no chain's time. */
  readonly nowMs: number;
}

export type Planned =
  | { readonly kind: 'intent'; readonly intent: Intent; readonly reducing: boolean; readonly position: string | null }
  /** There is nothing to do: the goal is reached already. */
  | { readonly kind: 'nothing'; readonly why: 'flat' | 'settled' | 'no_orders'; readonly position: string | null }
  | { readonly kind: 'refused'; readonly error: ErrorReport; readonly position: string | null };

export function planIntent(plan: Plan, snapshot: Snapshot, limits: PlanLimits): Planned {
  if ('asset' in plan) return { kind: 'intent', intent: plan, reducing: false, position: null };
  const market = perpMarketOf(snapshot.markets, plan.market);
  if (market === null)
    return refuse('UNKNOWN_MARKET', `There is no market ${plan.market}.`, null, { market: plan.market });
  const position = snapshot.account === null ? lamports(0n) : perpSize(snapshot.account, snapshot.markets, plan.market);
  switch (plan.kind) {
    case 'trade':
      return planTrade(BigInt(plan.delta), plan.priceBound, market, position, on(snapshot, limits));
    case 'close':
      return planClose(plan.slippageMultiple, snapshot, market, position, on(snapshot, limits));
    case 'cancel_orders':
      return openOrders(snapshot, market)
        ? { kind: 'intent', intent: plan, reducing: true, position: position.toString() }
        : { kind: 'nothing', why: 'no_orders', position: position.toString() };
    case 'settle':
      return planSettle(plan.above, snapshot, market, position);
  }
}

/** By the chain's clock where there is one: it may differ from ours, and a `maxTs` that is past there places nothing. */
const on = (snapshot: Snapshot, limits: PlanLimits): PlanLimits => ({
  ...limits,
  nowMs: snapshot.blockTimeMs ?? limits.nowMs,
});

function planTrade(
  delta: bigint,
  priceBound: string | null,
  market: PerpMarket,
  position: Lamports,
  limits: PlanLimits,
): Planned {
  const size = toStep(abs(lamports(delta)), market);
  if (size === 0n) {
    return refuse('BELOW_MINIMUM', `The size is below one step of ${market.market}.`, position, {
      size: abs(lamports(delta)).toString(),
      step: market.stepSize.toString(),
    });
  }
  const side: Side = delta > 0n ? 'buy' : 'sell';
  const reducing = isReducing(position, lamports(delta > 0n ? size : -size));
  return planOrder({ market, side, size, reducing, bps: limits.maxSlippageBps, priceBound, position, limits });
}

function planClose(
  multiple: number,
  snapshot: Snapshot,
  market: PerpMarket,
  position: Lamports,
  limits: PlanLimits,
): Planned {
  const size = toStep(abs(position), market);
  if (size === 0n) {
    // Orders of ours could still open what is flat.
    return openOrders(snapshot, market)
      ? {
          kind: 'intent',
          intent: { kind: 'cancel_orders', market: market.market },
          reducing: true,
          position: position.toString(),
        }
      : { kind: 'nothing', why: 'flat', position: position.toString() };
  }
  const bps = limits.maxSlippageBps * multiple;
  const side: Side = position > 0n ? 'sell' : 'buy';
  return planOrder({ market, side, size, reducing: true, bps, priceBound: null, position, limits });
}

function planOrder(order: {
  readonly market: PerpMarket;
  readonly side: Side;
  readonly size: Lamports;
  readonly reducing: boolean;
  readonly bps: number;
  readonly priceBound: string | null;
  readonly position: Lamports;
  readonly limits: PlanLimits;
}): Planned {
  const { market, side, size, reducing, position, limits } = order;
  const reference = limitReference(market, side);
  if (reference === null)
    return refuse('UNAVAILABLE', `${market.market} has no price, so no price limit can be set.`, position, {
      part: 'price',
    });
  const limit = priceLimit(reference, order.bps, side, market.tickSize);
  return {
    kind: 'intent',
    reducing,
    position: position.toString(),
    intent: {
      kind: 'order',
      market: market.market,
      side,
      size: size.toString(),
      reduceOnly: reducing,
      priceLimit: bounded(limit, order.priceBound, side).toString(),
      maxTsMs: limits.nowMs + limits.orderLifeMs,
      cancelOpenOrders: reducing,
    },
  };
}

/** Better may happen, worse than what was confirmed never. */
function bounded(limit: Price, bound: string | null, side: Side): Price {
  if (bound === null) return limit;
  const confirmed = price(BigInt(bound));
  return side === 'buy' ? min(limit, confirmed) : max(limit, confirmed);
}

function planSettle(above: string | null, snapshot: Snapshot, market: PerpMarket, position: Lamports): Planned {
  const held = snapshot.account === null ? null : perpPosition(snapshot.account, market.market, snapshot.markets);
  const unsettled = held?.quoteAmount ?? 0n;
  // Of a flat position the whole quote amount is realized and unsettled.
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

/** A loss is settled unasked only from what is deposited: beyond that it would become a debt with interest. */
function worthSettling(unsettled: bigint, above: bigint, { account, markets }: Snapshot, market: PerpMarket): boolean {
  if (unsettled >= 0n || account === null) return unsettled > above;
  const quote = quoteMarket(markets, market.market);
  return -unsettled > above && quote !== null && spotHeld(account, markets, quote.asset) >= -unsettled;
}

/** Rounded down to the market's step: the venue would do so silently. */
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
