/** The two local chains on which a live account can be compared with a paper one: what differs between their programs. */
import { type DriftLocalnet, startDriftLocalnet } from '../../localnet/drift/index.ts';
import { findDriftProgram, NO_DRIFT_PROGRAM } from '../../localnet/drift/program.ts';
import type { Localnet } from '../../localnet/index.ts';
import { startVelocityLocalnet, type VelocityLocalnet } from '../../localnet/velocity/index.ts';
import { findVelocity, NO_VELOCITY_PROGRAM } from '../../localnet/velocity/program.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { engineIdOf, type LiveVenueName } from '../../src/lib/ids.ts';
import { PerpsBooks } from '../../src/venues/solana-perps/books/perps-books.ts';
import type { ProgramAccounts } from '../../src/venues/solana-perps/program-accounts.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { tradingVenue, type WalletOn, walletOn, walletOnVelocity } from '../../tests/support/drift-wallet.ts';

const SOL = 1_000_000_000n;
const USD = 1_000_000n;
const SEED = 'paper-and-live';
/** Until what landed is finalized. */
const FINAL_SLOTS = 40;

export interface LiveWorld {
  readonly kind: LiveVenueName;
  readonly quoteAsset: string;
  /** USD of SOL at the start. */
  readonly price: number;
  readonly net: Pick<Localnet, 'advance' | 'jump' | 'stop' | 'chain'>;
  followPrice(usd: number): void;
  /** Share of the price per hour; a program whose rate follows from positions alone does not hear it. */
  steerFunding(hourly: number): void;
  /** One account borrows what another deposits; without that there is no interest. */
  lendAndBorrow(): Promise<void>;
  account(journal: Journal): { readonly venue: Venue; readonly engineId: string };
}

/** Why a program's world cannot be had here; null: it can. */
export const WORLD_MISSING: Readonly<Record<LiveVenueName, () => string | null>> = {
  drift: () => (findDriftProgram(process.env) === null ? NO_DRIFT_PROGRAM : null),
  velocity: () => (findVelocity(process.env) === null ? NO_VELOCITY_PROGRAM : null),
};

const QUIET = { paused: true, skipShare: 0, clock: 'slots', seed: SEED } as const;

export async function startWorld(kind: LiveVenueName): Promise<LiveWorld> {
  if (kind === 'drift') return driftWorld(await startDriftLocalnet(QUIET));
  // Somebody is long: shorts receive now and then, as on a market that is not all the AMM's.
  return velocityWorld(await startVelocityLocalnet({ ...QUIET, longBase: 60n * SOL }));
}

function accountOn<T extends ProgramAccounts>(kind: LiveVenueName, wallet: WalletOn<T>, journal: Journal) {
  const authority = wallet.deployment.authority.toBase58();
  const engineId = engineIdOf({ venue: kind, authority, subAccount: 0 });
  const books = new PerpsBooks({ ...wallet, engineId, journal, pool: wallet.chain.pool, idleMs: 0 });
  return { engineId, venue: tradingVenue(engineId, wallet, books) };
}

interface Actor {
  done(signature: string): Promise<unknown>;
}

interface BorrowingActor<Quote extends string> extends Actor {
  initialize(name: string): string;
  deposit(asset: 'SOL' | Quote, amount: bigint): string;
  withdraw(asset: 'SOL' | Quote, amount: bigint, reduceOnly: boolean): string;
}

async function inTurnOn(net: Pick<Localnet, 'advance'>, deeds: readonly (readonly [Actor, () => string])[]) {
  await net.advance(FINAL_SLOTS);
  for (const [actor, deed] of deeds) {
    const signature = deed();
    await net.advance(2);
    await actor.done(signature);
  }
}

/** One lends SOL, and another borrows some of it against the quote asset. */
async function lendAndBorrowOn<Quote extends string>(
  net: Pick<Localnet, 'advance'> & { actor(who: string): BorrowingActor<Quote> },
  quote: Quote,
  collateral: bigint,
): Promise<void> {
  const [lender, borrower] = [net.actor('lender'), net.actor('borrower')];
  await inTurnOn(net, [
    [lender, () => lender.initialize('lender')],
    [lender, () => lender.deposit('SOL', 200n * SOL)],
    [borrower, () => borrower.initialize('borrower')],
    [borrower, () => borrower.deposit(quote, collateral)],
    [borrower, () => borrower.withdraw('SOL', 60n * SOL, false)],
  ]);
}

const driftWorld = (net: DriftLocalnet): LiveWorld => ({
  kind: 'drift',
  quoteAsset: 'USDC',
  price: net.oracles.sol.price,
  net,
  followPrice: (usd) => net.oracles.sol.follow({ kind: 'fixed', price: usd }),
  steerFunding: (hourly) => net.funding.steer(hourly),
  lendAndBorrow: () => lendAndBorrowOn(net, 'USDC', 50_000n * USD),
  account: (journal) => accountOn('drift', walletOn(net, { newsWaitMs: 0 }), journal),
});

const velocityWorld = (net: VelocityLocalnet): LiveWorld => ({
  kind: 'velocity',
  quoteAsset: 'USDT',
  price: net.oracles.SOL.price,
  net,
  followPrice: (usd) => net.oracles.SOL.follow({ kind: 'fixed', price: usd }),
  steerFunding: () => {},
  lendAndBorrow: () => lendAndBorrowOn(net, 'USDT', 10_000n * USD),
  account: (journal) => accountOn('velocity', walletOnVelocity(net, { newsWaitMs: 0 }), journal),
});
