/** `driftless fetch-history` against an endpoint here that answers in the venues' shapes, well and badly. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { main } from '../../src/runtime/fetch-history.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FROM_MS = Date.UTC(2026, 0, 10);
const TO_MS = FROM_MS + 3 * DAY_MS;
/** Drift's hours that the endpoint does not have. */
const MISSING = new Set([FROM_MS + 30 * HOUR_MS, FROM_MS + 31 * HOUR_MS]);

type Answer = (response: ServerResponse) => void;
let special: (Answer | null)[] = [];
let requests = 0;
/** Every page of a day has the newest hours first, and the last page names the first again. */
let backward = false;
let shortRate: string | null = null;
const lend = new Map<string, readonly (readonly [number, string])[]>();
let server: Server;
let url = '';
let folder = '';
let said = '';

/** An hour has a rate a second after its end. */
const hoursOf = (fromMs: number, toMs: number): readonly number[] =>
  Array.from({ length: Math.max(0, Math.floor((toMs - fromMs) / HOUR_MS) + 1) }, (_, hour) => fromMs + hour * HOUR_MS);

function driftDay(path: string) {
  const [, year, month, day, page = '1'] = /fundingRates\/(\d+)\/(\d+)\/(\d+)(?:\?page=(\d+))?$/.exec(path) ?? [];
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const half = dayMs + (backward ? 2 - Number(page) : Number(page) - 1) * 12 * HOUR_MS;
  const records = hoursOf(half, half + 11 * HOUR_MS)
    .filter((ms) => !MISSING.has(ms))
    .map((ms) => ({
      ...{ ts: Math.floor(ms / 1_000) + 1, marketIndex: 0, symbol: 'SOL-PERP', fundingRate: '0.001234567' },
      ...{ oraclePriceTwap: '150.125', markPriceTwap: '150.1' },
      ...(shortRate === null ? {} : { fundingRateShort: shortRate }),
    }));
  return {
    success: true,
    records: records.reverse(),
    meta: { totalRecords: 24, nextPage: page === '1' ? '2' : backward ? '1' : null },
  };
}

function hyperliquidAnswer(body: string) {
  const { type, startTime, endTime, req } = JSON.parse(body);
  if (type === 'candleSnapshot') {
    return hoursOf(Math.ceil(req.startTime / HOUR_MS) * HOUR_MS, req.endTime).map((t) => ({
      t,
      T: t + HOUR_MS - 1,
      s: 'SOL',
      i: '1h',
      o: '150.0',
      c: '151.0',
      h: '152',
      l: '149',
      v: '1',
      n: 1,
    }));
  }
  return hoursOf(Math.ceil(startTime / HOUR_MS) * HOUR_MS, endTime).map((ms) => ({
    coin: 'SOL',
    fundingRate: '0.0000125',
    premium: '0',
    time: ms + 123,
  }));
}

