/** Gates on what was planned from a fresh snapshot: evaluated in the workflow, again for each attempt. */

import { decodeSnapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { evaluateGates, type GateOperation, gateError } from '../../src/domain/gates/gates.ts';
import { FULL_HEDGE_PPM } from '../../src/domain/hedge/delta.ts';
import { decodePolicy } from '../../src/domain/hedge/policy.ts';
import { lamports } from '../../src/domain/money/units.ts';
import type { Leg } from '../../src/domain/operation/operation.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import type { TradeKind } from '../../src/domain/order/operations.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { OperationInput } from '../messages.ts';

export function gateRefusal(
  input: OperationInput,
  leg: Leg,
  intent: Intent,
  snapshot: SnapshotJson,
  exposureConfirmed: boolean,
  nowMs: number,
): ErrorReport | null {
  const operation = gateOperation(input, intent, exposureConfirmed);
  // A cancel and the settle after a close take nothing on; the venue has the last word on both.
  if (operation === null || leg.purpose !== 'main') return null;
  const policy = decodePolicy(input.policy);
  return gateError(evaluateGates({ snapshot: decodeSnapshot(snapshot), operation, policy, nowMs }));
}

function gateOperation(input: OperationInput, intent: Intent, exposureConfirmed: boolean): GateOperation | null {
  switch (intent.kind) {
    case 'deposit':
    case 'withdraw':
      return { kind: intent.kind, asset: intent.asset, amount: BigInt(intent.amount), exposureConfirmed };
    case 'settle':
      return { kind: 'settle', market: intent.market };
    case 'cancel_orders':
      return null;
    case 'order':
      return {
        kind: 'trade',
        purpose: tradeKindOf(input.request),
        market: intent.market,
        delta: lamports(intent.side === 'buy' ? BigInt(intent.size) : -BigInt(intent.size)),
        automatic: input.commandId === null,
        exposureConfirmed,
        hedgeTargetPpm: input.hedgeTargetPpm ?? FULL_HEDGE_PPM,
      };
  }
}

/** An order belongs to a trade: capital and settles place none. */
function tradeKindOf({ kind }: OperationRequest): TradeKind {
  if (kind === 'deposit' || kind === 'withdraw' || kind === 'settle') throw new Error(`a ${kind} places no order`);
  return kind;
}
