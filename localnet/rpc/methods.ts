import type { Node } from '../nodes/node.ts';
import type { ParsedTransaction } from '../wire/transaction.ts';
import type { Params } from './params.ts';

/** What a method may do besides reading its node. */
export interface Network {
  /** Sends it on its way to the leader, through the faults. @param triesLeft null: until its blockhash has died */
  submit(via: string, transaction: ParsedTransaction, triesLeft: number | null): void;
}

/** A JSON-RPC method: its return value becomes `result`; it throws RpcError. */
export type Method = (node: Node, params: Params, network: Network) => unknown;
export type Methods = Readonly<Record<string, Method>>;
