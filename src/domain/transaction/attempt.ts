/** A signed transaction, what the nodes report of it, and what it did: the facts that reducer and venues share. */
import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { Fill } from '../order/intent.ts';

/** Signed and not sent. In Temporal's history this is the write-ahead record, so it must hold all that sending needs. */
export interface SignedAttempt {
  readonly signature: string;
  /** The exact bytes, base64. */
  readonly wire: string;
  readonly lastValidBlockHeight: number;
  /** The slot at signing: a node whose history does not reach it cannot testify to absence. */
  readonly slot: number;
  readonly signedAtMs: number;
}

export interface NodeTestimony {
  readonly node: string;
  readonly says: 'landed' | 'never_seen' | 'cannot_testify' | 'no_answer';
  /** Why it cannot testify, or what went wrong; with the remedy. */
  readonly reason?: string;
}

/** What is known of a signature after every node was asked once. */
export type Sighting =
  | {
      readonly kind: 'landed';
      readonly commitment: 'processed' | 'confirmed' | 'finalized';
      readonly slot: number;
      /** The on-chain error, null when it succeeded. */
      readonly error: ErrorReport | null;
      /** What it did: the fills of an order so far, the PnL settled, …; amounts as decimal strings. */
      readonly effect: LandedEffect | null;
      readonly nodes: readonly NodeTestimony[];
    }
  /** Proven never to land: docs/architecture/chain.md. */
  | { readonly kind: 'absent'; readonly nodes: readonly NodeTestimony[] }
  /** Neither seen nor proven absent. */
  | {
      readonly kind: 'unseen';
      /** `lastValidBlockHeight` is past on a healthy node: it can no longer land, though that it did not is unproven. */
      readonly windowClosed: boolean;
      /** Time of the newest finalized block on a healthy node; absent where block time is the wall clock (paper). */
      readonly finalizedTimeMs?: number;
      /** The slot of that block: an account of this slot or a later one shows all that could still happen. */
      readonly finalizedSlot?: number;
      /** Of a placement: slot of a finalized account by which its order can act no more, placed or not. Absent: not so. */
      readonly orderOver?: number;
      readonly nodes: readonly NodeTestimony[];
    };

export interface LandedEffect {
  readonly fills?: readonly Fill[];
  readonly orderId?: number;
  /** Micro-USD moved to the settled balance by a settle. */
  readonly settledPnl?: string;
  /** Micro-USD that a settle of a flat position could not move: it stays unsettled, most often for an empty pool. */
  readonly unsettledPnl?: string;
  /** Symbol of the asset that a settle moved. Absent: the operation's start knew it. */
  readonly quoteAsset?: string;
  /** Base units that a deposit or withdrawal moved, where the venue may move less than was asked for. */
  readonly movedAmount?: string;
  readonly detail?: Json;
}

/** What became of an order that a landed transaction placed. */
export interface OrderReport {
  /** The order is gone in a snapshot at or after the placement's slot, and that snapshot is at this commitment. */
  readonly gone: boolean;
  readonly commitment: 'confirmed' | 'finalized';
  readonly fills: readonly Fill[];
  readonly slot: number;
  /** The account alone proves that it can have no further effect: no node reports its fills, and `fills` is empty. */
  readonly fillsUnknown?: boolean;
}
