/**
 * A venue's way to Solana: simulate, sign, submit and status of a draft, with the promises of the Venue port. A venue
 * turns its intents into drafts and landed signatures into effects; all else about the chain is here.
 */
import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Sighting, SignedAttempt } from '../domain/transaction/attempt.ts';
import type { Clock } from '../lib/clock.ts';
import { CriticalError, type ErrorReport, ValidationError } from '../lib/errors.ts';
import { AccountSocket } from './account-socket.ts';
import { ChainTime } from './chain-time.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { Draft, Tip } from './draft.ts';
import { fits, writtenAccounts } from './draft.ts';
import { endpointsOf } from './endpoint.ts';
import { Jito, type JitoOptions } from './jito.ts';
import { Landing } from './landing.ts';
import type { SocketTuning } from './live-socket.ts';
import {
  affordablePrice,
  BASE_FEE_LAMPORTS,
  DEFAULT_FEES,
  type FeePolicy,
  priorityFee,
  priorityFeeLamports,
  spareLamports,
} from './priority-fee.ts';
import { RecentFees } from './recent-fees.ts';
import type { RpcTuning } from './rpc-node.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { RpcPool } from './rpc-pool.ts';
import { Sightings } from './sighting-of.ts';
import { signAttempt } from './sign-attempt.ts';
import { SignatureSocket } from './signature-socket.ts';
import type { Signer } from './signer.ts';
import { type AccountsAfter, Simulator } from './simulate.ts';
import type { WindowEnd } from './window.ts';

export interface ChainLogger {
  warn(fields: object, message: string): void;
}

export interface SolanaChainOptions {
  readonly rpcUrls: readonly string[];
  readonly rpcWsUrl: string | null;
  /** Null: read-only; signing is refused. */
  readonly signer: Signer | null;
  /** Null: RPC only. */
  readonly jito: JitoOptions | null;
  readonly clock: Clock;
  /** Another chain's, of the same nodes; absent: one of its own. */
  readonly pool?: RpcPool;
  /** Of the cluster, where it is known. */
  readonly expectedGenesis?: string | null;
  /** Called for failures from which the chain recovers by itself: a failed try at Jito, with its code. */
  readonly logger?: ChainLogger;
  readonly fees?: FeePolicy;
  readonly tuning?: Partial<RpcTuning>;
  readonly socket?: Partial<SocketTuning>;
  /** A status waits for the socket's word this long before it asks. */
  readonly observe?: RpcObserver | undefined;
  readonly newsWaitMs?: number;
  readonly slotMs?: number;
  readonly monotonicMs?: () => number;
  readonly randomBytes?: (count: number) => Uint8Array;
}

export type ChainSimulation =
  | {
      readonly ok: true;
      readonly logs: readonly string[];
      readonly costLamports: string;
      /** Where accounts were watched. */
      readonly watched?: WatchedAccounts;
    }
  | { readonly ok: false; readonly error: ErrorReport };

/** What a simulation leaves. */
export interface WatchedAccounts {
  /** Null: the node did not return them. */
  readonly accounts: AccountsAfter | null;
  /** What the payer has paid in it for fee and tip; it has no priority fee. */
  readonly paidLamports: number;
}

/** Polling is the socket's backstop. */
const NEWS_WAIT_MS = 1_000;
/** Older attempts are asked for at once: no news comes of them. */
const NEWS_AGE_MS = 120_000;
/** What a transaction typically costs changes slowly. */
const TYPICAL_FEES_MS = 60_000;

export class SolanaChain {
  readonly pool: RpcPool;
  readonly cluster: ClusterWatch;
  readonly time: ChainTime;
  readonly #options: SolanaChainOptions;
  readonly #jito: Jito | null;
  readonly #simulator: Simulator;
  readonly #fees: RecentFees;
  readonly #landing: Landing;
  readonly #sightings: Sightings;
  readonly #socket: SignatureSocket;
  readonly #accounts: AccountSocket;

