/**
 * A venue whose deposits are transfers of real SOL on a real chain: from the wallet to a vault that has a key of its own,
 * and back. Nothing is traded here. All else (building, signing, landing, proof) is the product's own `src/chain`.
 */
import { Keypair, PublicKey, SystemProgram } from '@solana/web3.js';
import { loadSigner } from '../../src/chain/local-signer.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { type ChainLogger, SolanaChain, type SolanaChainOptions } from '../../src/chain/solana-chain.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { lamports, microUsd } from '../../src/domain/money/units.ts';
import { type Intent, intentAmount } from '../../src/domain/order/intent.ts';
import { fromBase58, toBase58 } from '../../src/lib/base58.ts';
import { TransientError, ValidationError } from '../../src/lib/errors.ts';
import { engineIdOf } from '../../src/lib/ids.ts';
import type { OrderReport, Sighting, SignedAttempt, Simulation, Venue } from '../../src/venues/venue.ts';
import { snapshotOf } from './snapshots.ts';

/** Plain JSON, so that it can be handed to a worker in another process. Keys are base58 of 64 bytes. */
export interface TransferAccount {
  /** `engine:drift:<wallet address>:0`: on a chain, so that live rules apply. */
  readonly engineId: string;
  readonly walletKey: string;
  readonly vaultKey: string;
  readonly wallet: string;
  readonly vault: string;
}

/** Where its chain is, and how patient it is with its nodes. */
export interface TransferChain {
  readonly rpcUrls: readonly string[];
  readonly rpcWsUrl?: string | null;
  /** Null or absent: RPC only. */
  readonly jitoUrl?: string | null;
  readonly slotMs?: number;
  readonly timeoutMs?: number;
  readonly mutePatienceMs?: number;
  readonly newsWaitMs?: number;
}

/** New keys; its wallet and vault have yet to be funded (a vault below the rent minimum cannot be made). */
export function newTransferAccount(): TransferAccount {
  const [wallet, vault] = [Keypair.generate(), Keypair.generate()];
  const address = wallet.publicKey.toBase58();
  return {
    engineId: engineIdOf({ venue: 'drift', authority: address, subAccount: 0 }),
    walletKey: toBase58(wallet.secretKey),
    vaultKey: toBase58(vault.secretKey),
    wallet: address,
    vault: vault.publicKey.toBase58(),
  };
}

export const transferKeypair = (key: string): Keypair => Keypair.fromSecretKey(fromBase58(key) ?? new Uint8Array());

/** Above the rent minimum: tip accounts of a local chain are empty. */
const TIP_LAMPORTS = 1_000_000;
/** What a transaction costs at most: the gas gate leaves it aside. */
const COST = lamports(1_020_000n);

export class TransferVenue implements Venue {
  readonly kind = 'drift';
  readonly account: TransferAccount;
  readonly #wallet: SolanaChain;
  readonly #vault: SolanaChain;

  constructor(account: TransferAccount, where: TransferChain, logger?: ChainLogger) {
    this.account = account;
    const told = logger === undefined ? {} : { logger };
    this.#wallet = new SolanaChain({ ...chainOptions(account.walletKey, where), ...told });
    this.#vault = new SolanaChain({ ...chainOptions(account.vaultKey, where), ...told });
  }

  /** HTTP requests so far. */
  get calls(): number {
    return this.#wallet.calls + this.#vault.calls;
  }

  explorerUrl = (signature: string): string => `https://explorer.test/tx/${signature}`;

  async read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot> {
    const { engineId, wallet, vault } = this.account;
    const takenAtMs = Date.now();
    const { pool } = this.#wallet;
    const params = [[wallet, vault], { commitment, encoding: 'base64', dataSlice: { offset: 0, length: 0 } }];
    const { slot, balances } = await pool.read('getMultipleAccounts', params, readBalances);
    pool.sawSlot(slot);
    const [inWallet = 0n, inVault = 0n] = balances;
    const base = snapshotOf({ usdc: 0, sol: 0 });
    const spot = base.account?.spot.map((one) => (one.marketIndex === 1 ? { ...one, scaledBalance: inVault } : one));
    return {
      ...base,
      engineId,
      slot,
      commitment,
      takenAtMs,
      marketTimeMs: takenAtMs,
      account: base.account === null || spot === undefined ? null : { ...base.account, spot },
      wallet: { sol: lamports(inWallet), quote: microUsd(0n) },
      feed: { ...base.feed, feed: 'transfers' },
      equity: null,
      equityBaseline: null,
      rpcLatencyMs: pool.latencyMs(),
      transactionCostLamports: COST,
    };
  }

  async simulate(intent: Intent): Promise<Simulation> {
    const { chain, draft } = this.#plan(intent);
    return await chain.simulate(draft);
  }

  async sign(intent: Intent): Promise<SignedAttempt> {
    const { chain, draft } = this.#plan(intent);
    return await chain.sign(draft);
  }

  // Bytes carry their signatures: which of the two sends and asks makes no difference to the chain.
  submit = (attempt: SignedAttempt, tryNumber: number): Promise<void> => this.#wallet.submit(attempt, tryNumber);
  status = (attempt: SignedAttempt): Promise<Sighting> => this.#wallet.status(attempt);

  async order(): Promise<OrderReport> {
    throw new TransientError('UNAVAILABLE', 'Nothing is traded on this venue.');
  }

  async close(): Promise<void> {
    this.#wallet.close();
    this.#vault.close();
  }

  #plan(intent: Intent) {
    if (intent.kind !== 'deposit' && intent.kind !== 'withdraw') {
      throw new ValidationError('INVALID_FIELD', `A ${intent.kind} is not of this venue: it only moves SOL.`);
    }
    const wallet = new PublicKey(this.account.wallet);
    const vault = new PublicKey(this.account.vault);
    const [from, to] = intent.kind === 'deposit' ? [wallet, vault] : [vault, wallet];
    const transfer = SystemProgram.transfer({ fromPubkey: from, toPubkey: to, lamports: intentAmount(intent) });
    return {
      chain: intent.kind === 'deposit' ? this.#wallet : this.#vault,
      draft: { payer: from, instructions: [transfer] },
    };
  }
}

/** Of the product's chain, with this key as its signer. */
export function chainOptions(key: string, where: TransferChain): SolanaChainOptions {
  const { rpcUrls, rpcWsUrl = null, jitoUrl = null, slotMs, timeoutMs, mutePatienceMs, newsWaitMs } = where;
  return {
    rpcUrls,
    rpcWsUrl,
    signer: loadSigner({ privateKey: key, keypairPath: null })?.signer as Signer,
    jito: jitoUrl === null ? null : { url: jitoUrl, region: null, tipLamports: TIP_LAMPORTS },
    clock: { nowMs: Date.now },
    ...(slotMs === undefined ? {} : { slotMs }),
    ...(newsWaitMs === undefined ? {} : { newsWaitMs }),
    tuning: {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(mutePatienceMs === undefined ? {} : { mutePatienceMs }),
    },
  };
}

interface AccountsResult {
  readonly context?: { readonly slot?: unknown };
  readonly value?: readonly ({ readonly lamports?: unknown } | null)[];
}

function readBalances(result: unknown): { readonly slot: number; readonly balances: readonly bigint[] } | undefined {
  const { context, value } = (result ?? {}) as AccountsResult;
  if (typeof context?.slot !== 'number' || !Array.isArray(value)) return undefined;
  return { slot: context.slot, balances: value.map((one) => BigInt(Number(one?.lamports ?? 0))) };
}
