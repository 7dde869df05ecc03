/** Settles unsettled PnL of a market into the quote balance. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function settle(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(settle, input, carried);
}
