/** The one procedure by which money moves: a pure reducer, `step(state, event) -> {state, effects}`. */

/** Windows of the procedure, all in wall milliseconds; tests scale them. */
export interface TransactionTiming {
  /** Confirm watches and rebroadcasts this long, */
  readonly confirmMs: number;
  /** then asks for this long before it may answer unknown. */
  readonly queryMs: number;
  readonly pollMs: number;
  readonly rebroadcastMs: number;
  /** Attempts of one intent, in turn. */
  readonly maxAttempts: number;
  /** Anything but a reduction makes its next attempt only this long after acceptance. */
  readonly nextAttemptWithinMs: number;
  /** An unknown one asks for proof again after this long, doubling up to the maximum. */
  readonly proofMs: number;
  readonly proofMaxMs: number;
  /** `retry` runs only when expiry is proven this long after the verdict. */
  readonly retryVerdictMs: number;
  /** A verdict taken without evidence stays open for proof this long. */
  readonly verdictProofMs: number;
  /** Orders carry maxTs this long after signing. */
  readonly orderLifeMs: number;
}

export const DEFAULT_TIMING: TransactionTiming = {
  confirmMs: 30_000,
  queryMs: 60_000,
  pollMs: 500,
  rebroadcastMs: 2_000,
  maxAttempts: 3,
  nextAttemptWithinMs: 120_000,
  proofMs: 10_000,
  proofMaxMs: 600_000,
  retryVerdictMs: 600_000,
  verdictProofMs: 7 * 86_400_000,
  orderLifeMs: 30_000,
};