  /** @throws CriticalError RPC_URL_MISSING */
  constructor(options: SolanaChainOptions) {
    const { clock, rpcUrls, rpcWsUrl, tuning = {}, monotonicMs = () => performance.now(), observe } = options;
    const endpoints = endpointsOf(rpcUrls, rpcWsUrl);
    this.#options = options;
    this.pool = options.pool ?? new RpcPool({ endpoints, clock, monotonicMs, tuning, observe });
    this.cluster = new ClusterWatch(this.pool, options.expectedGenesis ?? null);
    this.time = new ChainTime(this.pool, clock);
    this.#jito = options.jito === null ? null : new Jito(options.jito, { clock, monotonicMs, observe });
    this.#simulator = new Simulator(this.pool);
    this.#fees = new RecentFees(this.pool, monotonicMs);
    this.#landing = new Landing({
      pool: this.pool,
      jito: this.#jito,
      monotonicMs,
      onJitoFailed: ({ code, message }, signature) => options.logger?.warn({ code, signature }, message),
      ...(options.slotMs === undefined ? {} : { slotMs: options.slotMs }),
    });
    this.#sightings = new Sightings(this.pool, options.expectedGenesis ?? null);
    const webSocketUrl = endpoints[0]?.webSocketUrl ?? '';
    this.#socket = new SignatureSocket(webSocketUrl, options.socket);
    this.#accounts = new AccountSocket(webSocketUrl, options.socket);
  }

  /** Its transaction fits a packet, with the tip that it may have. */
  fits = (draft: Draft): boolean => fits(draft, this.#jito !== null);

  /**
   * @param watched accounts that the draft writes, whose state after it is asked for
   * @throws TransientError; ValidationError TRANSACTION_TOO_LARGE
   */
  async simulate(draft: Draft, watched: readonly string[] = []): Promise<ChainSimulation> {
    const tip = await this.#tipFor(draft);
    const [run, recent] = await Promise.all([
      this.#simulator.run(draft, tip, watched),
      this.#fees.of(writtenAccounts(draft)),
    ]);
    if (!run.ok) return run;
    const price = this.#priceOf(draft, recent, run.computeUnits, tip);
    const cost = BASE_FEE_LAMPORTS + priorityFeeLamports(price, run.computeUnits) + (tip?.lamports ?? 0);
    const paidLamports = BASE_FEE_LAMPORTS + (tip?.lamports ?? 0);
    const { logs, accounts } = run;
    return {
      ...{ ok: true, logs, costLamports: String(cost) },
      ...(watched.length === 0 ? {} : { watched: { accounts, paidLamports } }),
    };
  }

  /**
   * What a transaction that writes these accounts typically costs: base fee, priority fee and tip, lamports. By fees of the
   * last minute, which all who ask for the same accounts share. Never throws.
   */
  async typicalCostLamports(written: readonly string[], computeUnits: number): Promise<number> {
    const fees = this.#fees.of(written, TYPICAL_FEES_MS);
    const [recent, tip] = await Promise.all([fees, this.#jito?.tip(this.pool.newestSlot)]);
    const price = priorityFee(recent, computeUnits, this.#options.fees ?? DEFAULT_FEES);
    return BASE_FEE_LAMPORTS + priorityFeeLamports(price, computeUnits) + (tip?.lamports ?? 0);
  }

  /**
   * Each call gives another signature. The compute limit is the last simulation's; in a process that made none, one is
   * made now.
   * @param attempt as `Signer` takes it
   * @throws TransientError; CriticalError KEY_MISSING and what the signer says; ValidationError as the simulation's
   */
  async sign(draft: Draft, attempt?: string): Promise<SignedAttempt> {
    const { signer, clock, randomBytes = systemRandomBytes } = this.#options;
    if (signer === null) {
      const message = 'There is no key to sign with. Set SOLANA_PRIVATE_KEY, SOLANA_KEYPAIR_PATH or SIGNER_SOCKET.';
      throw new CriticalError('KEY_MISSING', message);
    }
    const tip = await this.#tipFor(draft);
    const computeUnits = this.#simulator.limitOf(draft) ?? (await this.#limitOf(draft, tip));
    const recent = await this.#fees.of(writtenAccounts(draft));
    const budget = { computeUnits, price: this.#priceOf(draft, recent, computeUnits, tip), tip };
    const nowMs = () => clock.nowMs();
    return await signAttempt({ pool: this.pool, signer, draft, budget, attempt, nowMs, randomBytes });
  }

  /** Sends the bytes; resolving means only that a node took them. @throws TransientError */
  async submit(attempt: SignedAttempt, tryNumber: number): Promise<void> {
    // Before the bytes go out, so that no news is missed.
    this.#socket.watch(attempt.signature);
    await this.#landing.submit(attempt, tryNumber);
  }

  /**
   * Asks every node once. Where the socket listens already it waits a moment for its news first, so that a landing is
   * seen at once and few questions are asked. Never throws.
   */
  async status(attempt: SignedAttempt): Promise<Sighting> {
    const { signature } = attempt;
    const { newsWaitMs: waitMs = NEWS_WAIT_MS } = this.#options;
    const young = Math.abs(this.#options.clock.nowMs() - attempt.signedAtMs) < NEWS_AGE_MS;
    if (young && this.#socket.isWatched(signature)) await this.#socket.news(signature, waitMs);
    const sighting = await this.#sightings.of(attempt);
    const done = sighting.kind === 'absent' || (sighting.kind === 'landed' && sighting.commitment === 'finalized');
    if (done || !young) this.#socket.forget(signature);
    else this.#socket.watch(signature);
    return sighting;
  }

  /** Asks every node once, now. Never throws. */
  sightingOf = async (attempt: SignedAttempt): Promise<Sighting> => await this.#sightings.of(attempt);

  /** When nothing of it can land any more, by the nodes' heights alone; null: not yet. Never throws. */
  windowEnd = async (attempt: SignedAttempt): Promise<WindowEnd | null> => await this.#sightings.windowEnd(attempt);

  /** The socket will tell of this signature. */
  listensTo = (signature: string): boolean => this.#socket.isLive(signature);

  /** Resolves when this account has changed after a slot, as the first node's socket tells it, or after `withinMs`. */
  async accountChanged(address: string, afterSlot: number, withinMs: number): Promise<void> {
    await this.#accounts.changed(address, afterSlot, withinMs);
  }

  /** Nobody waits for news of this account any more. */
  forgetAccount(address: string): void {
    this.#accounts.forget(address);
  }

  /** HTTP requests to nodes and to the block engine so far. */
  get calls(): number {
    return this.pool.calls + (this.#jito?.calls ?? 0);
  }

  close(): void {
    this.#socket.close();
    this.#accounts.close();
  }

  /** Null where the payer cannot spare it: the transaction goes out without. */
  async #tipFor({ payerLamports }: Draft): Promise<Tip | null> {
    const tip = (await this.#jito?.tip(this.pool.newestSlot)) ?? null;
    return tip !== null && tip.lamports > spareLamports(payerLamports) ? null : tip;
  }

  #priceOf({ payerLamports }: Draft, recent: readonly number[], computeUnits: number, tip: Tip | null): number {
    const price = priorityFee(recent, computeUnits, this.#options.fees ?? DEFAULT_FEES);
    return affordablePrice(price, computeUnits, spareLamports(payerLamports) - (tip?.lamports ?? 0));
  }

  async #limitOf(draft: Draft, tip: Parameters<Simulator['run']>[1]): Promise<number> {
    const run = await this.#simulator.run(draft, tip);
    if (run.ok) return run.computeUnits;
    const { code, message, details = {} } = run.error;
    throw new ValidationError(code, message, details);
  }
}
