/** The port that a place to trade implements. Paper and Drift answer with the same shapes; nothing here is Drift's. */

import type { Snapshot } from '../domain/account/snapshot.ts';
import type { Intent } from '../domain/order/intent.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../domain/transaction/attempt.ts';
import type { ErrorReport } from '../lib/errors.ts';
import type { VenueName } from '../lib/ids.ts';

export type {
  LandedEffect,
  NodeTestimony,
  OrderReport,
  Sighting,
  SignedAttempt,
} from '../domain/transaction/attempt.ts';

export type Simulation =
  | { readonly ok: true; readonly logs: readonly string[]; readonly costLamports: string }
  /** code: SIMULATION_FAILED, or a validation code of the venue (INSUFFICIENT_FUNDS, VENUE_PAUSED, …). */
  | { readonly ok: false; readonly error: ErrorReport };

export interface MarketAdvance {
  /** Market time moved. */
  readonly moved: boolean;
  /** The next period is due already: ask again as soon as the engine is done with this one. */
  readonly more: boolean;
}

export interface Venue {
  readonly kind: VenueName;
  /** Null: the venue has no explorer (paper). */
  explorerUrl(signature: string): string | null;

  /**
   * One consistent read. A paper venue at market speed 1 first walks its market to now, settling each due period in
   * order; in lockstep it reads where the market stands.
   * @throws TransientError when it cannot be read; CriticalError when the account cannot exist as configured
   */
  read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot>;

  /**
   * Called by the watch before each of its reads, and by nobody else; absent where no market waits for the engine.
   * In lockstep (a market speed other than 1) this alone moves the market: to the end of the next period at most, not
   * before its time, and not while an operation of this engine is running. At speed 1 it does what `read` does.
   * @throws TransientError when the journal cannot be reached
   */
  advance?(): Promise<MarketAdvance>;

  /**
   * Brings the account's books in the journal up to the chain: trades, funding, equity. Called by the watch before each of
   * its reads, busy or not, and by nobody else; absent where the venue itself writes them (paper). Idempotent, by its own
   * cursor: two at once, or one that is cut off, write nothing twice.
   * @throws TransientError; nothing is written then, and the next call begins where the last one ended
   */
  keepBooks?(): Promise<void>;

  /**
   * Resolves when the account has changed on the venue after the slot of a snapshot, or after `withinMs`: the watch waits
   * on it between two reads, so that what others do is read at once. Absent: it polls only. Never rejects.
   */
  changed?(afterSlot: number, withinMs: number): Promise<void>;

  /**
   * Runs the intent against current state without effect. `seen`: a confirmed snapshot that this venue has just read, by
   * which the intent was sized; the account is not read again for it. Any other snapshot, or none, costs a fresh read.
   * @throws TransientError
   */
  simulate(intent: Intent, seen?: Snapshot): Promise<Simulation>;

  /**
   * Builds and signs, sends nothing. Each call gives another signature. What was simulated a moment ago is signed as it
   * was, without another read of the account. @throws TransientError, CriticalError (no key)
   */
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
