/** An error of JSON-RPC with the numbers that Solana's validators give (agave: rpc-client-api's custom errors). */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const invalidParams = (message: string): RpcError => new RpcError(-32602, message);
export const methodNotFound = (): RpcError => new RpcError(-32601, 'Method not found');
export const preflightFailed = (why: string, data: unknown): RpcError =>
  new RpcError(-32002, `Transaction simulation failed: ${why}`, data);
export const signaturesFailed = (): RpcError => new RpcError(-32003, 'Transaction signature verification failure');
export const nodeBehind = (slots: number): RpcError =>
  new RpcError(-32005, `Node is behind by ${slots} slots`, { numSlotsBehind: slots });
export const blockNotAvailable = (slot: number): RpcError =>
  new RpcError(-32004, `Block not available for slot ${slot}`);
export const blockCleanedUp = (slot: number, first: number): RpcError =>
  new RpcError(-32001, `Block ${slot} cleaned up, does not exist on node. First available block: ${first}`);
export const slotSkipped = (slot: number): RpcError =>
  new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);
export const historyNotAvailable = (): RpcError =>
  new RpcError(-32011, 'Transaction history is not available from this node');
export const versionUnsupported = (version: number): RpcError =>
  new RpcError(
    -32015,
    `Transaction version (${version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`,
  );
export const minContextSlot = (contextSlot: number): RpcError =>
  new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot });
