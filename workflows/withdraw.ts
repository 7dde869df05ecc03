/** Moves an asset from the sub-account to the wallet, never by a borrow. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function withdraw(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(withdraw, input, carried);
}
