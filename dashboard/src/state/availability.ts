/**
 * Why a command cannot be sent now, or null. The engine decides; this only avoids certain refusals, by the engine's own
 * table. If something is unknown, exits stay possible.
 */
import { pauseWord } from '../../../src/domain/account/venue-pauses.ts';
import { refusalOf } from '../../../src/domain/engine/admission.ts';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import type { Mode } from '../../../src/domain/order/command.ts';
import {
  type AdmissionRow,
  admissionRow,
  isExit,
  OPERATIONS,
  type OperationKind,
} from '../../../src/domain/order/operations.ts';
import type { DriftState } from '../../../src/protocol/account.ts';
import type { Engine } from '../../../src/protocol/engine.ts';

export interface AvailabilityView {
  readonly connected: boolean;
  /** What this page's token opens; null or absent: unknown, and then it blocks nothing. */
  readonly access?: 'full' | 'read' | null;
  readonly engine: Engine | null;
  readonly drift: DriftState | null;
  /** LIVE_PERMISSIONS; null or absent: unknown, or paper, and then it blocks nothing. */
  readonly permissions?: string | null;
  /** What the venue refuses now, in its words. Absent: unknown, and then it blocks nothing. */
  readonly forbids?: readonly string[];
}

export type Control = 'start' | 'stop' | 'resume' | 'adopt' | 'resolve' | 'consent';
/** The operations that a person can command; the engine's own decisions have no button. */
type CommandedKind = Exclude<OperationKind, 'correct' | 'guard' | 'enter' | 'leave'>;

const NOT_CONNECTED = 'Not connected to the engine.';
const READ_TOKEN =
  'This page was opened with the read-only token. To send commands, open it with the address that `npm start` printed.';
const NO_MODE = 'The mode (paper or live) is not known yet.';

export function blockedBy(kind: CommandedKind | Control, view: AvailabilityView): string | null {
  if (!view.connected) return NOT_CONNECTED;
  if (view.access === 'read') return READ_TOKEN;
  const { engine } = view;
  if (kind === 'start') return engine?.state === 'running' ? 'The engine is already running.' : null;
  // An exit waits for nothing that the page does not know: only a missing permission is certain to refuse it.
  if (isCommanded(kind) && isExit(kind)) {
    return engine === null ? null : forbiddenTo(kind, engine, view.permissions ?? null);
  }
  if (engine === null) return NO_MODE;
  switch (kind) {
    case 'stop':
      if (engine.state === 'stopped') return 'The engine is already stopped.';
      return engine.state === 'stopping' ? 'The engine is stopping.' : null;
    case 'resume':
    case 'adopt':
    case 'resolve':
      return null;
    case 'consent':
      return forbiddenTo('enter', engine, view.permissions ?? null);
    default: {
      if (kind === 'rebalance' && isFlat(view.drift)) return 'There is no position to rebalance. Open one first.';
      const reducing = kind === 'rebalance' && (view.drift?.net_delta ?? 0) < 0;
      return (
        forbiddenTo(kind, engine, view.permissions ?? null) ??
        pausedFor(kind, reducing, view.forbids ?? []) ??
        admission(admissionRow(kind, reducing), engine, view.drift)
      );
    }
  }
}

/** One process runs one mode: the other one needs another start. */
export function startBlocked(mode: Mode, view: AvailabilityView): string | null {
  const runs = view.engine?.mode ?? null;
  if (view.connected && runs !== null && runs !== mode) {
    return `This engine runs in ${runs} mode. To start ${mode}, stop this engine, end the program, and start it with ENGINE_MODE=${mode}.`;
  }
  return blockedBy('start', view);
}

/** Known to have no position. */
const isFlat = (drift: DriftState | null): boolean =>
  drift?.positions?.every((position) => position.amount === 0) === true;

const isCommanded = (kind: CommandedKind | Control): kind is CommandedKind => kind in OPERATIONS;

const NOT_PERMITTED = {
  readOnly: 'Trading is disabled (read-only). LIVE_PERMISSIONS sets what this engine may send.',
  capital: 'Deposits and withdrawals are disabled (read-only).',
  trading: 'Trading is disabled (LIVE_PERMISSIONS allows deposits and withdrawals only).',
} as const;

function forbiddenTo(kind: OperationKind, { mode }: Engine, permissions: string | null): string | null {
  if (mode !== 'live' || permissions === null || permissions === 'trading') return null;
  if (OPERATIONS[kind].permission === 'trading') {
    return permissions === 'read-only' ? NOT_PERMITTED.readOnly : NOT_PERMITTED.trading;
  }
  return permissions === 'read-only' ? NOT_PERMITTED.capital : null;
}

/** A pause of single assets blocks nothing here: the other asset may go. */
function pausedFor(kind: CommandedKind, reducing: boolean, forbids: readonly string[]): string | null {
  const trade = OPERATIONS[kind].trades ? (reducing ? 'reduce' : 'increase') : null;
  const word = pauseWord(trade ?? (kind as 'deposit' | 'withdraw' | 'settle'));
  return forbids.includes(word) ? `The venue has paused ${word}.` : null;
}

function admission(row: AdmissionRow, engine: Engine, drift: DriftState | null): string | null {
  if (engine.state === null) return 'The state of the engine is unknown.';
  const positions = drift?.positions ?? null;
  const refusal = refusalOf(row, {
    state: engine.state,
    holds: (engine.holds ?? []).map((hold) => ({
      code: hold.code as Hold['code'],
      sinceMs: hold.since,
      permits: hold.permits,
      clearedBy: hold.cleared_by,
      reason: hold.reason,
    })),
    // Only the engine knows what they do and whether they can still land.
    unresolved: (engine.unresolved ?? []).map((operationId) => ({
      operationId,
      kind: 'rebalance',
      windowClosed: true,
    })),
    dropped: false,
    hasPosition: positions === null ? null : !isFlat(drift),
  });
  return refusal?.message ?? null;
}
