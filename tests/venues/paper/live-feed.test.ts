/** The live feed against an endpoint here that answers in the shapes that Pyth, Hyperliquid and Binance document. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decide } from '../../../src/domain/engine/decide.ts';
import { MS_PER_HOUR } from '../../../src/domain/money/units.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { agreementOf, type Said } from '../../../src/market-data/live/agreement.ts';
import { binance } from '../../../src/market-data/live/binance.ts';
import { hyperliquid } from '../../../src/market-data/live/hyperliquid.ts';
import { type LiveFeed, openLiveFeed } from '../../../src/market-data/live/live-feed.ts';
import { pythHermes } from '../../../src/market-data/live/pyth-hermes.ts';
import { venueAccounts, withPast } from '../../../src/market-data/live/venue-accounts.ts';
import { openFeed } from '../../../src/market-data/open-feed.ts';
import { PoliteHttp } from '../../../src/market-data/polite-http.ts';
import { openTestJournal } from '../../support/journal.ts';
import { contextOf, paperPolicy } from '../../support/snapshots.ts';
import { land, openBench, order, SOL, TestClock } from './support.ts';

/** As the sources answer; a test moves it. */
const market = {
  price: 150,
  apart: 0,
  down: new Set<string>(),
  settled: [] as { time: number; fundingRate: string }[],
};
const clock = new TestClock(Date.UTC(2026, 0, 15, 12, 50));

const pythAnswer = () => ({
  binary: { encoding: 'hex', data: [] },
  parsed: [
    {
      id: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d',
      price: {
        price: String(Math.round(market.price * 1e8)),
        conf: '5000000',
        expo: -8,
        publish_time: Math.floor(clock.nowMs() / 1_000),
      },
      ema_price: { price: '15000000000', conf: '5000000', expo: -8, publish_time: 0 },
      metadata: { slot: 1, proof_available_time: 1, prev_publish_time: 1 },
    },
  ],
});
const hyperliquidAnswer = () => [
  {
    universe: [
      { name: 'BTC', szDecimals: 5, maxLeverage: 40 },
      { name: 'SOL', szDecimals: 2, maxLeverage: 20 },
    ],
  },
  [
    { funding: '0.0', oraclePx: '90000.0', markPx: '90001.0' },
    {
      funding: '0.0000125',
      openInterest: '1.0',
      premium: '0.0',
      oraclePx: market.price.toFixed(3),
      markPx: (market.price * 1.0004).toFixed(3),
    },
  ],
];
const binanceAnswer = () => ({
  ...{
    symbol: 'SOLUSDT',
    markPrice: (market.price + market.apart).toFixed(8),
    estimatedSettlePrice: '0',
    interestRate: '0.0001',
  },
  ...{
    indexPrice: (market.price + market.apart).toFixed(8),
    lastFundingRate: '0.0001',
    nextFundingTime: 0,
    time: clock.nowMs(),
  },
});

let server: Server;
let url = '';
const asked: string[] = [];
/** Takes the next requests first, where a test gives it some. */
let next: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const path = `${request.url}`;
  asked.push(`${path} ${body}`);
  const special = next.shift();
  if (special !== undefined) return special(request, response);
  const [name, answered] = path.startsWith('/v2/')
    ? ['pyth', pythAnswer()]
    : path.startsWith('/fapi/')
      ? ['binance', binanceAnswer()]
      : body.includes('fundingHistory')
        ? [
            'funding',
            market.settled
              .filter(({ time }) => time >= JSON.parse(body).startTime)
              // A page of the real one.
              .slice(0, 500)
              .map((row) => ({ coin: 'SOL', premium: '0', ...row })),
          ]
        : ['hyperliquid', hyperliquidAnswer()];
  if (market.down.has(name as string)) response.writeHead(503).end('down');
  else response.setHeader('content-type', 'application/json').end(JSON.stringify(answered));
}

