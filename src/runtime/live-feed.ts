/** The live feed of a paper account with its public sources; loaded only where one is asked for. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { type FundingRow, HISTORY_SOURCES, type HistorySource } from '../market-data/history-sources.ts';
import { BINANCE_URL, binance } from '../market-data/live/binance.ts';
import { HYPERLIQUID_URL, hyperliquid } from '../market-data/live/hyperliquid.ts';
import { type LiveFeed, openLiveFeed } from '../market-data/live/live-feed.ts';
import { PYTH_URL, pythHermes } from '../market-data/live/pyth-hermes.ts';
import type { AskJson, PriceSource } from '../market-data/live/source.ts';
import { type PastFunding, venueAccounts, withPast } from '../market-data/live/venue-accounts.ts';
import { PoliteHttp } from '../market-data/polite-http.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import type { MarketSettings } from './venue-market.ts';

/** One try more within a round; the next round asks again anyway. */
const PACE = { spacingMs: 1_000, timeoutMs: 3_000, tries: 2, pauseMs: 500 } as const;

/** @param pause between two tries */
function asker(pause: (ms: number) => Promise<void>) {
  return (name: string, url: string, spacingMs: number = PACE.spacingMs): AskJson => {
    const http = new PoliteHttp({ name, ...PACE, spacingMs, nowMs: () => performance.now(), sleep: pause });
    return (path, body) => http.json(`${url}${path}`, body);
  };
}

/** @param pause between two tries */
export function publicSources(pause: (ms: number) => Promise<void>) {
  const ask = asker(pause);
  const exchange = hyperliquid(ask('Hyperliquid', HYPERLIQUID_URL));
  const prices: readonly PriceSource[] = [
    pythHermes(ask('Pyth Hermes', PYTH_URL)),
    exchange,
    binance(ask('Binance', BINANCE_URL)),
  ];
  return { prices, funding: exchange };
}

interface PublicFeedOptions {
  readonly id: string;
  readonly home: string;
  readonly clock: Clock;
  /** Without nodes the venue's accounts are no source. */
  readonly live: MarketSettings;
}

/** Funding is the configured venue's where a node can be asked, Hyperliquid's otherwise. */
export async function openPublicFeed({ id, home, clock, live }: PublicFeedOptions): Promise<LiveFeed> {
  const pause = async (ms: number): Promise<void> => void (await sleep(ms));
  const { prices, funding } = publicSources(pause);
  const path = join(home, 'recordings', 'live.csv');
  if (live.rpcUrls.length === 0) return await openLiveFeed({ id, path, prices, funding, clock });
  const venue = await venueSource(live, clock);
  const server = HISTORY_SOURCES[live.venue];
  // The first start asks for weeks, a day at a time.
  const ask = asker(pause)(`${server.name}'s data server`, server.url, server.spacingMs);
  const past = pastFunding(ask, server, clock);
  return await openLiveFeed({
    ...{ id, path, clock },
    prices: [venue, ...prices],
    funding: withPast(venue, past),
  });
}

const pastFunding =
  (ask: AskJson, { pages, market }: HistorySource, clock: Clock): PastFunding =>
  async (sinceMs) => {
    const rows: FundingRow[] = [];
    for await (const page of pages(ask, market, sinceMs, clock.nowMs())) rows.push(...page);
    return rows;
  };

/** Solana's libraries take a second to load: only with a node. */
async function venueSource(live: MarketSettings, clock: Clock) {
  const { venueMarketReader } = await import('./venue-market.ts');
  return venueAccounts({ name: LIVE_PROGRAMS[live.venue].name, read: await venueMarketReader(live, clock) });
}
