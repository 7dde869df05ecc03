/** Moves an asset from the wallet into the sub-account. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function deposit(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(deposit, input, carried);
}
