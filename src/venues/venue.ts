/** The port that a place to trade implements. Paper and Drift answer with the same shapes; nothing here is Drift's. */
import type { ErrorReport, Json } from '../domain/errors.ts';
import type { Fill, Intent } from '../domain/intent.ts';
import type { Snapshot } from '../domain/snapshot.ts';

export type Simulation =
  | { readonly ok: true; readonly logs: readonly string[]; readonly costLamports: string }
  /** code: SIMULATION_FAILED, or a validation code of the venue (INSUFFICIENT_FUNDS, VENUE_PAUSED, …). */
  | { readonly ok: false; readonly error: ErrorReport };

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

/** What the venue knows of a signature, asked once of every node. */
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
  /** Proven never to land: DESIGN, "Proof of absence". */
  | { readonly kind: 'absent'; readonly nodes: readonly NodeTestimony[] }
  /** Neither seen nor proven absent. */
  | {
      readonly kind: 'unseen';
      /** `lastValidBlockHeight` is past on a healthy node: it can no longer land, though that it did not is unproven. */
      readonly windowClosed: boolean;
      readonly nodes: readonly NodeTestimony[];
    };

export interface LandedEffect {
  readonly fills?: readonly Fill[];
  readonly orderId?: number;
  /** Micro-USD moved to the settled balance by a settle. */
  readonly settledPnl?: string;
  readonly detail?: Json;
}

/** What became of an order that a landed transaction placed. */
export interface OrderReport {
  /** The order is gone in a snapshot at or after the placement's slot, and that snapshot is at this commitment. */
  readonly gone: boolean;
  readonly commitment: 'confirmed' | 'finalized';
  readonly fills: readonly Fill[];
  readonly slot: number;
}

export interface Venue {
  readonly kind: 'paper' | 'drift';
  /** Null: the venue has no explorer (paper). */
  explorerUrl(signature: string): string | null;

  /**
   * One consistent read. A paper venue first walks its market to now, settling each due period in order.
   * @throws TransientError when it cannot be read; CriticalError when the account cannot exist as configured
   */
  read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot>;

  /** Runs the intent against current state without effect. @throws TransientError */
  simulate(intent: Intent): Promise<Simulation>;

  /** Builds and signs, sends nothing. Each call gives another signature. @throws TransientError, CriticalError (no key) */
  sign(intent: Intent): Promise<SignedAttempt>;

  /**
   * Sends the bytes, as often as called: the signature is the idempotency key. Resolving means only that a node took it.
   * `tryNumber` (from 0) picks the route. @throws TransientError when no node took it, or nobody knows whether one did
   */
  submit(attempt: SignedAttempt, tryNumber: number): Promise<void>;

  /** Asks every node once, history included. Never throws for a silent node: silence is a testimony. */
  status(attempt: SignedAttempt): Promise<Sighting>;

  /** The order of a landed placement. @throws TransientError */
  order(attempt: SignedAttempt): Promise<OrderReport>;

  close(): Promise<void>;
}
