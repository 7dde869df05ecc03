import {
  Connection,
  type ConnectionConfig,
  Keypair,
  type PublicKey,
  SystemProgram,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { type Localnet, type LocalnetOptions, startLocalnet } from '../../index.ts';
import { toBase58 } from '../../wire/base58.ts';
import { onTestFinished } from './on-test-finished.ts';

export const SOL = 1_000_000_000n;
/** Of a transaction with one signature and no priority fee. */
export const FEE = 5_000n;

/** A chain whose time stands still between `advance`s, with no skipped slots; ends with the test. */
export async function stillChain(options: LocalnetOptions = {}): Promise<Localnet> {
  const net = await startLocalnet({ paused: true, skipShare: 0, ...options });
  onTestFinished(() => net.stop());
  return net;
}

interface ReconnectingSocket {
  setAutoReconnect(on: boolean): void;
  close(): void;
}

/** web3.js on a node, as a program would open it. It does not repeat a 429 by itself, so that tests see it. */
export function connect(net: Localnet, config: ConnectionConfig = {}, node = 0): Connection {
  const { rpcUrl } = net.nodes[node] as Localnet['nodes'][number];
  const connection = new Connection(rpcUrl, { commitment: 'processed', disableRetryOnRateLimit: true, ...config });
  // Else its socket goes on looking for the chain when that has ended.
  const { _rpcWebSocket: socket } = connection as unknown as { _rpcWebSocket: ReconnectingSocket };
  onTestFinished(() => {
    socket.setAutoReconnect(false);
    socket.close();
  });
  return connection;
}

/** A new wallet with that much, in a block already. */
export async function wallet(net: Localnet, lamports = 10n * SOL): Promise<Keypair> {
  const keypair = Keypair.generate();
  net.airdrop(keypair.publicKey.toBase58(), lamports);
  await net.advance(1);
  return keypair;
}

export interface Payment {
  readonly signature: string;
  readonly wire: Uint8Array;
  readonly to: PublicKey;
  readonly transaction: VersionedTransaction;
}

/** A signed transfer that is not sent yet, by default to a new account. */
export function payment(
  net: Localnet,
  from: Keypair,
  lamports = SOL,
  to: PublicKey = Keypair.generate().publicKey,
  blockhash = net.chain.head.blockhash,
): Payment {
  const transfer = SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports: Number(lamports) });
  const message = new TransactionMessage({
    payerKey: from.publicKey,
    recentBlockhash: blockhash,
    instructions: [transfer],
  }).compileToV0Message();
  const transaction = new VersionedTransaction(message);
  transaction.sign([from]);
  const signature = toBase58(transaction.signatures[0] as Uint8Array);
  return { signature, wire: transaction.serialize(), to, transaction };
}

/** The chain's own balance, without nodes or faults. */
export const balance = (net: Localnet, address: PublicKey): bigint =>
  net.chain.bank.accountAt(net.chain.head, address.toBase58())?.lamports ?? 0n;

export async function call(url: string, method: string, ...params: unknown[]): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}

/** The answer of one JSON-RPC call. @throws Error with code and message when it is an error */
export async function ask<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const { result, error } = (await (await call(url, method, ...params)).json()) as {
    result: T;
    error?: { code: number; message: string };
  };
  if (error !== undefined) throw new Error(`${error.code} ${error.message}`);
  return result;
}

export const isBlockhashValid = async (net: Localnet, blockhash: string): Promise<boolean> =>
  (await ask<{ value: boolean }>(net.rpcUrl, 'isBlockhashValid', blockhash, { commitment: 'processed' })).value;
