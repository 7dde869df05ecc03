/** Gates on what was planned from a fresh snapshot: evaluated in the workflow, again for each attempt. */

import { decodeSnapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { evaluateGates, gateError } from '../../src/domain/gates/gates.ts';
import { readNetDelta } from '../../src/domain/gates/shown.ts';
import { FULL_HEDGE_PPM } from '../../src/domain/hedge/delta.ts';
import { decodePolicy } from '../../src/domain/hedge/policy.ts';
import type { ConfirmedTerms, Leg } from '../../src/domain/operation/operation.ts';
import type { CancelIntent, Intent } from '../../src/domain/order/intent.ts';
import type { OperationRequest, SizedOperation } from '../../src/domain/order/operation-request.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { OperationInput } from '../messages.ts';

export function gateRefusal(
  input: OperationInput,
  leg: Leg,
  intent: Intent,
  snapshot: SnapshotJson,
  { exposure, netDelta }: ConfirmedTerms,
  nowMs: number,
): ErrorReport | null {
  // A cancel and the settle after a close take nothing on; the venue has the last word on both.
  if (leg.purpose !== 'main' || intent.kind === 'cancel_orders') return null;
  return gateError(
    evaluateGates({
      snapshot: decodeSnapshot(snapshot),
      operation: sizedOperation(input.request, intent),
      automatic: input.commandId === null,
      exposureConfirmed: exposure,
      ...(netDelta === undefined ? {} : { shownNetDelta: readNetDelta(netDelta) }),
      hedgeTargetPpm: input.hedgeTargetPpm ?? FULL_HEDGE_PPM,
      policy: decodePolicy(input.policy),
      nowMs,
    }),
  );
}

/** The request with the size that its intent has. */
function sizedOperation(request: OperationRequest, intent: Exclude<Intent, CancelIntent>): SizedOperation {
  if (intent.kind !== 'order') return intent;
  if (!('market' in request) || request.kind === 'settle') throw new Error(`a ${request.kind} places no order`);
  return { kind: request.kind, market: intent.market, size: intent.size };
}
