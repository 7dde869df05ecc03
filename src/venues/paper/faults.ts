/** Faults on demand: what happens to transactions, ordered before it happens. */

import type { VenuePauses } from '../../domain/account/snapshot.ts';
import type { ErrorReport } from '../../lib/errors.ts';

export type SubmitFault =
  /** A node accepts it, but it never lands, however often it is sent. */
  | { readonly kind: 'dropped' }
  /** Lands this many slots after the first send, or never if its blockhash has expired by then. */
  | { readonly kind: 'late'; readonly slots: number }
  /** Lands, but the send ends in an error. */
  | { readonly kind: 'reply_lost' }
  /** Does not arrive, and the sender cannot know; the next send counts as the first. */
  | { readonly kind: 'timeout' }
  /** Lands and fails on chain. */
  | { readonly kind: 'fails'; readonly error: ErrorReport }
  /** The order is filled only in part, perhaps some slots after its placement. */
  | { readonly kind: 'fills'; readonly ppm: number; readonly afterSlots?: number };

const OPEN: VenuePauses = {
  deposit: false,
  withdraw: false,
  increase: false,
  reduce: false,
  settle: false,
  detail: null,
};

/** Future faults are kept in memory only; the effect of a past fault on a transaction is in the database. */
export class PaperFaults {
  readonly #simulations: ErrorReport[] = [];
  readonly #submits: SubmitFault[] = [];
  #reads = 0;
  #silent = 0;
  #pauses: VenuePauses = OPEN;

  /** The next simulation fails with this. */
  onSimulate(error: ErrorReport): this {
    this.#simulations.push(error);
    return this;
  }

  /** Applies to the next signature that is sent for the first time. */
  onSubmit(fault: SubmitFault): this {
    this.#submits.push(fault);
    return this;
  }

  /** This many status queries get no answer from any node, so the outcome is unknown. */
  silence(queries: number): this {
    this.#silent = queries;
    return this;
  }

  /** This many reads fail as if the node were down. */
  failReads(reads: number): this {
    this.#reads = reads;
    return this;
  }

  pause(pauses: Partial<VenuePauses>): this {
    this.#pauses = { ...OPEN, ...pauses };
    return this;
  }

  get pauses(): VenuePauses {
    return this.#pauses;
  }

  takeSimulation(): ErrorReport | null {
    return this.#simulations.shift() ?? null;
  }

  takeSubmit(): SubmitFault | null {
    return this.#submits.shift() ?? null;
  }

  takeSilence(): boolean {
    if (this.#silent <= 0) return false;
    this.#silent -= 1;
    return true;
  }

  takeReadFailure(): boolean {
    if (this.#reads <= 0) return false;
    this.#reads -= 1;
    return true;
  }
}
