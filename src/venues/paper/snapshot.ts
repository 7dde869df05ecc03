/** Turns a paper account into a snapshot of the same shape as a live venue's. */

import type { FundingOutlook, RateWindow, Snapshot, VenuePauses } from '../../domain/account/snapshot.ts';
import { blockHoursOf, rateWindow } from '../../domain/carry/confidence.ts';
import { RateHistory, sumRates } from '../../domain/carry/rate-history.ts';
import { accruedFunding, rateFraction } from '../../domain/hedge/funding.ts';
import { MS_PER_HOUR } from '../../domain/money/units.ts';
import type { MarketFeed, Quote } from '../../market-data/feed.ts';
import { accountOf, marketsOf, type PaperMarketView } from './account-view.ts';
import { equityOf } from './equity.ts';
import { quoteAt } from './market.ts';
import type { PaperParameters } from './parameters.ts';
import type { PaperState } from './state.ts';

const TRAILING_MS = 168 * MS_PER_HOUR;
/** With periods shorter than half an hour the mean covers only these, and `knownHours` says so. */
const MAX_TRAILING_PERIODS = 336;
/** A snapshot travels through Temporal: three days of rates are 3 KB. */
const RECENT_RATES = 72;
/** Shorter periods than an hour make a window of more; what is beyond these counts as unknown. */
const MAX_WINDOW_PERIODS = 10_000;

export interface PaperMarket {
  readonly engineId: string;
  readonly feed: MarketFeed;
  readonly periodMs: number;
  readonly parameters: PaperParameters;
  /** Of the window that the confidence rule goes by. Absent: snapshots have none. */
  readonly carryWindowHours?: number;
}

export function viewOf(market: PaperMarket, quote: Quote, slot: number): PaperMarketView {
  const { feed, parameters, periodMs } = market;
  return {
    parameters,
    quote,
    invalidReason: quote.valid
      ? null
      : (quote.invalidReason ?? 'the market data has a gap here; the price is older than one and a half periods'),
    rates: feed.ratesAt(quote.tsMs),
    periodMs,
    slot,
  };
}

interface SnapshotInput {
  readonly state: PaperState;
  readonly slot: number;
  readonly commitment: 'confirmed' | 'finalized';
  readonly takenAtMs: number;
  readonly pauses: VenuePauses;
  /** For whoever asks nothing of it, since it takes longer than all else. Absent: as known by then. */
  readonly funding?: FundingOutlook;
}

export function snapshotOf(market: PaperMarket, input: SnapshotInput): Snapshot {
  const { engineId, feed, parameters, periodMs } = market;
  const { state, slot, commitment, takenAtMs, pauses } = input;
  const { timeMs, speed } = state.market;
  const quote = quoteAt(feed, timeMs);
  const { equity, sources } = equityOf(state);
  const funding = input.funding ?? outlookAt(market, timeMs);
  const progress = feed.progress(timeMs);
  const sinceMs = timeMs - (funding.lastPeriodTsMs ?? timeMs);
  return {
    engineId,
    slot,
    commitment,
    takenAtMs,
    marketTimeMs: timeMs,
    account: accountOf(state),
    markets: marketsOf(state, viewOf(market, quote, slot)),
    wallet: { sol: state.wallet.sol, quote: state.wallet.usdc },
    funding,
    pauses,
    feed: {
      feed: feed.id,
      synthetic: feed.synthetic,
      ended: feed.endMs !== null && timeMs >= feed.endMs,
      row: progress?.row ?? null,
      rows: progress?.rows ?? null,
      speed,
      warnings: [...state.warnings],
    },
    equity,
    equityBaseline: state.baseline,
    sources,
    accruedFunding: accruedFunding(state.perp.baseAmount, quote.oracleTwap, funding.lastRate, sinceMs, periodMs),
    lastLiquidationMs: state.lastLiquidationMs,
    rpcLatencyMs: null,
    transactionCostLamports: parameters.transactionCost,
  };
}

/** Funding as known at `tsMs`. Only the time of the next period is in the future. */
function outlookAt({ feed, periodMs, carryWindowHours }: PaperMarket, tsMs: number): FundingOutlook {
  const wanted = Math.min(Math.ceil(TRAILING_MS / periodMs), MAX_TRAILING_PERIODS);
  const rates: { tsMs: number; rate: bigint }[] = [];
  for (const period of feed.recentPeriods(tsMs, wanted)) {
    if (period.rate === null || period.tsMs <= tsMs - TRAILING_MS) continue;
    const rate = rateFraction(period.rate, period.oracleTwap);
    if (rate !== null) rates.push({ tsMs: period.tsMs, rate });
  }
  const last = rates.at(-1);
  const sum = rates.reduce((total, { rate }) => total + rate, 0n);
  return {
    periodMs,
    lastRate: last?.rate ?? null,
    lastPeriodTsMs: last?.tsMs ?? null,
    trailingMeanRate: rates.length === 0 ? null : sum / BigInt(rates.length),
    knownHours: (rates.length * periodMs) / MS_PER_HOUR,
    nextPeriodTsMs: feed.nextPeriod(tsMs)?.tsMs ?? null,
    recentRates: rates.slice(-RECENT_RATES),
    ...(carryWindowHours === undefined ? {} : { window: windowAt(feed, tsMs, periodMs, carryWindowHours) }),
  };
}

interface KnownWindow {
  readonly key: string;
  readonly window: RateWindow;
}
/** Snapshots come more often than periods end. */
const windows = new WeakMap<MarketFeed, KnownWindow>();

function windowAt(feed: MarketFeed, tsMs: number, periodMs: number, hours: number): RateWindow {
  const lastMs = feed.recentPeriods(tsMs, 1).at(-1)?.tsMs ?? tsMs;
  const missed = Math.floor((tsMs - lastMs) / periodMs);
  const key = `${lastMs} ${missed} ${hours}`;
  const known = windows.get(feed);
  if (known?.key === key) return known.window;
  const wanted = Math.min(Math.ceil((hours * MS_PER_HOUR) / periodMs), MAX_WINDOW_PERIODS);
  const periods = feed.recentPeriods(tsMs, wanted).filter((period) => period.rate !== null);
  const sums = sumRates(
    periods.map((period) => period.tsMs),
    periods.map((period) => Number(period.rate)),
    periods.map((period) => Number(period.oracleTwap)),
    periodMs,
  );
  const rule = { hours, blockHours: blockHoursOf(hours) };
  const window = rateWindow(new RateHistory(sums), rule, (-missed * periodMs) / MS_PER_HOUR);
  windows.set(feed, { key, window });
  return window;
}
