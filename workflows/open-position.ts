/** Places one order, follows it until it is gone, and says what it filled. */
import type { CommandAnswer } from '../src/domain/command.ts';
import type { OperationInput } from './messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

export async function openPosition(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(openPosition, input, carried);
}
