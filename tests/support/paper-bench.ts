/** Operations on paper accounts of their own, each behind a scripted venue, in one in-memory journal. */
import type { TransactionPorts } from '../../activities/transaction.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { FundingPeriod, MarketFeed } from '../../src/market-data/feed.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { PaperFaults } from '../../src/venues/paper/faults.ts';
import { PaperVenue } from '../../src/venues/paper/paper-venue.ts';
import { openTestJournal } from './journal.ts';
import { OperationBench } from './operations.ts';
import { ScriptedVenue } from './scripted-venue.ts';

/** Slots of 20 ms; a blockhash outlives any load of the machine, finality takes a tenth of a second. */
const CHAIN = { slotMs: 20, blockhashLife: 1_500, finalitySlots: 5 };
/** For tests in which bytes must die: 2.4 s, so that the next ones are sent in time on a busy machine. */
export const SHORT_LIFE = { blockhashLife: 120 };

/** 1e-9 USD per SOL and hour: some 30 % a year, so that the profit gate passes at any hour of any day. */
const GENEROUS_RATE = 5_000_000n;

function generousFeed(): MarketFeed {
  const feed = openFeed('synthetic:7');
  const generous = (period: FundingPeriod): FundingPeriod => ({ ...period, rate: GENEROUS_RATE });
  return {
    id: feed.id,
    synthetic: true,
    endMs: null,
    startMs: (wallMs) => feed.startMs(wallMs),
    quoteAt: (tsMs) => feed.quoteAt(tsMs),
    ratesAt: (tsMs) => feed.ratesAt(tsMs),
    nextRatesChange: (tsMs) => feed.nextRatesChange(tsMs),
    progress: (tsMs) => feed.progress(tsMs),
    recentPeriods: (tsMs, count) => feed.recentPeriods(tsMs, count).map(generous),
    nextPeriod(tsMs) {
      const period = feed.nextPeriod(tsMs);
      return period === null ? null : generous(period);
    },
  };
}

export interface PaperAccount {
  readonly engineId: string;
  readonly venue: ScriptedVenue;
  readonly faults: PaperFaults;
  /** Signed lamports. */
  perp(): Promise<bigint>;
  /** Lamports in the wallet. */
  walletSol(): Promise<bigint>;
}

export class PaperBench {
  readonly journal: Journal;
  readonly operations: OperationBench;
  private readonly venues: Map<string, ScriptedVenue>;
  private accounts = 0;

  private constructor(journal: Journal, operations: OperationBench, venues: Map<string, ScriptedVenue>) {
    this.journal = journal;
    this.operations = operations;
    this.venues = venues;
  }

  static async open(address: string, rights?: TransactionPorts['rights']): Promise<PaperBench> {
    const journal = await openTestJournal();
    const venues = new Map<string, ScriptedVenue>();
    const venueOf = async (engineId: string) => {
      const venue = venues.get(engineId);
      if (venue === undefined) throw new Error(`no venue for ${engineId}`);
      return venue;
    };
    return new PaperBench(journal, await OperationBench.open(address, venueOf, journal, rights), venues);
  }

  async account(chain: Partial<typeof CHAIN> = {}): Promise<PaperAccount> {
    this.accounts += 1;
    const engineId = `engine:paper:synthetic:7-${process.pid}-${Date.now()}:${this.accounts}`;
    const faults = new PaperFaults();
    const paper = await PaperVenue.open({
      engineId,
      journal: this.journal,
      clock: { nowMs: () => Date.now() },
      feed: generousFeed(),
      seed: true,
      faults,
      tuning: { chain: { ...CHAIN, ...chain } },
    });
    const venue = new ScriptedVenue(paper);
    this.venues.set(engineId, venue);
    return {
      engineId,
      venue,
      faults,
      perp: async () => (await paper.read('confirmed')).account?.perps[0]?.baseAmount ?? 0n,
      walletSol: async () => (await paper.read('confirmed')).wallet.sol,
    };
  }

  async close(): Promise<void> {
    await this.operations.close();
    await this.journal.close();
  }
}
