/** An operation's reports to its engine: plain JSON, sent by signal. */

import type { ErrorReport } from '../../lib/errors.ts';
import type { CommandAnswer } from '../order/command.ts';
import type { OperationKind } from '../order/operations.ts';

/** `sequence` grows, so that a report is taken once. */
export interface OperationReport {
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly sequence: number;
  readonly stage: string;
  /**
   * running: it holds the operation slot · released: confirmed (or its order is gone), the slot is free, the answer
   * stands · unresolved: its outcome is unknown, it left the slot and is a hold · dropped: a fork undid a confirmed
   * one, only reducing operations start until it has landed again or is dead · ended: final.
   */
  readonly phase: 'running' | 'released' | 'unresolved' | 'dropped' | 'ended';
  readonly reducing: boolean;
  /** Given with released, unresolved and ended; and with running once the goal is reached and a settle follows. */
  readonly answer: CommandAnswer | null;
  /** Signed lamports by which the perp changed through this operation, so far. */
  readonly perpChange: string;
  /** With unresolved: it can no longer land (its window is closed on a healthy node), so exits may start. */
  readonly windowClosed: boolean;
  /** With ended: a person's verdict stands and evidence later contradicted it. */
  readonly contradicted: boolean;
  readonly error: ErrorReport | null;
  /** With a closed window: finalized slot from which on an account shows all that it did. Absent: none was told. */
  readonly closedSlot?: number;
  /** With an open window: by when it should be closed, by our clock. */
  readonly latestEndMs?: number;
  /** An order of it is over and its fill is unknown: `perpChange` may lack it. */
  readonly fillUnknown?: boolean;
  /** Of an exit: its goal is reached. Absent: no exit, or an older version. */
  readonly flat?: boolean;
  /** A person's retry has its proof, or a close may go on after an attempt that was unknown: it asks for the operation slot: grant it by the signal `slotGranted`. */
  readonly wantsSlot?: boolean;
  /** A verdict stands without proof that came straight to Temporal: nothing is enlarged until a person accepts it. */
  readonly unaccepted?: boolean;
}
