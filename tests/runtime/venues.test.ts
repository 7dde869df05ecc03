/** The venues of many engines in one process: each has its own account and settings, and all on one market read it once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pino from 'pino';
import type { Journal } from '../../src/journal/journal.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { type VenueRegistry, venueRegistry } from '../../src/runtime/venues.ts';
import { PaperVenue } from '../../src/venues/paper/paper-venue.ts';
import { openTestJournal } from '../support/journal.ts';

const ENGINES = 12;
/** Of each three, one has another length of funding periods, which makes another history of the same seed. */
const periodOf = (at: number): string => (at % 3 === 0 ? '7200' : '3600');

const folder = mkdtempSync(join(tmpdir(), 'driftless-venues-'));
const opened: string[] = [];
let journal: Journal;
let registry: VenueRegistry;
let engineIds: readonly string[] = [];

beforeAll(async () => {
  journal = await openTestJournal();
  const tables = Array.from({ length: ENGINES }, (_, at) => {
    const own = { PAPER_SOL: String(at + 1), FUNDING_PERIOD_SECONDS: periodOf(at), MARKET_SPEED: at === 0 ? 'max' : 1 };
    return [`e${at}`, { DRIFT_SUB_ACCOUNT: at + 1, ...own }] as const;
  });
  writeFileSync(join(folder, 'engines.json'), JSON.stringify(Object.fromEntries(tables)));
  const env = { ENGINES_FILE: 'engines.json', MARKET_FEED: 'synthetic:4', PAPER_SOL: '99' };
  const settings = loadSettings({ env, dotenv: null, cwd: folder });
  engineIds = settings.engines.map(({ engineId }) => engineId);
  registry = venueRegistry({
    ...{ journal, settings, clock: { nowMs: () => Date.now() }, logger: pino({ level: 'silent' }) },
    openHistory: (feed, options) => {
      opened.push(`${feed} ${options?.periodMs}`);
      return openFeed(feed, options);
    },
  });
  await Promise.all([settings.engineId, ...engineIds].map((engineId) => registry.seed(engineId)));
});
afterAll(async () => {
  await registry.closeAll();
  await journal.close();
  rmSync(folder, { recursive: true });
});

it('each account is the one of its table', async () => {
  for (const [at, engineId] of engineIds.entries()) {
    const terms = await PaperVenue.accountTerms(journal, engineId);
    expect(terms).toMatchObject({ sol: BigInt(at + 1) * 1_000_000_000n, periodMs: Number(periodOf(at)) * 1_000 });
  }
});

it('one history serves all accounts on it: it is read once for each length of its periods', async () => {
  for (let round = 0; round < 3; round += 1)
    for (const engineId of engineIds) await (await registry.venueOf(engineId)).read('confirmed');
  expect([...opened].sort()).toEqual(['synthetic:4 3600000', 'synthetic:4 7200000']);
});
