/** Makes the account flat: places, and places again what is unfilled; then settles the PnL. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function closePosition(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(closePosition, input, carried);
}
