/** A paper venue on a journal of its own, with a clock that the test moves. */
import { randomBytes } from 'node:crypto';
import { SOL_PERP } from '../../../src/domain/account/account.ts';
import { MS_PER_HOUR } from '../../../src/domain/money/units.ts';
import type { Intent, OrderIntent, Side } from '../../../src/domain/order/intent.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import type { MarketFeed } from '../../../src/market-data/feed.ts';
import { openFeed } from '../../../src/market-data/open-feed.ts';
import { PaperFaults } from '../../../src/venues/paper/faults.ts';
import { PaperVenue, type PaperVenueOptions } from '../../../src/venues/paper/paper-venue.ts';
import type { Sighting, SignedAttempt } from '../../../src/venues/venue.ts';

export const SOL = 1_000_000_000n;
export const USD = 1_000_000n;
/** 2025-06-15 14:13:20 UTC: in the middle of an hour. */
export const START_MS = 1_750_000_400_000;
export const SLOT_MS = 400;

export class TestClock {
  #nowMs: number;
  constructor(startMs = START_MS) {
    this.#nowMs = startMs;
  }
  nowMs(): number {
    return this.#nowMs;
  }
  pass(ms: number): void {
    this.#nowMs += ms;
  }
  passSlots(slots: number): void {
    this.pass(slots * SLOT_MS);
  }
  /** To just past the end of the next hour. */
  passHour(): void {
    this.#nowMs = (Math.floor(this.#nowMs / MS_PER_HOUR) + 1) * MS_PER_HOUR + 1_000;
  }
}

export interface Bench {
  readonly venue: PaperVenue;
  readonly journal: Journal;
  readonly clock: TestClock;
  readonly faults: PaperFaults;
  readonly feed: MarketFeed;
  readonly engineId: string;
}

let engines = 0;
/** Another engine on a shared journal: tests need no database each. */
export const newEngineId = (): string => `engine:paper:test-${process.pid}-${++engines}:0`;

export const memoryJournal = (): Promise<Journal> => openJournal({ databaseUrl: null, dataDir: null });

export async function openBench(
  journal: Journal,
  options: Partial<Omit<PaperVenueOptions, 'journal' | 'clock'>> & { readonly clock?: TestClock } = {},
): Promise<Bench> {
  const {
    clock = new TestClock(),
    faults = new PaperFaults(),
    feed = openFeed('synthetic:test'),
    engineId = newEngineId(),
    ...rest
  } = options;
  const venue = await PaperVenue.open({ seed: true, randomBytes, ...rest, engineId, journal, clock, feed, faults });
  return { venue, journal, clock, faults, feed, engineId };
}

export const deposit = (amount: bigint, asset: 'SOL' | 'USDC' = 'SOL'): Intent => ({
  kind: 'deposit',
  asset,
  amount: amount.toString(),
});
export const withdraw = (amount: bigint, asset: 'SOL' | 'USDC' = 'SOL'): Intent => ({
  kind: 'withdraw',
  asset,
  amount: amount.toString(),
});
export const settle: Intent = { kind: 'settle', market: SOL_PERP };

/** A market order whose limit is no limit, unless one is given. */
export const order = (side: Side, size: bigint, change: Partial<OrderIntent> = {}): OrderIntent => ({
  kind: 'order',
  market: SOL_PERP,
  size: (side === 'buy' ? size : -size).toString(),
  reduceOnly: false,
  priceLimit: side === 'buy' ? '1000000000000' : '1',
  maxTsMs: START_MS * 2,
  cancelOpenOrders: false,
  ...change,
});

/** Signs, sends and asks. */
export async function run(venue: PaperVenue, intent: Intent): Promise<{ attempt: SignedAttempt; sighting: Sighting }> {
  const attempt = await venue.sign(intent);
  await venue.submit(attempt, 0);
  return { attempt, sighting: await venue.status(attempt) };
}

/** The same, and it must have landed without an error. */
export async function land(venue: PaperVenue, intent: Intent): Promise<Extract<Sighting, { kind: 'landed' }>> {
  const { sighting } = await run(venue, intent);
  if (sighting.kind !== 'landed' || sighting.error !== null) {
    throw new Error(`${intent.kind} did not land: ${JSON.stringify(sighting)}`);
  }
  return sighting;
}
