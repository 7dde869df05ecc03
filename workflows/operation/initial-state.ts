/** An operation's state before its first event: pure, so that a recorded history can begin where its workflow began. */
import type { OperationState } from '../../src/domain/operation/operation.ts';
import { newOperation } from '../../src/domain/operation/operation-step.ts';
import type { OperationInput } from '../messages.ts';

export function initialState(input: OperationInput): OperationState {
  const state = newOperation(
    {
      operationId: input.operationId,
      engineId: input.engineId,
      mode: input.policy.mode,
      commandId: input.commandId,
      request: input.request,
      acceptedAtMs: input.acceptedAtMs,
      timing: input.timing,
      freshMs: input.policy.maxSnapshotAgeMs,
      hadPosition: input.hadPosition ?? false,
      ...(input.quoteAsset === undefined ? {} : { quoteAsset: input.quoteAsset }),
      ...(input.rules === undefined ? {} : { rules: input.rules }),
      ...(input.fromBackup === undefined ? {} : { fromBackup: input.fromBackup }),
    },
    {
      priceLimit: input.confirmedPriceLimit,
      exposure: input.exposureConfirmed,
      ...(input.shownNetDelta === undefined ? {} : { netDelta: input.shownNetDelta }),
    },
    input.recovered,
  );
  return input.restored === undefined ? state : { ...state, reports: input.restored.reports };
}
