/** The real Drift on a chain that stands still between steps, a wallet that trades on it, and its books. */

import { type ActorTrade, DriftActor } from '../../../../localnet/drift/actor.ts';
import { perpMarketAddress } from '../../../../localnet/drift/addresses.ts';
import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../../../localnet/drift/index.ts';
import { driftInstruction } from '../../../../localnet/drift/instructions.ts';
import type { BlockTransaction } from '../../../../localnet/ledger/block.ts';
import { Sender, walletFrom } from '../../../../localnet/perps/sender.ts';
import { onTestFinished } from '../../../../localnet/tests/support/on-test-finished.ts';
import { endpointsOf } from '../../../../src/chain/endpoint.ts';
import { RpcPool } from '../../../../src/chain/rpc-pool.ts';
import type { Journal } from '../../../../src/journal/journal.ts';
import type { DriftAccountTypes } from '../../../../src/venues/drift/drift-accounts.ts';
import { driftDeployment } from '../../../../src/venues/drift/drift-program.ts';
import { PerpsBooks } from '../../../../src/venues/solana-perps/books/perps-books.ts';
import { BooksStore } from '../../../../src/venues/solana-perps/books/store.ts';
import { PerpsReader } from '../../../../src/venues/solana-perps/read/perps-reader.ts';
import { openTestJournal } from '../../../support/journal.ts';

export const SOL = 1_000_000_000n;
export const USD = 1_000_000n;
export const ENGINE = 'engine:drift:test:0';
const FINALIZED_LAG = 6;
/** An auction, the keeper's first try and some more. */
const FILL_SLOTS = 60;

export interface BooksChain {
  readonly net: DriftLocalnet;
  readonly journal: Journal;
  readonly us: DriftActor;
  /** Somebody else with an account of their own. */
  readonly other: DriftActor;
  readonly reader: PerpsReader<DriftAccountTypes>;
  readonly pool: RpcPool;
  readonly sender: Sender;
  /** A new bookkeeper, as after a restart; books of the same account under another name begin anew. */
  bookkeeper(options?: BookkeeperOptions): PerpsBooks;
  store(engineId?: string): BooksStore;
  /** Sends, waits until it stands in a block, and tells of it. */
  land(signature: string): Promise<BlockTransaction>;
  /** As an operation does: the attempt is in the journal before it is sent. */
  ours(signature: string): Promise<string>;
  /** Until all that stands is finalized. */
  finalize(): Promise<void>;
  /** An order of ours, and its fill by the keeper. */
  trade(trade: ActorTrade, own?: boolean): Promise<string>;
  price(usd: number): Promise<void>;
  /** Of the quote asset. */
  quotePrice(usd: number): Promise<void>;
  /** That much later, with the funding rate brought up to date. */
  hours(count: number): Promise<void>;
}

export interface BookkeeperOptions {
  readonly engineId?: string;
  readonly patienceMs?: number;
  readonly idleMs?: number;
  readonly journal?: Journal;
  readonly pool?: RpcPool;
}

export async function booksChain(options: DriftLocalnetOptions = {}): Promise<BooksChain> {
  const net = await startDriftLocalnet({
    paused: true,
    skipShare: 0,
    clock: 'slots',
    confirmedLag: 1,
    finalizedLag: FINALIZED_LAG,
    solPrice: 150,
    ...options,
  });
  onTestFinished(() => net.stop());
  const journal = await openTestJournal();
  onTestFinished(() => journal.close());
  const clock = { nowMs: () => Date.now() };
  const pool = new RpcPool({ endpoints: endpointsOf([net.rpcUrl], null), clock });
  const deployment = driftDeployment({
    env: 'localnet',
    programId: net.programId,
    authority: net.wallet.address,
    subAccount: 0,
  });
  const reader = new PerpsReader({ pool, deployment, clock });
  const sender = new Sender(net.chain);
  const price = () => net.oracles.sol.price;
  const us = new DriftActor(net.wallet, sender, price);
  const otherWallet = walletFrom(new Uint8Array(32).fill(7));
  net.airdrop(otherWallet.address, 5_000n * SOL);
  net.giveUsdc(otherWallet.address, 1_000_000n * USD);
  const other = new DriftActor(otherWallet, sender, price);
  await net.advance(FINALIZED_LAG + 2);
  let number = 0;

  const land = async (signature: string): Promise<BlockTransaction> => {
    for (let slot = 0; slot < 20; slot += 1) {
      const landed = sender.landing(signature);
      if (landed !== null) return landed;
      await net.advance(1);
    }
    throw new Error('it did not land');
  };
  const ours = async (signature: string): Promise<string> => {
    number += 1;
    await journal.recordAttempt({
      operationId: `operation-${number}`,
      number: 1,
      signature,
      wire: '',
      lastValidBlockHeight: 0,
      slot: net.chain.slot,
      intent: { kind: 'settle', market: 'SOL-PERP' },
      stage: 'confirmed',
      outcome: 'confirmed',
      error: null,
      signedAtMs: 0,
      updatedAtMs: 0,
    });
    await land(signature);
    return `operation-${number}`;
  };
  return {
    net,
    journal,
    us,
    other,
    reader,
    pool,
    sender,
    store: (engineId = ENGINE) => new BooksStore(journal.db, engineId),
    bookkeeper: (of = {}) =>
      new PerpsBooks({ engineId: ENGINE, journal, pool, deployment, clock, patienceMs: 0, idleMs: 0, ...of }),
    land,
    ours,
    finalize: () => net.advance(FINALIZED_LAG + 1),
    async trade(trade, own = true) {
      const signature = us.trade(trade);
      if (own) await ours(signature);
      else await land(signature);
      await net.advance(FILL_SLOTS);
      return signature;
    },
    async quotePrice(usd) {
      net.oracles.usdc.follow({ kind: 'fixed', price: usd });
      await net.advance(2);
    },
    async price(usd) {
      net.oracles.sol.follow({ kind: 'fixed', price: usd });
      await net.advance(2);
    },
    async hours(count) {
      net.jump({ seconds: count * 3_600 });
      await net.advance(3);
      const update = { perpMarket: perpMarketAddress(0), oracle: net.oracles.sol.address };
      await land(other.send(driftInstruction('updateFundingRate', { marketIndex: 0 }, update)));
    },
  };
}
