/**
 * The end of an order, which is not the same as a fill: docs/architecture/drift-orders.md. A snapshot at or after the
 * placement shows whether the order is gone; the program's log shows how much it filled and at what price. Neither is
 * believed without the other: with a node whose history lags behind its accounts, a fill would look like none.
 */

import type { Fill } from '../../../domain/order/intent.ts';
import type { OrderReport, SignedAttempt } from '../../../domain/transaction/attempt.ts';
import { TransientError } from '../../../lib/errors.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import type { SignatureRow } from '../signature-rows.ts';
import { type EffectSubject, fillOf, type LandedOrder, placedOrder, priceOf, sideOf } from './landed-effect.ts';
import type { LandedAt, LandedTransaction } from './transaction-history.ts';

interface OrderSources {
  readonly subject: EffectSubject;
  /** Null: the node does not know it. */
  transaction(signature: string, slot: number | null): Promise<LandedTransaction | null>;
  since(address: string, first: LandedAt, atLeastSlot: number): Promise<readonly SignatureRow[]>;
  read(commitment: 'confirmed' | 'finalized'): Promise<PerpsRead>;
}

/** What the program logged about one order. */
interface OrderTrail {
  readonly fills: readonly Fill[];
  /** The slot of its last fill, cancel or expiry, after which it cannot act; null: none is known. */
  readonly endedSlot: number | null;
  /** A node cut off a log in which it may have acted. */
  readonly truncated: boolean;
}

/**
 * @param placedSlot where the placement was last seen; null: unknown
 * @throws TransientError when the nodes' answers do not fit together yet
 */
export async function orderReport(
  attempt: SignedAttempt,
  placedSlot: number | null,
  sources: OrderSources,
): Promise<OrderReport> {
  const { subject } = sources;
  const placement = await sources.transaction(attempt.signature, placedSlot);
  if (placement === null || placement.failed) {
    throw new TransientError('ORDER_NOT_SEEN', 'The placement of this order is not in the history of this RPC node.', {
      signature: attempt.signature,
    });
  }
  const logged = subject.program.events(placement.logs, subject.programId);
  const order = placedOrder(logged.events, subject);
  if (order === null && logged.truncated) {
    throw new TransientError(
      'ORDER_NOT_SEEN',
      'The log of the placement is truncated, so it is not known which order it placed.',
    );
  }
  const now = await readSince(placement.slot, 'confirmed', sources);
  if (order === null) return await neverStood(placement, now, sources);
  const open = openOrder(now, order);
  if (open !== null && open.filled === 0n) return standing(now, []);

  const trail = await trailOf(order, placement, now.slot, sources);
  if (open !== null) return standing(now, trail.fills);
  if (trail.endedSlot === null && !trail.truncated) {
    throw new TransientError('ORDER_HISTORY_INCOMPLETE', 'The order is gone, and no node can say yet how it ended.', {
      order_id: order.orderId,
      signature: attempt.signature,
    });
  }
  const final = await finalizedSince(trail.endedSlot ?? now.slot, order, sources);
  return {
    gone: true,
    commitment: final === null ? 'confirmed' : 'finalized',
    fills: trail.fills,
    slot: final ?? now.slot,
  };
}

const standing = ({ slot, commitment }: PerpsRead, fills: readonly Fill[]): OrderReport => ({
  gone: false,
  commitment,
  fills,
  slot,
});

/** The program skipped it because it landed past its `maxTs`, so it can never fill. */
async function neverStood(placement: LandedTransaction, now: PerpsRead, sources: OrderSources): Promise<OrderReport> {
  const final = await sources.read('finalized');
  const isFinal = final.slot >= placement.slot;
  return {
    gone: true,
    commitment: isFinal ? 'finalized' : 'confirmed',
    fills: [],
    slot: isFinal ? final.slot : now.slot,
  };
}

