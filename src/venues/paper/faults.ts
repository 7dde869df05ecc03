/** Faults on demand: what a chain does to an honest transaction, told to the paper venue before it happens. */

import type { VenuePauses } from '../../domain/account/snapshot.ts';
import type { ErrorReport } from '../../lib/errors.ts';

export type SubmitFault =
  /** A node takes it and it never lands, however often it is sent. */
  | { readonly kind: 'dropped' }
  /** Lands so many slots after the first send; never, when its blockhash is over by then. */
  | { readonly kind: 'late'; readonly slots: number }
  /** Lands, and the send ends in an error all the same. */
  | { readonly kind: 'reply_lost' }
  /** Does not arrive, and nobody knows: the next send is a new one. */
  | { readonly kind: 'timeout' }
  /** Lands and fails on chain. */
  | { readonly kind: 'fails'; readonly error: ErrorReport }
  /** The order is filled only in part, and perhaps only so many slots after its placement. */
  | { readonly kind: 'fills'; readonly ppm: number; readonly afterSlots?: number };

const OPEN: VenuePauses = {
  deposit: false,
  withdraw: false,
  increase: false,
  reduce: false,
  settle: false,
  detail: null,
};

/** In memory of the process: what a fault did to a transaction stands in the database, what is still to come does not. */
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

  /** The next signature that is sent for the first time meets this. */
  onSubmit(fault: SubmitFault): this {
    this.#submits.push(fault);
    return this;
  }

  /** The next so many status queries get no answer from any node: the outcome is unknown. */
  silence(queries: number): this {
    this.#silent = queries;
    return this;
  }

  /** The next so many reads fail as if the node were down. */
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
