/** A node of the local chain behind a proxy that changes what it answers. */
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { type Reply, scriptedRpc } from './scripted-rpc.ts';

type Json = Record<string, unknown>;
export interface MultipleAccounts {
  readonly context: { readonly slot: number };
  readonly value: readonly (Json | null)[];
}

export interface LyingNode {
  readonly url: string;
  /** Of `getMultipleAccounts`; null: the truth. */
  lie: ((answer: MultipleAccounts, addresses: readonly string[]) => MultipleAccounts | null) | null;
}

/** Denies these accounts. */
export const denying =
  (...denied: readonly string[]): LyingNode['lie'] =>
  ({ context, value }, addresses) => ({
    context,
    value: value.map((account, index) => (denied.includes(addresses[index] ?? '') ? null : account)),
  });

export async function lyingNode(rpcUrl: string): Promise<LyingNode> {
  const state: { lie: LyingNode['lie'] } = { lie: null };
  const forward = async (method: string, params: readonly unknown[]): Promise<Reply> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const reply = (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
    if (reply.error !== undefined) return { error: reply.error };
    if (method !== 'getMultipleAccounts' || state.lie === null) return { result: reply.result };
    const lied = state.lie(reply.result as MultipleAccounts, params[0] as readonly string[]);
    return lied === null ? { status: 500 } : { result: lied };
  };
  const script = new Proxy({}, { get: (_, method) => (params: readonly unknown[]) => forward(String(method), params) });
  const proxy = await scriptedRpc(script);
  onTestFinished(() => proxy.close());
  return Object.assign(state, { url: proxy.url });
}
