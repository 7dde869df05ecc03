/**
 * What a person asked to be closed and still stands: remembered from the command to a look at a flat account, so that a
 * critical alert stands whenever nothing works on it any longer, whatever ended the work.
 */
import { alertReason, raised } from '../alerts/alert.ts';
import { formatSol } from '../money/amounts.ts';
import { abs } from '../money/units.ts';
import { isExit, OPERATIONS, type OperationKind } from '../order/operations.ts';
import { type Hold, withHold, withoutHold } from './hold.ts';

export interface Closing {
  readonly operationId: string;
  /** The command is in line, or waits for the venue: that is work too. */
  readonly waits: boolean;
}

/** The part of the engine's state that this is about. */
interface ClosingState {
  readonly closing: Closing | null;
  readonly holds: readonly Hold[];
  readonly expectedPerp: string | null;
  readonly operations: readonly { readonly operationId: string; readonly kind: OperationKind }[];
}

/** CLOSE or FLATTEN was taken, and waits for its turn. */
export const awaitExit = <State extends ClosingState>(engine: State, operationId: string): State => ({
  ...engine,
  closing: { operationId, waits: true },
});

/** The command that waited is refused: nothing was sent for it. `why`: a sentence. */
export const exitInVain = <State extends ClosingState>(
  engine: State,
  operationId: string,
  why: string,
  nowMs: number,
): State =>
  engine.closing?.operationId === operationId
    ? leftOpen(engine, { operationId, why, perp: engine.expectedPerp }, nowMs)
    : engine;

/** It had nothing to close, or is no command of ours. */
export const forgetExit = <State extends ClosingState>(engine: State, operationId: string): State =>
  engine.closing?.operationId === operationId ? { ...engine, closing: null } : engine;

/** An operation starts: an exit works on the open position; after OPEN or REBALANCE a person wants a position again. */
export function closingAtStart<State extends ClosingState>(
  engine: State,
  { kind, operationId }: { readonly kind: OperationKind; readonly operationId: string },
): State {
  if (isExit(kind)) return { ...lifted(engine), closing: { operationId, waits: false } };
  return kind === 'open' || kind === 'rebalance' ? keptOpen(engine) : engine;
}

/** A person accepts the position as it is. */
export const keptOpen = <State extends ClosingState>(engine: State): State => ({ ...lifted(engine), closing: null });

/** An exit reported its end, or gave the slot back for the last time. A later exit is at work already, or none is. */
export function closingAtEnd<State extends ClosingState>(
  engine: State,
  { operationId, why }: { readonly operationId: string; readonly why: string | null },
  isFlat: boolean,
  nowMs: number,
): State {
  if (isFlat || (engine.closing !== null && engine.closing.operationId !== operationId)) return engine;
  return leftOpen(engine, { operationId, why, perp: engine.expectedPerp }, nowMs);
}

/** A look at an account that nothing of ours can move: it is flat, or the position is still open. */
export function lookAtClosing<State extends ClosingState>(engine: State, perp: string, nowMs: number): State {
  const { closing } = engine;
  if (perp === '0') {
    // Until what made it so is final, a fork may bring the position back.
    const isFinal = !engine.operations.some(({ kind }) => OPERATIONS[kind].trades);
    return isFinal && closing?.waits !== true ? keptOpen(engine) : lifted(engine);
  }
  if (closing === null || closing.waits) return engine;
  return leftOpen(engine, { operationId: closing.operationId, why: null, perp }, nowMs);
}

const lifted = <State extends ClosingState>(engine: State): State =>
  engine.holds.some(({ code }) => code === 'left_open')
    ? { ...engine, holds: withoutHold(engine.holds, 'left_open') }
    : engine;

/** The open position, as far as it is known; `why` says in words what kept it open. */
interface Left {
  readonly operationId: string;
  readonly why: string | null;
  readonly perp: string | null;
}

/** The same again changes nothing, so that a look that shows nothing new starts nothing. */
function leftOpen<State extends ClosingState>(engine: State, { operationId, why, perp }: Left, nowMs: number): State {
  const closing = { operationId, waits: false };
  const standing = engine.holds.find(({ code }) => code === 'left_open');
  const remaining = perp === null ? null : formatSol(abs(BigInt(perp)));
  const cause = why ?? (typeof standing?.details?.why === 'string' ? standing.details.why : null);
  const reason = alertReason(raised('POSITION_LEFT_OPEN', { remaining, why: cause }));
  if (standing?.reason === reason) return { ...engine, closing };
  const details = { alert: 'POSITION_LEFT_OPEN', remaining, why: cause, operation_id: operationId };
  const hold: Hold = { code: 'left_open', sinceMs: nowMs, permits: 'reducing', clearedBy: 'person', reason, details };
  return { ...engine, closing, holds: withHold(engine.holds, hold) };
}
