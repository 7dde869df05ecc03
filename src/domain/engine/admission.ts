/** Which operation may start under the engine's state: the table of docs/architecture/admission.md, cell by cell. */

import type { ErrorReport } from '../../lib/errors.ts';
import type { CommandRequest } from '../order/command.ts';
import type { OperationKind } from '../order/intent.ts';
import { type EngineState, type Hold, tradingStateOf } from './hold.ts';

export type AdmissionKind =
  | 'deposit'
  | 'withdraw'
  | 'open'
  | 'rebalance_enlarging'
  | 'rebalance_reducing'
  | 'close'
  | 'flatten'
  | 'settle';

export interface AdmissionView {
  readonly state: EngineState;
  readonly holds: readonly Hold[];
  readonly unresolved: readonly {
    readonly operationId: string;
    readonly kind: OperationKind;
    readonly windowClosed: boolean;
  }[];
  /** A fork undid a confirmed transaction that has neither landed again nor been proven dead. */
  readonly dropped: boolean;
  /** Null: not known. */
  readonly hasPosition: boolean | null;
}

const WAYS_OUT: readonly AdmissionKind[] = ['close', 'flatten'];
const CARE: readonly AdmissionKind[] = ['close', 'flatten', 'settle', 'deposit'];
const REDUCING: readonly AdmissionKind[] = ['close', 'flatten', 'rebalance_reducing'];
/** Holds of a person who is done: under them money may leave, once there is no position. */
const DONE_HOLDS: readonly Hold['code'][] = ['stopped', 'flattened'];

export const isWayOut = (kind: AdmissionKind): boolean => WAYS_OUT.includes(kind);

/** Null for commands that start no operation. A rebalance's direction shows only on a snapshot: enlarging until then. */
export function admissionKindOf(request: CommandRequest): AdmissionKind | null {
  switch (request.action) {
    case 'DRIFT_DEPOSIT':
      return 'deposit';
    case 'DRIFT_WITHDRAW':
      return 'withdraw';
    case 'DRIFT_OPEN_POSITION':
      return 'open';
    case 'DRIFT_CLOSE_POSITION':
      return 'close';
    case 'FLATTEN':
      return 'flatten';
    case 'REBALANCE':
      return 'rebalance_enlarging';
    case 'SETTLE_PNL':
      return 'settle';
    default:
      return null;
  }
}

/** Null when the operation may start. */
export function refusalOf(kind: AdmissionKind, view: AdmissionView): ErrorReport | null {
  const unresolved = refusalByUnresolved(kind, view);
  if (unresolved !== null) return unresolved;
  if (view.dropped && !REDUCING.includes(kind)) {
    return {
      code: 'ENGINE_REDUCING',
      message:
        'A fork dropped a confirmed transaction. Until it lands again or is proven dead, only reductions can start.',
    };
  }
  if (CARE.includes(kind)) return null;
  const flat = kind === 'withdraw' && view.hasPosition === false;
  if (flat && mayLeave(view)) return null;
  if (view.state !== 'running' && !flat) {
    // A person stopped to withdraw: starting again is not what is missing.
    return {
      code: 'ENGINE_STOPPED',
      message:
        kind === 'withdraw'
          ? 'The engine is stopped with an open position. Close the position first (CLOSE works while stopped), or start the engine (START_ENGINE).'
          : 'The engine is stopped. Start it first (START_ENGINE). Closing, settling and depositing also work while it is stopped.',
      details: { state: view.state },
    };
  }
  const trading = tradingStateOf(view.holds);
  if (trading === 'active' || (trading === 'reducing' && REDUCING.includes(kind))) return null;
  const reasons = view.holds.map((hold) => ({ code: hold.code, reason: hold.reason, cleared_by: hold.clearedBy }));
  return trading === 'halted'
    ? { code: 'ENGINE_HALTED', message: `Trading is halted: ${reasonsText(view.holds)}`, details: { holds: reasons } }
    : {
        code: 'ENGINE_REDUCING',
        message: `Only reductions are possible now: ${reasonsText(view.holds)}`,
        details: { holds: reasons },
      };
}

/** What merely keeps from enlarging keeps nobody's money in once they have stopped or flattened. */
function mayLeave({ state, holds }: AdmissionView): boolean {
  if (holds.every(({ code }) => DONE_HOLDS.includes(code))) return true;
  const done = state !== 'running' || holds.some(({ code }) => DONE_HOLDS.includes(code));
  return done && holds.every(({ code, permits }) => permits === 'reducing' || DONE_HOLDS.includes(code));
}

function refusalByUnresolved(kind: AdmissionKind, view: AdmissionView): ErrorReport | null {
  if (view.unresolved.length === 0) return null;
  const operations = view.unresolved.map((operation) => operation.operationId);
  const report = (message: string): ErrorReport => ({ code: 'ACCOUNT_UNRESOLVED', message, details: { operations } });
  if (!CARE.includes(kind)) {
    return report(
      'A transaction of this account is unresolved. Until it is resolved you can only close, flatten, settle or deposit.',
    );
  }
  if (!view.unresolved.every((operation) => operation.windowClosed)) {
    return report(
      'A transaction of this account is unresolved and may still land. Try again when it can no longer land.',
    );
  }
  if (kind === 'deposit' && view.unresolved.some((operation) => operation.kind === 'deposit')) {
    return report('A deposit of this account is unresolved. If it lands, another deposit would double it.');
  }
  return null;
}

const reasonsText = (holds: readonly Hold[]): string => holds.map((hold) => hold.reason).join(' · ');