async function readSince(
  slot: number,
  commitment: 'confirmed' | 'finalized',
  { read }: OrderSources,
): Promise<PerpsRead> {
  const now = await read(commitment);
  if (now.slot >= slot) return now;
  throw new TransientError('NODE_BEHIND', `The RPC node is at slot ${now.slot}, before the placement at ${slot}.`);
}

const openOrder = ({ account }: PerpsRead, { orderId }: LandedOrder) =>
  account?.orders.find((order) => order.orderId === orderId) ?? null;

/** The slot of a finalized snapshot after its end, in which it is gone; null: not yet. */
async function finalizedSince(endedSlot: number, order: LandedOrder, { read }: OrderSources): Promise<number | null> {
  const final = await read('finalized');
  return final.slot >= endedSlot && openOrder(final, order) === null ? final.slot : null;
}

async function trailOf(
  order: LandedOrder,
  placement: LandedTransaction,
  atLeastSlot: number,
  sources: OrderSources,
): Promise<OrderTrail> {
  const listed = await sources.since(sources.subject.user, placement, atLeastSlot);
  const transactions: LandedTransaction[] = [];
  for (const { signature, slot, failed } of listed) {
    if (failed) continue;
    const transaction = await sources.transaction(signature, slot);
    if (transaction === null) {
      throw new TransientError('ORDER_HISTORY_INCOMPLETE', 'An RPC node lists a transaction but does not return it.', {
        signature,
      });
    }
    transactions.push(transaction);
  }
  return readTrail(order, transactions, sources.subject);
}

/** Pure. @param transactions of the account since the placement, oldest first */
export function readTrail(
  { orderId, size }: LandedOrder,
  transactions: readonly LandedTransaction[],
  subject: EffectSubject,
): OrderTrail {
  const fills: Fill[] = [];
  let filled = 0n;
  let quote = 0n;
  let endedSlot: number | null = null;
  let truncated = false;
  for (const transaction of transactions) {
    const { events, truncated: cut } = subject.program.events(transaction.logs, subject.programId);
    truncated ||= cut;
    for (const event of events) {
      if (event.kind !== 'fill' && event.kind !== 'order_action') continue;
      const side = sideOf(event, subject);
      if (side?.orderId !== orderId) continue;
      const fill = event.kind === 'fill' ? fillOf(event, subject, transaction.signature) : null;
      const own = fill !== null && event.kind === 'fill' ? event : null;
      // Each action contains the order's total fill. If our sum is less, we miss a fill.
      const missed = side.filledBase - filled - (own?.base ?? 0n);
      if (missed !== 0n) {
        if (!truncated || missed < 0n) throw incomplete(orderId, filled, side.filledBase);
        const missedQuote = side.filledQuote - quote - (own?.quote ?? 0n);
        fills.push(cutOff({ ...side, base: missed, quote: missedQuote }, subject, transaction.signature, event.tsMs));
      }
      if (fill !== null) fills.push(fill);
      filled = side.filledBase;
      quote = side.filledQuote;
      const over = event.kind === 'order_action' && (event.action === 'cancel' || event.action === 'expire');
      if (over || filled >= size) endedSlot = transaction.slot;
    }
  }
  return { fills, endedSlot, truncated };
}

const incomplete = (orderId: number, known: bigint, filled: bigint): TransientError =>
  new TransientError('ORDER_HISTORY_INCOMPLETE', 'Some fills of this order are missing.', {
    order_id: orderId,
    known: known.toString(),
    filled: filled.toString(),
  });

/** A fill whose own record a node cut off, computed from the total in the next one. Its fee is unknown. */
const cutOff = (
  { direction, base, quote }: { readonly direction: string; readonly base: bigint; readonly quote: bigint },
  { market }: EffectSubject,
  signature: string,
  tsMs: number,
): Fill => ({
  market,
  side: direction === 'long' ? 'buy' : 'sell',
  size: base.toString(),
  price: priceOf(quote, base).toString(),
  fee: '0',
  signature,
  tsMs,
});