function binanceAnswer(path: string) {
  const query = new URLSearchParams(path.split('?')[1]);
  const everyMs = 8 * HOUR_MS;
  const first = Math.ceil(Number(query.get('startTime')) / everyMs) * everyMs;
  return Array.from({ length: 1_000 }, (_, index) => first + index * everyMs)
    .filter((ms) => ms <= Number(query.get('endTime')))
    .map((fundingTime) => ({
      ...{ symbol: 'SOLUSDT', fundingTime, fundingRate: '-0.00010000', markPrice: '150.00000000' },
    }));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  requests += 1;
  const first = special.shift() ?? null;
  if (first !== null) return first(response);
  const path = `${request.url}`;
  const rates = lend.get(path);
  const found =
    rates !== undefined
      ? { success: true, rates }
      : path.startsWith('/info')
        ? hyperliquidAnswer(body)
        : path.startsWith('/fapi')
          ? binanceAnswer(path)
          : driftDay(path);
  response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 120_000;
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-history-'));
  [special, requests, said] = [[], 0, ''];
  [backward, shortRate] = [false, null];
  lend.clear();
  const take = (text: unknown): boolean => {
    said += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(take as typeof process.stdout.write);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, 'funding.csv');
const lines = () => readFileSync(file(), 'utf8').trimEnd().split('\n');
const at = (ms: number) => new Date(ms).toISOString();
async function fetched(...words: readonly string[]) {
  said = '';
  const code = await main([
    '--out',
    file(),
    '--from',
    at(FROM_MS),
    '--to',
    at(TO_MS),
    '--url',
    url,
    '--pause-ms',
    '1',
    '--json',
    ...words,
  ]);
  return { code, found: said === '' ? null : JSON.parse(said) };
}

describe('a funding history', () => {
  it('of Drift comes day by day, in order, with its gaps named, and replays', async () => {
    const { code, found } = await fetched();
    expect(code).toBe(0);
    expect(found).toMatchObject({ source: 'drift', market: 'SOL-PERP', period_seconds: 3_600, rows: 70, added: 70 });
    expect(found.gaps).toEqual([
      { from: at(FROM_MS + 29 * HOUR_MS + 1_000), to: at(FROM_MS + 32 * HOUR_MS + 1_000), missing: 2 },
    ]);
    expect(lines()[0]).toBe('ts,fundingRate,oraclePriceTwap,markPriceTwap');
    expect(lines()[1]).toBe(`${FROM_MS / 1_000 + 1},0.001234567,150.125000,150.100000`);
    const feed = openFeed(`replay:${file()}`);
    expect(feed.nextPeriod(FROM_MS + 2_000)).toMatchObject({ tsMs: FROM_MS + HOUR_MS + 1_000, rate: 1_234_567n });
  });

  it('goes on after its last row, also when a kill cut that one', async () => {
    await fetched('--to', at(FROM_MS + DAY_MS));
    const before = readFileSync(file(), 'utf8');
    appendFileSync(file(), '17682');
    const { found } = await fetched();
    expect(readFileSync(file(), 'utf8').startsWith(before)).toBe(true);
    expect(found.rows).toBe(70);
    expect(found.added).toBeLessThan(70);
    expect(new Set(lines()).size).toBe(71);
    expect((await fetched()).found).toMatchObject({ rows: 70, added: 0 });
  });

  it('survives 429, 5xx, half an answer and a broken connection', async () => {
    special = [
      (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
      (response) => response.writeHead(500).end(),
      (response) => response.end('{"success":true,"records":['),
      (response) => response.destroy(),
    ];
    expect((await fetched()).found).toMatchObject({ rows: 70 });
    expect(requests).toBe(4 + 8);
  });

  it('keeps what came when the source fails for good, exits with 4, and goes on at the next call', async () => {
    special = [
      null,
      null,
      null,
      ...Array.from({ length: 6 }, (): Answer => (response) => response.writeHead(503).end()),
    ];
    expect(await fetched()).toEqual({ code: 4, found: null });
    expect(lines().length).toBe(1 + 24);
    expect((await fetched()).found).toMatchObject({ rows: 70, added: 46 });
  });

  it('of Hyperliquid has the price of the hour, and the rate in USD', async () => {
    const { found } = await fetched('--source', 'hyperliquid');
    expect(found).toMatchObject({ market: 'SOL', rows: 73, gaps: [] });
    expect(lines()[1]).toBe(`${FROM_MS / 1_000},0.001875000,150.000000,150.000000`);
  });

  it('of Binance is of every eight hours, in pages of a thousand', async () => {
    const { found } = await fetched('--source', 'binance', '--from', at(FROM_MS - 400 * DAY_MS));
    expect(found).toMatchObject({ market: 'SOLUSDT', period_seconds: 28_800, rows: 3 * 403 + 1, gaps: [] });
    expect(lines().at(-1)).toBe(`${TO_MS / 1_000},-0.015000000,150.000000,150.000000`);
    expect(requests).toBe(2);
  });

  it('of Velocity is what a short receives, in whatever order the pages come, and however often', async () => {
    [backward, shortRate] = [true, '-0.000000045'];
    const { found } = await fetched('--source', 'velocity');
    expect(found).toMatchObject({ source: 'velocity', market: 'SOL-PERP', rows: 70, added: 70 });
    expect(lines()[1]).toBe(`${FROM_MS / 1_000 + 1},-0.000000045,150.125000,150.100000`);
    const times = lines()
      .slice(1)
      .map((line) => Number(line.split(',')[0]));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  it('is not written over another file, and wrong words are told at once', async () => {
    appendFileSync(file(), 'my notes\n');
    expect((await fetched()).code).toBe(1);
    expect(readFileSync(file(), 'utf8')).toBe('my notes\n');
    expect(await main(['--source', 'nowhere'])).toBe(2);
    expect(await main(['--out', 'x', '--from', 'yesterday'])).toBe(2);
    expect(await main(['--speed', '9'])).toBe(2);
    expect(await main(['--help'])).toBe(0);
    expect(said).toContain('--source <name>');
  });
});

describe('a lend history', () => {
  const seconds = (hours: number) => FROM_MS / 1_000 + hours * 3_600;
  const serve = (upTo: number) => {
    const hours = [0.3, 3, 6, 20, 23].filter((hour) => hour <= upTo);
    const series = (asset: string, kind: string, rates: (hour: number) => string, lateS = 0) =>
      lend.set(
        `/stats/${asset}/rateHistory/${kind}`,
        hours.map((hour) => [seconds(hour) + lateS, rates(hour)]),
      );
    series('SOL', 'deposit', (hour) => `0.04${Math.floor(hour) + 10}`);
    series('SOL', 'borrow', () => '0.098886');
    series('USDT', 'deposit', () => '0.036489', 7);
    series('USDT', 'borrow', () => '0');
  };

  it('has a row for each hour at whose end something new is known, names what is missing, and goes on', async () => {
    serve(6);
    const words = ['--source', 'velocity', '--lend', '--to', at(FROM_MS + DAY_MS)] as const;
    const first = await fetched(...words);
    expect(first.code).toBe(0);
    expect(first.found).toMatchObject({ source: 'velocity', kind: 'lend', rows: 5, added: 5 });
    expect(lines()).toEqual([
      'ts,solLendAprPct,solBorrowAprPct,usdcLendAprPct,usdcBorrowAprPct',
      `${seconds(1)},4.1000,9.8886,3.6489,0.0000`,
      `${seconds(3)},4.1300,9.8886,3.6489,0.0000`,
      `${seconds(4)},4.1300,9.8886,3.6489,0.0000`,
      `${seconds(6)},4.1600,9.8886,3.6489,0.0000`,
      `${seconds(7)},4.1600,9.8886,3.6489,0.0000`,
    ]);
    expect(first.found.gaps).toEqual([{ from: at(FROM_MS + 7 * HOUR_MS), to: at(FROM_MS + DAY_MS), missing: 5 }]);
    serve(23);
    special = [(response) => response.writeHead(429, { 'retry-after': '0' }).end(), (response) => response.end('{')];
    const again = await fetched(...words);
    expect(again.found).toMatchObject({ rows: 9, added: 4 });
    expect(again.found.gaps).toEqual([{ from: at(FROM_MS + 7 * HOUR_MS), to: at(FROM_MS + 20 * HOUR_MS), missing: 3 }]);
    expect((await fetched(...words)).found.added).toBe(0);
    const funding = join(folder, 'hours.csv');
    expect(await main(['--out', funding, '--from', at(FROM_MS), '--to', at(TO_MS), '--url', url, '--json'])).toBe(0);
    const feed = openFeed(`replay:${funding},${file()}`);
    expect(feed.ratesAt(FROM_MS + HOUR_MS)).toEqual({
      ...{ solDeposit: 41_000n, solBorrow: 98_886n, usdcDeposit: 36_489n, usdcBorrow: 0n },
    });
  });

  it.each([
    ['{"success":true,"rates":[]}', 0],
    ['{"success":true,"rates":[[1768003200,"much"]]}', 4],
    ['{"success":true,"rates":[[1768003200,"-0.01"]]}', 4],
    ['{"success":true,"rates":[["soon","0.01"]]}', 4],
    ['{"success":false}', 4],
    ['[]', 4],
  ])('of an answer %s', async (text, code) => {
    special = Array.from({ length: 30 }, (): Answer => (response) => response.end(text));
    expect((await fetched('--lend')).code).toBe(code);
    expect(lines()).toHaveLength(1);
  });

  it('is refused of a source that lends nothing, and in a file of funding', async () => {
    expect((await fetched('--lend', '--source', 'binance')).code).toBe(2);
    expect((await fetched('--lend', '--market', 'SOL-PERP')).code).toBe(2);
    await fetched('--to', at(FROM_MS));
    expect((await fetched('--lend')).code).toBe(1);
  });
});
