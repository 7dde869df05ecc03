/** The live venue on a local chain with the real program, Drift's or Velocity's; time only moves on request. */

import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../localnet/drift/index.ts';
import type { Localnet } from '../../localnet/index.ts';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { stillVelocity } from '../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet, VelocityLocalnetOptions } from '../../localnet/velocity/index.ts';
import type { SolanaChain } from '../../src/chain/solana-chain.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import type { DriftAccountTypes } from '../../src/venues/drift/drift-accounts.ts';
import type { PerpsDeployment } from '../../src/venues/solana-perps/deployment.ts';
import type { ProgramAccounts } from '../../src/venues/solana-perps/program-accounts.ts';
import { PerpsReader } from '../../src/venues/solana-perps/read/perps-reader.ts';
import { SolanaPerpsWriting } from '../../src/venues/solana-perps/write/perps-writing.ts';
import type { VelocityAccountTypes } from '../../src/venues/velocity/velocity-accounts.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../../src/venues/venue.ts';
import { type WalletOn, walletOn, walletOnVelocity } from './drift-wallet.ts';

export const SOL = 1_000_000_000n;
export const USD = 1_000_000n;
const CONFIRMED_SLOTS = 3;
const FINAL_SLOTS = 34;
const MAX_STEPS = 120;

export interface Written<N = DriftLocalnet, T extends ProgramAccounts = DriftAccountTypes> {
  readonly net: N;
  readonly deployment: PerpsDeployment<T>;
  readonly chain: SolanaChain;
  readonly reader: PerpsReader<T>;
  readonly writing: SolanaPerpsWriting;
}

/** Whichever program it is. */
export interface AnyWritten extends Pick<Written, 'chain' | 'writing'> {
  readonly net: Pick<Localnet, 'advance'>;
  readonly deployment: PerpsDeployment;
  readonly reader: PerpsReader;
}

/** Slots pass only by `advance`, with no skipped ones; ends with the test. */
export async function stillDrift(options: DriftLocalnetOptions = {}): Promise<Written> {
  const net = await startDriftLocalnet({ paused: true, skipShare: 0, clock: 'slots', ...options });
  onTestFinished(() => net.stop());
  // Until the markets are finalized too.
  await net.advance(FINAL_SLOTS + CONFIRMED_SLOTS);
  return writerOn(net);
}

/** The same on Velocity. */
export async function stillVelocityVenue(
  options: VelocityLocalnetOptions = {},
): Promise<Written<VelocityLocalnet, VelocityAccountTypes>> {
  const net = await stillVelocity({ clock: 'slots', ...options });
  await net.advance(FINAL_SLOTS + CONFIRMED_SLOTS);
  return writerOf(net, walletOnVelocity(net, { newsWaitMs: 0 }));
}

/** Another process, as it were: nothing is remembered from one to the next. */
export const writerOn = (net: DriftLocalnet, subAccount = 0): Written =>
  writerOf(net, walletOn(net, { subAccount, newsWaitMs: 0 }));

function writerOf<N, T extends ProgramAccounts>(net: N, { chain, clock, deployment }: WalletOn<T>): Written<N, T> {
  onTestFinished(() => chain.close());
  const reader = new PerpsReader({ pool: chain.pool, deployment, clock });
  return { net, deployment, chain, reader, writing: new SolanaPerpsWriting({ chain, reader, clock }) };
}

export type Landed = Extract<Sighting, { kind: 'landed' }>;

/** Simulated, signed, sent, and landed at confirmed. */
export async function land(
  { net, writing }: Pick<AnyWritten, 'net' | 'writing'>,
  intent: Intent,
): Promise<{ attempt: SignedAttempt; landed: Landed }> {
  const simulation = await writing.simulate(intent);
  if (!simulation.ok) throw new Error(JSON.stringify(simulation.error));
  const attempt = await writing.sign(intent);
  return { attempt, landed: await sent({ net, writing }, attempt) };
}

export async function sent(
  { net, writing }: Pick<AnyWritten, 'net'> & { readonly writing: Pick<SolanaPerpsWriting, 'submit' | 'status'> },
  attempt: SignedAttempt,
): Promise<Landed> {
  await writing.submit(attempt, 3);
  await net.advance(CONFIRMED_SLOTS);
  const sighting = await writing.status(attempt);
  if (sighting.kind !== 'landed') throw new Error(JSON.stringify(sighting));
  return sighting;
}

/** Slots pass until the order is gone. */
export async function gone(
  { net, writing }: Pick<AnyWritten, 'net' | 'writing'>,
  attempt: SignedAttempt,
): Promise<OrderReport> {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const report = await writing.order(attempt);
    if (report.gone) return report;
    await net.advance(5);
  }
  throw new Error('the order does not go');
}

export const finalize = ({ net }: Pick<AnyWritten, 'net'>): Promise<void> => net.advance(FINAL_SLOTS);

/** A market order as `planIntent` makes it, by the chain's clock. */
export async function order(
  { reader }: Pick<AnyWritten, 'reader'>,
  wanted: { side: 'buy' | 'sell'; size: bigint; reduceOnly?: boolean; bps?: bigint; lifeMs?: number },
): Promise<Extract<Intent, { kind: 'order' }>> {
  const { blockTimeMs, markets } = await reader.read('confirmed');
  const mark = markets.perps[0]?.markPrice ?? 0n;
  const off = (mark * (wanted.bps ?? 50n)) / 10_000n;
  const tick = markets.perps[0]?.tickSize ?? 1n;
  const limit = wanted.side === 'buy' ? mark + off : mark - off;
  return {
    kind: 'order',
    market: 'SOL-PERP',
    size: (wanted.side === 'buy' ? wanted.size : -wanted.size).toString(),
    reduceOnly: wanted.reduceOnly ?? false,
    priceLimit: (limit - (limit % tick)).toString(),
    maxTsMs: blockTimeMs + (wanted.lifeMs ?? 60_000),
    cancelOpenOrders: wanted.reduceOnly ?? false,
  };
}
