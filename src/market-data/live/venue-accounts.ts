/** The venue's own accounts, read from the nodes of RPC_URL: the oracle that it trades by, its mark, and its funding as settled. */
import type { PerpMarket } from '../../domain/account/account.ts';
import { MS_PER_HOUR } from '../../domain/money/units.ts';
import type { FundingRow } from '../history-sources.ts';
import { type FundingSource, type PriceSource, type SettledRate, unusable } from './source.ts';

/** The configured perp market, at one slot. */
export interface VenueMarketRead {
  readonly market: Pick<PerpMarket, 'oracle' | 'markPrice' | 'lastFundingRateTsMs'>;
  readonly slot: number;
  /** The chain's clock at that slot. */
  readonly blockTimeMs: number;
  /** Of the last period, for a short: 1e-9 USD per SOL. Null: there was none yet. */
  readonly lastRate: bigint | null;
  /** 1e-6 USD: what the rate was measured against. */
  readonly oracleTwap: bigint;
}

interface VenueAccounts {
  /** As notes in the recording name it. */
  readonly name: string;
  /** @throws DriftlessError that says what could not be read */
  readonly read: () => Promise<VenueMarketRead>;
}

const SLOT_MS = 400;
/** A rate at 1e9 over a price at 1e6, as a fraction at 1e15. */
const FRACTION_UNIT = 1_000_000_000_000n;

const settledAs = ({ tsMs, rate, oracle }: Pick<FundingRow, 'tsMs' | 'rate' | 'oracle'>): SettledRate => ({
  ...{ periodMs: tsMs, fraction: (rate * FRACTION_UNIT) / oracle, rate },
});

export const venueAccounts = ({ name, read }: VenueAccounts): PriceSource & FundingSource => ({
  name,
  async read() {
    const { market, slot, blockTimeMs } = await read();
    const { price, valid, invalidReason, slot: postedSlot } = market.oracle;
    if (price === null || !valid) throw unusable(name, `its oracle is ${invalidReason ?? 'not read'}`);
    return { price, mark: market.markPrice, atMs: blockTimeMs - Math.max(0, slot - postedSlot) * SLOT_MS };
  },
  /** The account has the last period only. */
  async settledAfter(sinceMs) {
    const { market, lastRate, oracleTwap } = await read();
    const periodMs = market.lastFundingRateTsMs;
    if (lastRate === null || periodMs <= sinceMs) return [];
    return [settledAs({ tsMs: periodMs, rate: lastRate, oracle: oracleTwap })];
  },
});

/** Rows of the venue's data server that ended after `sinceMs`, oldest first. */
export type PastFunding = (sinceMs: number) => Promise<readonly FundingRow[]>;

/** Two periods are further apart than this where one is missing between them. */
const HOLE_MS = 1.5 * MS_PER_HOUR;

/**
 * The last period from the account, and those between from the venue's data server, where some are missing. Where the server
 * does not answer they stay unknown: no other venue's rates stand in for them.
 */
export const withPast = (accounts: FundingSource, past: PastFunding): FundingSource => ({
  name: accounts.name,
  async settledAfter(sinceMs) {
    const settled = await accounts.settledAfter(sinceMs);
    const last = settled[0];
    if (last === undefined || last.periodMs - sinceMs <= HOLE_MS) return settled;
    const rows = await past(sinceMs).catch(() => []);
    const before = rows.filter(({ tsMs }) => tsMs > sinceMs && tsMs < last.periodMs - MS_PER_HOUR / 2);
    return [...before.map(settledAs), last];
  },
});
