import type { Block } from '../ledger/block.ts';
import type { Node } from '../nodes/node.ts';
import type { SimulatedExecution } from '../svm/svm.ts';
import type { TransactionError } from '../svm/transaction-error.ts';
import { type ParsedTransaction, signatureOf } from '../wire/transaction.ts';

const refused = (error: TransactionError): SimulatedExecution => ({
  error,
  logs: [],
  inner: [],
  units: 0n,
  returnData: null,
  accounts: new Map(),
});

/**
 * What a node answers about a transaction that is not sent: on the state after `at`, with the checks that a leader
 * would make there. @param anyBlockhash its blockhash is taken as a live one
 */
export function simulate(
  node: Node,
  at: Block,
  transaction: ParsedTransaction,
  how: { readonly checkSignatures: boolean; readonly anyBlockhash: boolean },
): SimulatedExecution {
  const { chain } = node;
  if (!how.anyBlockhash && !chain.isBlockhashValid(transaction.recentBlockhash, at))
    return refused('BlockhashNotFound');
  if (chain.ledger.landingOn(signatureOf(transaction), at) !== null) return refused('AlreadyProcessed');
  return chain.bank.simulateAt(at, transaction, how.checkSignatures);
}
