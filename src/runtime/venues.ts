/** Engine id to venue: venue and feed come from the id, never from process settings. Opened once, closed together. */

import type { RpcObserver } from '../chain/rpc-observer.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { CriticalError } from '../lib/errors.ts';
import { parseEngineId } from '../lib/ids.ts';
import type { MarketFeed } from '../market-data/feed.ts';
import type { LiveFeed } from '../market-data/live/live-feed.ts';
import { openFeed } from '../market-data/open-feed.ts';
import { PaperVenue } from '../venues/paper/paper-venue.ts';
import { readPaperState } from '../venues/paper/store.ts';
import type { Venue } from '../venues/venue.ts';
import type { PaperSettings, Settings } from './config.ts';
import type { LiveNodes } from './live-nodes.ts';
import type { Logger } from './logger.ts';

export interface VenueRegistry {
  /** @throws CriticalError ENGINE_UNKNOWN for an id that is none of ours, RPC_URL_MISSING, and what opening the venue says */
  venueOf(engineId: string): Promise<Venue>;
  /** Whether a paper account exists; true for a venue whose accounts live on a chain. */
  accountExists(engineId: string): Promise<boolean>;
  /** Makes the paper account of this engine when there is none; a live one is opened by its first deposit. */
  seed(engineId: string): Promise<void>;
  closeAll(): Promise<void>;
}

interface VenuePorts {
  readonly journal: Journal;
  readonly clock: Clock;
  /** The speed is set for the engines that this process runs; another engine keeps its own. */
  readonly settings: Pick<Settings, 'engineId' | 'engines' | 'mode' | 'paper' | 'policy' | 'live' | 'home'>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Told of every call to a node. */
  readonly observe?: RpcObserver;
  /** By default `openFeed`: it reads a whole history. */
  readonly openHistory?: typeof openFeed;
}

export function venueRegistry(ports: VenuePorts): VenueRegistry {
  const { journal, clock, settings, logger, observe, openHistory = openFeed } = ports;
  const opened = new Map<string, Promise<Venue>>();
  const own = new Map([settings, ...settings.engines].map((engine) => [engine.engineId, engine] as const));
  const histories = new Map<string, MarketFeed>();

  /** A feed holds its whole history and nothing of an account: all accounts on it share one. */
  function history(feedId: string, periodMs: number): MarketFeed {
    const key = `${periodMs} ${feedId}`;
    const known = histories.get(key) ?? openHistory(feedId, { periodMs });
    histories.set(key, known);
    return known;
  }

  /** One for all accounts on it: they see one recording. */
  let live: Promise<LiveFeed> | null = null;
  async function liveFeed(): Promise<MarketFeed> {
    live ??= import('./live-feed.ts').then(({ openPublicFeed }) =>
      openPublicFeed({ id: 'live', home: settings.home, clock, live: settings.live }),
    );
    try {
      return (await live).feed;
    } catch (error) {
      live = null;
      throw error;
    }
  }

  /** One for all live accounts: they have the same nodes. */
  let nodes: Promise<LiveNodes> | null = null;
  function liveNodes(): Promise<LiveNodes> {
    nodes ??= import('./live-nodes.ts').then((module) => new module.LiveNodes({ ...settings, clock, logger, observe }));
    return nodes;
  }

  async function openPaper(engineId: string, feedId: string, seed: boolean): Promise<Venue> {
    const ours = own.get(engineId);
    const { policy, paper } = ours ?? settings;
    const kept = await readPaperState(journal.db, engineId);
    const speed = ours === undefined ? (kept?.market.speed ?? 1) : policy.marketSpeed;
    // What was paid is keyed by the ends of periods: an account keeps the length that it began with.
    const periodMs = kept?.periodMs ?? paper.fundingPeriodMs;
    const feed = feedId === 'live' ? await liveFeed() : history(feedId, periodMs);
    return await PaperVenue.open({
      ...{ engineId, journal, clock, feed, periodMs, speed, seed },
      ...windowOf(policy),
      defaults: holdings(paper),
    });
  }

  async function open(engineId: string, seed: boolean): Promise<Venue> {
    const parts = parseEngineId(engineId);
    if (parts === null) {
      throw new CriticalError('ENGINE_UNKNOWN', `${engineId} is not an engine id that Driftless knows.`, { engineId });
    }
    if (parts.venue === 'paper') return await openPaper(engineId, parts.authority, seed);
    if (settings.live.rpcUrls.length === 0) {
      throw new CriticalError('RPC_URL_MISSING', `There is no RPC node for ${engineId}. Set RPC_URL.`, {
        engineId,
      });
    }
    // Solana's libraries take a second to load: a paper process never pays for them.
    const [{ openLiveVenue }, nodes] = await Promise.all([import('./open-live.ts'), liveNodes()]);
    return await openLiveVenue({ engineId, parts, venue: parts.venue, settings, journal, clock, logger, nodes });
  }

  function venueOf(engineId: string): Promise<Venue> {
    const known = opened.get(engineId);
    if (known !== undefined) return known;
    const opening = open(engineId, false);
    opened.set(engineId, opening);
    // What failed is tried again by the next one who asks.
    opening.catch(() => opened.delete(engineId));
    return opening;
  }

  return {
    venueOf,
    accountExists: async (engineId) =>
      parseEngineId(engineId)?.venue === 'paper' ? await PaperVenue.accountExists(journal, engineId) : true,
    seed: async (engineId) => {
      const parts = parseEngineId(engineId);
      if (parts !== null && parts.venue !== 'paper') return;
      const venue = await open(engineId, true);
      opened.set(engineId, Promise.resolve(venue));
    },
    closeAll: async () => {
      await live?.then(
        ({ stop }) => stop(),
        () => undefined,
      );
      const venues = await Promise.allSettled(opened.values());
      await Promise.allSettled(venues.map((venue) => (venue.status === 'fulfilled' ? venue.value.close() : null)));
    },
  };
}

export const holdings = ({ sol, usdc, walletSol }: PaperSettings) => ({ sol, usdc, walletSol });

const windowOf = ({ carryWindowHours }: PolicyJson) => (carryWindowHours === undefined ? {} : { carryWindowHours });
