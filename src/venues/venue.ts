/** The port of a place to trade. Paper and Drift use the same shapes; nothing here is specific to Drift. */

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
  /** The next period is due already: call again as soon as the engine has finished with this one. */
  readonly more: boolean;
}

/** What a past funding period paid a short: a fraction of the oracle's price in whole 1e-14. */
export interface PastPeriod {
  readonly tsMs: number;
  readonly fraction: number;
}

/** For the watch alone: engines of one process that poll in turns are answered by one read. */
export interface SharedPolls {
  /** This engine's place among them, from 0. */
  readonly turn: number;
  /** `read('confirmed')`, or what was asked for since (wall clock), by whomever. @throws as `read` */
  poll(sinceMs: number): Promise<Snapshot>;
}

export interface Venue {
  readonly kind: VenueName;
  /** Null: the venue has no explorer (paper). */
  explorerUrl(signature: string): string | null;

  /**
   * One consistent read. A paper venue at market speed 1 first brings its market to now and settles each due period in
   * order; in lockstep it reads the market as it is.
   * @throws TransientError when it cannot be read; CriticalError when the account cannot exist as configured
   */
  read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot>;

  /** Absent: a read costs nothing that other engines could share. */
  readonly shared?: SharedPolls;

  /**
   * Only the watch calls it, before each of its reads; absent if no market waits for the engine. In lockstep (a market
   * speed other than 1) only this moves the market: at most to the end of the next period, never ahead of its time, and
   * never while an operation of this engine is running. At speed 1 it does what `read` does.
   * @throws TransientError when the journal cannot be reached
   */
  advance?(): Promise<MarketAdvance>;

  /**
   * Brings the account's books in the journal up to the chain: trades, funding, equity. Only the watch calls
   * it, before each of its reads, busy or not; absent if the venue itself writes them (paper). Its own cursor makes it
   * idempotent: two calls at once, or one that is cut off, write nothing twice.
   * @throws TransientError; then nothing is written, and the next call begins where the last one ended
   */
  keepBooks?(): Promise<void>;

  /**
   * All the past funding that is at hand up to the last read, oldest first, at most a year. Absent: the venue keeps none.
   * @throws TransientError when it cannot be read
   */
  fundingPast?(): Promise<readonly PastPeriod[]>;

  /**
   * Resolves when the account has changed on the venue after the slot of a snapshot, or after `withinMs`: the watch waits
   * for it between two reads, so foreign changes are read at once. Absent: the watch only polls. Never rejects.
   */
  changed?(afterSlot: number, withinMs: number): Promise<void>;

  /**
   * Runs the intent against current state without effect. `seen`: a confirmed snapshot that this venue has just read and
   * that sized the intent; the account is not read again. With any other snapshot, or none, it is.
   * @throws TransientError
   */
  simulate(intent: Intent, seen?: Snapshot): Promise<Simulation>;

  /**
   * Builds and signs, but sends nothing. Each call gives another signature. A recent simulation is signed unchanged, without
   * another read of the account. @param attempt names the attempt to a signer in another process
   * @throws TransientError, CriticalError (no key, or a signer that will not)
   */
  sign(intent: Intent, attempt?: string): Promise<SignedAttempt>;

  /**
   * Sends the bytes at every call; the signature is the idempotency key. Resolving only means that a node took them.
   * `tryNumber` (from 0) selects the route. @throws TransientError when no node took them, or it is unknown whether one did
   */
  submit(attempt: SignedAttempt, tryNumber: number): Promise<void>;

  /** Asks every node once, history included. Never throws for a node that does not respond: that is a testimony too. */
  status(attempt: SignedAttempt): Promise<Sighting>;

  /** The order of a landed placement. @throws TransientError */
  order(attempt: SignedAttempt): Promise<OrderReport>;

  close(): Promise<void>;
}