const pauses: number[] = [];
const http = (name: string, change: Partial<ConstructorParameters<typeof PoliteHttp>[0]> = {}) =>
  new PoliteHttp({
    ...{ name, spacingMs: 0, timeoutMs: 5_000, tries: 1, pauseMs: 100, nowMs: () => 0 },
    sleep: async (ms) => void pauses.push(ms),
    ...change,
  });
const asking = (name: string) => (path: string, body?: object) => http(name).json(`${url}${path}`, body);

let folder = '';
const path = () => join(folder, 'recordings', 'live.csv');
const venue = () => hyperliquid(asking('Hyperliquid'));
const open = (): Promise<LiveFeed> =>
  openLiveFeed({
    ...{ id: 'live', path: path(), clock, everyMs: 1_000_000_000, funding: venue() },
    prices: [pythHermes(asking('Pyth Hermes')), venue(), binance(asking('Binance'))],
  });

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  // A busy machine must not meet a connection that is just being closed.
  server.keepAliveTimeout = 120_000;
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'driftless-live-'));
  Object.assign(market, { price: 150, apart: 0, down: new Set(), settled: [] });
  next = [];
  pauses.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the funding before the first price', () => {
  const HOURS = 84 * 24;
  const firstMs = () => clock.nowMs() - HOURS * MS_PER_HOUR;
  const past = () =>
    Array.from({ length: HOURS }, (_, hour) => ({
      time: firstMs() + (hour + 1) * MS_PER_HOUR - 1,
      fundingRate: '0.00001',
    }));

  it('is fetched page by page, enough for the backtest behind a consent', async () => {
    market.settled = past();
    const { feed, stop } = await open();
    const known = feed.recentPeriods(clock.nowMs(), 10_000);
    expect(known).toHaveLength(HOURS);
    expect(known.map(({ tsMs }) => tsMs)).toEqual(market.settled.map(({ time }) => time));
    await stop();
  });

  it('is the last 14 days where a longer one breaks off, and never one with a hole', async () => {
    market.settled = past();
    const whole = venue();
    let asks = 0;
    const funding = {
      ...whole,
      settledAfter: async (sinceMs: number) => {
        asks += 1;
        if (asks === 2) throw new Error('broken off');
        return await whole.settledAfter(sinceMs);
      },
    };
    const { feed, stop } = await openLiveFeed({
      ...{ id: 'live', path: path(), clock, everyMs: 1_000_000_000, funding },
      prices: [pythHermes(asking('Pyth Hermes'))],
    });
    const known = feed.recentPeriods(clock.nowMs(), 10_000);
    expect(known.map(({ tsMs }) => tsMs)).toEqual(market.settled.slice(-14 * 24).map(({ time }) => time));
    await stop();
  });
});

describe('a public API', () => {
  const get = (change: Partial<ConstructorParameters<typeof PoliteHttp>[0]>) =>
    http('Source', { tries: 3, ...change }).json(`${url}/fapi/x`);

  it('is asked again after 429, 5xx, a broken connection and half an answer, at the pace that it asks for', async () => {
    next = [
      (_, response) => response.writeHead(429, { 'retry-after': '7' }).end(),
      (_, response) => response.writeHead(502).end('<html>'),
    ];
    expect(await get({})).toMatchObject({ symbol: 'SOLUSDT' });
    expect(pauses).toEqual([7_000, 200]);
    next = [(_, response) => response.end('{"symbol":"SOL'), (request) => request.socket.destroy()];
    expect(await get({})).toMatchObject({ symbol: 'SOLUSDT' });
  });

  it('fails by its name when it does not answer in time, refuses, or never answers well', async () => {
    next = [() => undefined];
    await expect(get({ tries: 1, timeoutMs: 50 })).rejects.toThrow('Source: no answer in time.');
    next = [(_, response) => response.writeHead(404).end()];
    await expect(get({})).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', message: 'Source: status 404.' });
    expect(next).toEqual([]);
    market.down.add('binance');
    await expect(get({})).rejects.toThrow('Source: status 503.');
  });

  it('is not asked faster than its spacing', async () => {
    let nowMs = 1_000;
    const spaced = http('Source', {
      spacingMs: 250,
      nowMs: () => nowMs,
      sleep: async (ms) => {
        pauses.push(ms);
        nowMs += ms;
      },
    });
    for (let times = 0; times < 3; times += 1) await spaced.json(`${url}/fapi/x`);
    expect(pauses).toEqual([250, 250]);
  });
});

