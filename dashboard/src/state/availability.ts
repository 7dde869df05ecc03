/**
 * Why a command cannot be sent now, or null. The engine decides; this only spares a person a certain refusal, by the
 * engine's own table. Where something is unknown the way out stays open.
 */
import { type AdmissionKind, refusalOf } from '../../../src/domain/engine/admission.ts';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import type { DriftState } from '../../../src/protocol/account.ts';
import type { Engine } from '../../../src/protocol/engine.ts';

export interface AvailabilityView {
  readonly connected: boolean;
  readonly engine: Engine | null;
  readonly drift: DriftState | null;
  /** LIVE_PERMISSIONS; null or absent: unknown, or paper, and not held against anything. */
  readonly permissions?: string | null;
}

export type Control = 'start' | 'stop' | 'resume' | 'adopt' | 'resolve' | 'rebalance';

const NOT_CONNECTED = 'Not connected to the engine.';
const NO_MODE = 'The mode (paper or live) is not known yet.';

export function blockedBy(
  kind: Exclude<AdmissionKind, `rebalance_${string}`> | Control,
  view: AvailabilityView,
): string | null {
  if (!view.connected) return NOT_CONNECTED;
  const { engine } = view;
  if (kind === 'start') return engine?.state === 'running' ? 'The engine is already running.' : null;
  // The way out waits for nothing that the page does not know.
  if (kind === 'close' || kind === 'flatten') return null;
  if (engine === null) return NO_MODE;
  switch (kind) {
    case 'stop':
      if (engine.state === 'stopped') return 'The engine is already stopped.';
      return engine.state === 'stopping' ? 'The engine is stopping.' : null;
    case 'resume':
    case 'adopt':
    case 'resolve':
      return null;
    case 'rebalance':
      if (engine.mode === 'live' && view.permissions != null && view.permissions !== 'trading')
        return NOT_PERMITTED.trading;
      return admission(
        (view.drift?.net_delta ?? 0) < 0 ? 'rebalance_reducing' : 'rebalance_enlarging',
        engine,
        view.drift,
      );
    default:
      return forbiddenTo(kind, engine, view.permissions ?? null) ?? admission(kind, engine, view.drift);
  }
}

const NOT_PERMITTED = {
  capital: 'Deposits and withdrawals are disabled (read-only).',
  trading: 'Trading is disabled by the permissions of this engine.',
} as const;

function forbiddenTo(kind: string, { mode }: Engine, permissions: string | null): string | null {
  if (mode !== 'live' || permissions === null || permissions === 'trading') return null;
  if (kind === 'open') return NOT_PERMITTED.trading;
  return permissions === 'read-only' ? NOT_PERMITTED.capital : null;
}

function admission(kind: AdmissionKind, engine: Engine, drift: DriftState | null): string | null {
  if (engine.state === null) return 'The state of the engine is unknown.';
  const positions = drift?.positions ?? null;
  const refusal = refusalOf(kind, {
    state: engine.state,
    holds: (engine.holds ?? []).map((hold) => ({
      code: hold.code as Hold['code'],
      sinceMs: hold.since,
      permits: hold.permits,
      clearedBy: hold.cleared_by,
      reason: hold.reason,
    })),
    // What they do and whether they can still land is for the engine to say: the page does not know.
    unresolved: (engine.unresolved ?? []).map((operationId) => ({
      operationId,
      kind: 'rebalance',
      windowClosed: true,
    })),
    dropped: false,
    hasPosition: positions === null ? null : positions.some((position) => position.amount !== 0),
  });
  return refusal?.message ?? null;
}
