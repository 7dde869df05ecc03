/** The effect of a landed transaction of ours, from the events that the program logged in it. */
import type { Fill } from '../../../domain/order/intent.ts';
import type { LandedEffect } from '../../../domain/transaction/attempt.ts';
import type { Json } from '../../../lib/errors.ts';
import type { FillEvent, OrderSide, PerpsEvent } from '../perps-event.ts';
import type { PerpsProgram } from '../perps-program.ts';
import type { LandedTransaction } from './transaction-history.ts';

/** Whose events count. */
export interface EffectSubject {
  readonly program: Pick<PerpsProgram, 'events' | 'signedContent'>;
  /** Base58. */
  readonly programId: string;
  readonly user: string;
  /** Name and index of the perp market. */
  readonly market: string;
  readonly marketIndex: number;
  /** Symbol of the asset in which that market settles. */
  readonly quoteAsset: string;
}

const BASE_ONE = 1_000_000_000n;

/** The account's side of an order action in its market; null when it has none. */
export function sideOf(
  event: Extract<PerpsEvent, { kind: 'fill' | 'order_action' }>,
  { user, marketIndex }: EffectSubject,
): OrderSide | null {
  if (event.marketKind !== 'perp' || event.marketIndex !== marketIndex) return null;
  return [event.taker, event.maker].find((side) => side?.user === user) ?? null;
}

/** 1e-6 USD per SOL, to the nearest. */
export const priceOf = (quote: bigint, base: bigint): bigint => (quote * BASE_ONE + base / 2n) / base;

/** Null: it is not a fill of this account's order in this market. */
export function fillOf(event: FillEvent, subject: EffectSubject, signature: string): Fill | null {
  const side = sideOf(event, subject);
  if (side === null || side.direction === 'unknown' || event.base <= 0n) return null;
  const fee = event.taker?.user === subject.user ? event.takerFee : event.makerFee;
  return {
    market: subject.market,
    side: side.direction === 'long' ? 'buy' : 'sell',
    size: event.base.toString(),
    price: priceOf(event.quote, event.base).toString(),
    fee: (fee ?? 0n).toString(),
    signature,
    tsMs: event.tsMs,
  };
}

export interface LandedOrder {
  readonly orderId: number;
  readonly size: bigint;
}

/** The order that a transaction placed; null if it placed none (past its `maxTs` the program skips it without an error). */
export function placedOrder(events: readonly PerpsEvent[], { user, marketIndex }: EffectSubject): LandedOrder | null {
  for (const event of events) {
    if (event.kind !== 'order_placed' || event.user !== user) continue;
    if (event.marketKind === 'perp' && event.marketIndex === marketIndex) return event;
  }
  return null;
}

/**
 * @param wire the bytes, which show the request: a settle that moved nothing logs nothing
 */
export function landedEffect(transaction: LandedTransaction, wire: string, subject: EffectSubject): LandedEffect {
  const { program, programId, user, marketIndex, quoteAsset } = subject;
  const { events, truncated } = program.events(transaction.logs, programId);
  const order = placedOrder(events, subject);
  const fills = events.flatMap((event) => {
    if (event.kind !== 'fill' || order === null || sideOf(event, subject)?.orderId !== order.orderId) return [];
    const fill = fillOf(event, subject, transaction.signature);
    return fill === null ? [] : [fill];
  });
  let settled = 0n;
  let unsettled: bigint | null = null;
  let funding = 0n;
  let moved: bigint | null = null;
  for (const event of events) {
    if (!('user' in event) || event.user !== user) continue;
    if (event.kind === 'settle' && event.marketIndex === marketIndex) {
      settled += event.pnl;
      // The quote amount of an open position contains its entry, so it is not the unsettled figure.
      const isClosed = event.baseAmount === 0n || event.explanation === 'expired_position';
      unsettled = isClosed ? event.quoteAmountAfter : null;
    }
    if (event.kind === 'funding' && event.marketIndex === marketIndex) funding += event.payment;
    if (event.kind === 'deposit' || event.kind === 'withdraw') moved = (moved ?? 0n) + event.amount;
  }
  const { settles, opensAccount } = program.signedContent(wire, programId);
  const detail: Record<string, Json> = {
    ...(truncated ? { log_truncated: true } : {}),
    ...(opensAccount ? { account_opened: true } : {}),
    ...(settles ? { funding_settled: funding.toString(), ...pnlReason(transaction.logs, settled) } : {}),
  };
  return {
    ...(order === null ? {} : { orderId: order.orderId, fills }),
    ...(settles && !truncated ? { settledPnl: settled.toString(), quoteAsset } : {}),
    ...(settles && unsettled !== null ? { unsettledPnl: unsettled.toString() } : {}),
    ...(moved === null ? {} : { movedAmount: moved.toString() }),
    ...(Object.keys(detail).length === 0 ? {} : { detail }),
  };
}

const SETTLED_NOTHING: readonly (readonly [RegExp, string])[] = [
  // Velocity's fork logs both: the empty pool first, then that nothing can be claimed of it.
  [
    /Pnl Pool cannot currently settle with user|Claimable pnl below position upnl: 0 /,
    'the PnL pool of the market cannot pay now',
  ],
  [/User has no unsettled pnl|User has no position/, 'there was nothing to settle'],
  [/Does not meet margin requirement while settling/, 'the margin does not allow a loss to be settled'],
  [/Cannot settle pnl/, 'the market does not settle PnL now'],
  [/Oracle Price detected as invalid|AMM must be updated/, 'the oracle is not valid for settling now'],
];

/** The program's reason why a tried settle moved nothing. */
function pnlReason(logs: readonly string[], settled: bigint): Readonly<Record<string, Json>> {
  if (settled !== 0n) return {};
  const found = SETTLED_NOTHING.find(([pattern]) => logs.some((line) => pattern.test(line)));
  return found === undefined ? {} : { reason: found[1] };
}
