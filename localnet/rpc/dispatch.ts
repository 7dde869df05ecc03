import type { Node } from '../nodes/node.ts';
import { ACCOUNT_METHODS } from './account-methods.ts';
import { BLOCK_METHODS } from './block-methods.ts';
import { CLUSTER_METHODS } from './cluster-methods.ts';
import type { Methods, Network } from './methods.ts';
import { methodNotFound } from './rpc-error.ts';
import { TRANSACTION_METHODS } from './transaction-methods.ts';

export const METHODS: Methods = {
  ...ACCOUNT_METHODS,
  ...BLOCK_METHODS,
  ...CLUSTER_METHODS,
  ...TRANSACTION_METHODS,
};

/** @throws RpcError */
export function dispatch(node: Node, network: Network, method: string, params: unknown): unknown {
  if (!Object.hasOwn(METHODS, method)) throw methodNotFound();
  return METHODS[method]?.(node, Array.isArray(params) ? params : [], network);
}
