/** The live feed of a paper account with its public sources; loaded only where one is asked for. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { BINANCE_URL, binance } from '../market-data/live/binance.ts';
import { HYPERLIQUID_URL, hyperliquid } from '../market-data/live/hyperliquid.ts';
import { type LiveFeed, openLiveFeed } from '../market-data/live/live-feed.ts';
import { PYTH_URL, pythHermes } from '../market-data/live/pyth-hermes.ts';
import type { AskJson } from '../market-data/live/source.ts';
import { PoliteHttp } from '../market-data/polite-http.ts';

/** One try more within a round; the next round asks again anyway. */
const PACE = { spacingMs: 1_000, timeoutMs: 3_000, tries: 2, pauseMs: 500 } as const;

/** @param pause between two tries */
export function publicSources(pause: (ms: number) => Promise<void>) {
  const ask = (name: string, url: string): AskJson => {
    const http = new PoliteHttp({ name, ...PACE, nowMs: () => performance.now(), sleep: pause });
    return (path, body) => http.json(`${url}${path}`, body);
  };
  const venue = hyperliquid(ask('Hyperliquid', HYPERLIQUID_URL));
  const prices = [pythHermes(ask('Pyth Hermes', PYTH_URL)), venue, binance(ask('Binance', BINANCE_URL))];
  return { prices, funding: venue };
}

export async function openPublicFeed({
  id,
  home,
  clock,
}: {
  id: string;
  home: string;
  clock: Clock;
}): Promise<LiveFeed> {
  const { prices, funding } = publicSources(async (ms) => void (await sleep(ms)));
  return await openLiveFeed({ id, path: join(home, 'recordings', 'live.csv'), prices, funding, clock });
}
