/** Trades towards the hedge target; reduce-only where it reduces. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function rebalance(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(rebalance, input, carried);
}
