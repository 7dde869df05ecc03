/** Which operation may start under the engine's state: the table of docs/architecture/admission.md, cell by cell. */

import type { ErrorReport } from '../../lib/errors.ts';
import type { AdmissionRow, OperationKind } from '../order/operations.ts';
import { type EngineState, type Hold, tradingStateOf } from './hold.ts';

export interface AdmissionView {
  readonly state: EngineState;
  readonly holds: readonly Hold[];
  readonly unresolved: readonly {
    readonly operationId: string;
    readonly kind: OperationKind;
    readonly windowClosed: boolean;
  }[];
  /** A fork undid a confirmed transaction, and it has neither landed again nor been proven dead. */
  readonly dropped: boolean;
  /** Null: not known. */
  readonly hasPosition: boolean | null;
}

const CARE: readonly AdmissionRow[] = ['close', 'flatten', 'settle', 'deposit'];
const REDUCING: readonly AdmissionRow[] = ['close', 'flatten', 'rebalance_reducing'];
/** Holds of a person who is done: under them money may leave, once there is no position. */
const DONE_HOLDS: readonly Hold['code'][] = ['stopped', 'flattened'];

/** Null when the operation may start. */
export function refusalOf(row: AdmissionRow, view: AdmissionView): ErrorReport | null {
  const unresolved = refusalByUnresolved(row, view);
  if (unresolved !== null) return unresolved;
  if (view.dropped && !REDUCING.includes(row)) {
    return {
      code: 'ENGINE_REDUCING',
      message:
        'A fork dropped a confirmed transaction. Until it lands again or is proven dead, only reductions can start.',
    };
  }
  if (CARE.includes(row)) return null;
  const flat = row === 'withdraw' && view.hasPosition === false;
  if (flat && mayLeave(view)) return null;
  if (view.state !== 'running' && !flat) {
    // A person stopped the engine to withdraw, so the remedy is not to start it again.
    return {
      code: 'ENGINE_STOPPED',
      message:
        row === 'withdraw'
          ? 'The engine is stopped with an open position. Close the position first (CLOSE works while stopped), or start the engine (START_ENGINE).'
          : 'The engine is stopped. Start it first (START_ENGINE). Closing, settling and depositing also work while it is stopped.',
      details: { state: view.state },
    };
  }
  const trading = tradingStateOf(view.holds);
  if (trading === 'active' || (trading === 'reducing' && REDUCING.includes(row))) return null;
  const reasons = view.holds.map((hold) => ({ code: hold.code, reason: hold.reason, cleared_by: hold.clearedBy }));
  return trading === 'halted'
    ? { code: 'ENGINE_HALTED', message: `Trading is halted: ${reasonsText(view.holds)}`, details: { holds: reasons } }
    : {
        code: 'ENGINE_REDUCING',
        message: `Only reductions are possible now: ${reasonsText(view.holds)}`,
        details: { holds: reasons },
      };
}

/** A restriction that only forbids enlarging does not block withdrawals once a person has stopped or flattened. */
function mayLeave({ state, holds }: AdmissionView): boolean {
  if (holds.every(({ code }) => DONE_HOLDS.includes(code))) return true;
  const done = state !== 'running' || holds.some(({ code }) => DONE_HOLDS.includes(code));
  return done && holds.every(({ code, permits }) => permits === 'reducing' || DONE_HOLDS.includes(code));
}

function refusalByUnresolved(row: AdmissionRow, view: AdmissionView): ErrorReport | null {
  if (view.unresolved.length === 0) return null;
  const operations = view.unresolved.map((operation) => operation.operationId);
  const report = (message: string): ErrorReport => ({ code: 'ACCOUNT_UNRESOLVED', message, details: { operations } });
  if (!CARE.includes(row)) {
    return report(
      'A transaction of this account is unresolved. Until it is resolved you can only close, flatten, settle or deposit.',
    );
  }
  if (!view.unresolved.every((operation) => operation.windowClosed)) {
    return report(
      'A transaction of this account is unresolved and may still land. Try again when it can no longer land.',
    );
  }
  if (row === 'deposit' && view.unresolved.some((operation) => operation.kind === 'deposit')) {
    return report('A deposit of this account is unresolved. If it lands, another deposit would double it.');
  }
  return null;
}

const reasonsText = (holds: readonly Hold[]): string => holds.map((hold) => hold.reason).join(' · ');
