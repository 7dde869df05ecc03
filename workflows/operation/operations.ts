/** The six operations, each a workflow of its own name: Temporal shows what runs, and all run the same procedure. */
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import type { OperationInput } from '../messages.ts';
import { type CarriedOperation, runOperation } from './transaction.ts';

/** Moves an asset from the wallet into the sub-account. */
export async function deposit(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(deposit, input, carried);
}

/** Moves an asset from the sub-account to the wallet, never by a borrow. */
export async function withdraw(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(withdraw, input, carried);
}

/** Places one order, follows it until it is gone, and reports what it filled. */
export async function openPosition(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(openPosition, input, carried);
}

/** Makes the account flat: places an order, places the unfilled rest again, then settles the PnL. */
export async function closePosition(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(closePosition, input, carried);
}

/** Trades towards the hedge target; reduce-only when it reduces. */
export async function rebalance(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(rebalance, input, carried);
}

/** Settles unsettled PnL of a market into the quote balance. */
export async function settle(input: OperationInput, carried?: CarriedOperation): Promise<CommandAnswer> {
  return await runOperation(settle, input, carried);
}