describe('the sources', () => {
  it('are read in the shapes that they document', async () => {
    expect(await pythHermes(asking('Pyth Hermes')).read()).toMatchObject({ price: 150_000_000n, mark: null });
    expect(await venue().read()).toEqual({ price: 150_000_000n, mark: 150_060_000n, atMs: null });
    expect(await binance(asking('Binance')).read()).toEqual({
      price: 150_000_000n,
      mark: 150_000_000n,
      atMs: clock.nowMs(),
    });
    market.settled = [
      { time: 1_000, fundingRate: '-0.0000125' },
      { time: 500, fundingRate: '0.00002' },
    ];
    expect(await venue().settledAfter(500)).toEqual([{ periodMs: 1_000, fraction: -12_500_000_000n }]);
  });

  it.each([
    ['{"parsed":[]}', pythHermes],
    ['{"parsed":[{"price":{"price":"-5","expo":-8,"publish_time":1}}]}', pythHermes],
    ['[{"universe":[]},[]]', hyperliquid],
    ['[{"universe":[{"name":"SOL"}]},[{"oraclePx":"0","markPx":"1"}]]', hyperliquid],
    ['{"indexPrice":"abc","markPrice":"1","time":5}', binance],
    ['null', binance],
  ])('refuse %s as no price', async (text, source) => {
    await expect(source(async () => JSON.parse(text)).read()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});

describe('the venue as a source', () => {
  const HOUR = MS_PER_HOUR;
  const oracle = { price: 150_000_000n, twap5Min: null, confidence: null, slot: 990, valid: true, invalidReason: null };
  const read = (change: object = {}, market: object = {}) => ({
    ...{ slot: 1_000, blockTimeMs: 100 * HOUR, lastRate: 1_500_000n, oracleTwap: 150_000_000n, ...change },
    market: { oracle, markPrice: 150_010_000n, lastFundingRateTsMs: 100 * HOUR, ...market },
  });
  const source = (answer: object) =>
    venueAccounts({ name: 'Velocity', read: async () => answer as ReturnType<typeof read> & never });

  it('dates its price by the slot of its oracle, and leaves out what the venue would not use', async () => {
    expect(await source(read()).read()).toEqual({
      ...{ price: 150_000_000n, mark: 150_010_000n, atMs: 100 * HOUR - 4_000 },
    });
    const refused = { ...oracle, valid: false, invalidReason: 'stale by 130 slots' };
    await expect(source(read({}, { oracle: refused })).read()).rejects.toThrow(
      'Velocity: its oracle is stale by 130 slots.',
    );
    const unread = { ...oracle, price: null, valid: false, invalidReason: null };
    await expect(source(read({}, { oracle: unread })).read()).rejects.toThrow('Velocity: its oracle is not read.');
    expect(await source(read({ lastRate: null })).settledAfter(0)).toEqual([]);
  });

  it('has the last period to the unit, and those before it from the data server, if that answers', async () => {
    const row = (hours: number) => ({ tsMs: hours * HOUR + 1_000, rate: 3n, oracle: 150_000_000n, mark: 150_000_000n });
    const asked: number[] = [];
    const past = async (sinceMs: number) => {
      asked.push(sinceMs);
      return [96, 97, 98, 99, 99.999].map(row);
    };
    const last = { periodMs: 100 * HOUR, fraction: 10_000_000_000n, rate: 1_500_000n };
    const funding = withPast(source(read()), past);
    expect(await funding.settledAfter(99 * HOUR)).toEqual([last]);
    expect(await funding.settledAfter(100 * HOUR)).toEqual([]);
    expect(asked).toEqual([]);
    const rates = await funding.settledAfter(96.5 * HOUR);
    expect(rates.map(({ periodMs, rate }) => [periodMs, rate])).toEqual([
      ...[97, 98, 99].map((hours) => [hours * HOUR + 1_000, 3n]),
      [100 * HOUR, 1_500_000n],
    ]);
    const silent = withPast(source(read()), async () => await Promise.reject(new Error('503')));
    expect(await silent.settledAfter(0)).toEqual([last]);
  });
});

describe('agreement', () => {
  const said = (name: string, price: number | null, ageMs = 0): Said => ({
    ...{ name, problem: price === null ? `${name}: status 503` : null },
    quote: price === null ? null : { price: BigInt(price), mark: null, atMs: 1_000_000 - ageMs },
  });
  it.each([
    ['all', [said('a', 1_000), said('b', 1_001), said('c', 1_002)], 1_001n, true, []],
    [
      'an outlier',
      [said('a', 1_000), said('b', 1_001), said('c', 1_200)],
      1_000n,
      true,
      ['c: its price is apart from the others'],
    ],
    [
      'a stale one',
      [said('a', 1_000), said('b', 1_002), said('c', 900, 31_000)],
      1_001n,
      true,
      ['c: its price is 31 s old'],
    ],
    [
      'one alone',
      [said('a', 1_000), said('b', null), said('c', null)],
      1_000n,
      false,
      ['b: status 503', 'c: status 503'],
    ],
    [
      'two apart',
      [said('a', 1_000), said('b', 1_100)],
      1_050n,
      false,
      ['a: its price is apart from the others', 'b: its price is apart from the others'],
    ],
    ['none', [said('a', null)], null, false, ['a: status 503']],
  ])('of %s', (_what, sources, price, agreed, doubts) => {
    expect(agreementOf(sources, 1_000_000)).toEqual({ price, mark: null, agreed, doubts });
  });
});

describe('the recording', () => {
  it('marks what is missing, with its name, and keeps the last price where nothing answers', async () => {
    const live = await open();
    const now = () => live.feed.quoteAt(clock.nowMs());
    expect(now()).toMatchObject({ oracle: 150_000_000n, mark: 150_030_000n, valid: true });
    market.down.add('binance');
    market.price = 151;
    clock.pass(10_000);
    await live.ask();
    expect(now()).toMatchObject({ oracle: 151_000_000n, valid: true });
    market.down.add('hyperliquid').add('pyth');
    clock.pass(10_000);
    await live.ask();
    expect(now()).toMatchObject({ oracle: 151_000_000n, valid: false });
    expect(now()?.invalidReason).toContain('Pyth Hermes: status 503; Hyperliquid: status 503; Binance: status 503');
    market.down.clear();
    await live.ask();
    clock.pass(91_000);
    expect(now()).toMatchObject({
      valid: false,
      invalidReason: 'the price sources have not answered for more than 90 s',
    });
    await live.stop();
  });

  it('is refused a beginning while nothing answers, and begins with the funding that is known', async () => {
    market.down.add('hyperliquid').add('pyth').add('binance');
    await expect(open()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining('Pyth Hermes'),
    });
    market.down.clear();
    const hour = Math.floor(clock.nowMs() / MS_PER_HOUR) * MS_PER_HOUR;
    market.settled = [-2, -1, 0].map((hours) => ({ time: hour + hours * MS_PER_HOUR, fundingRate: '0.0000125' }));
    const live = await open();
    const known = live.feed.recentPeriods(clock.nowMs(), 10);
    expect(known.map(({ tsMs }) => tsMs)).toEqual(market.settled.map(({ time }) => time));
    expect(known[0]).toMatchObject({ rate: 1_875_000n, oracleTwap: 150_000_000n });
    await live.stop();
  });

  it('goes on after a kill in the middle of a line, and refuses a file that somebody changed', async () => {
    const live = await open();
    await live.stop();
    const digest = live.feed.pastDigest?.(clock.nowMs());
    const whole = readFileSync(path(), 'utf8');
    appendFileSync(path(), '1768481400000,1500');
    const again = await open();
    expect(again.feed.pastDigest?.(clock.nowMs())).toBe(digest);
    await again.stop();
    expect(readFileSync(path(), 'utf8').startsWith(whole)).toBe(true);
    appendFileSync(path(), 'nonsense\n');
    await expect(open()).rejects.toMatchObject({ code: 'MARKET_DATA_INVALID', details: { field: 'row' } });
  });
});

describe('a replay of the recording', () => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await openTestJournal();
  });
  afterAll(() => journal.close());

  /** What an account on a feed sees and would decide, at the same moments. */
  async function run(feed: LiveFeed['feed'], wall: TestClock, eachStep: (step: number) => Promise<void>) {
    const { venue, engineId } = await openBench(journal, { feed, clock: wall });
    const seen: unknown[] = [];
    for (let step = 0; step < 90; step += 1) {
      wall.pass(10_000);
      await eachStep(step);
      if (step === 70) await land(venue, order('buy', 2n * SOL, { maxTsMs: wall.nowMs() + 60_000 }));
      if (step === 2) await land(venue, order('sell', 5n * SOL, { maxTsMs: wall.nowMs() + 60_000 }));
      const snapshot = await venue.read('confirmed');
      const { action, reasons, gates } = decide(
        snapshot,
        contextOf(),
        paperPolicy({ maxSnapshotAgeMs: 1e9 }),
        wall.nowMs(),
      );
      seen.push({
        // A replay knows when its next period ends, a live market does not.
        snapshot: { ...snapshot, engineId: '', feed: '', funding: { ...snapshot.funding, nextPeriodTsMs: null } },
        action,
        codes: reasons.map(({ code }) => code),
        gates: gates?.gates.map(({ code, pass }) => [code, pass]),
      });
    }
    const funding = (await journal.funding({ engineId, limit: 100 })).items.map(
      ({ periodTsMs, rate, position, amount }) => [periodTsMs, rate, position, amount],
    );
    const trades = (await journal.trades({ engineId, limit: 100 })).items.map(
      ({ side, size, price, fee, index, tsMs }) => ({ side, size, price, fee, index, tsMs }),
    );
    const equity = (await journal.equity({ engineId, limit: 1_000 })).items.map((row) => ({ ...row, engineId: '' }));
    return { seen, funding, trades, equity };
  }

  it('shows the same prices, fills the same trades, pays the same funding, writes the same equity and leads to the same decisions', async () => {
    const live = await open();
    const beganMs = clock.nowMs();
    const first = await run(live.feed, clock, async (step) => {
      market.price = 150 + Math.sin(step / 5);
      if (step === 20) market.down.add('pyth').add('binance');
      if (step === 30) market.down.clear();
      // The hour ends at step 60, and its rate is known half a minute later.
      if (step === 63) market.settled = [{ time: beganMs + 600_000, fundingRate: '0.0000333' }];
      await live.ask();
    });
    await live.stop();
    const replayed = await run(openFeed(`replay:${path()}`), new TestClock(beganMs), async () => undefined);
    expect(first.funding).toHaveLength(1);
    expect(replayed.funding).toEqual(first.funding);
    expect(replayed.seen).toEqual(first.seen);
    expect(first.trades).toHaveLength(2);
    expect(replayed.trades).toEqual(first.trades);
    expect(first.equity.length).toBeGreaterThan(2);
    expect(replayed.equity).toEqual(first.equity);
    expect(new Set(first.seen.map((each) => JSON.stringify((each as { codes: unknown }).codes))).size).toBeGreaterThan(
      1,
    );
  });
});
